"""The rules of routing: in force, as a draft, tried on recorded mail, published, rolled back."""

from contextlib import suppress
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from contracts.desk import Category, Team
from contracts.desk import Ticketbox as DeskTicketbox
from contracts.people import Person as DeskPerson
from contracts.people import Right
from contracts.reports import GetReport, Report
from contracts.router import Disposition, Priority
from contracts.rulesets import Rule
from rules.builder import Operator
from rules.fields import FIELDS
from services.gateway.access.accounts import Person, SignedIn
from services.gateway.access.guard import Administrator, Here, Signed
from services.gateway.desk import desk
from services.gateway.desk.categories import paths
from services.gateway.gateway import Gateway
from services.gateway.numbers import Version, whole
from services.gateway.pages import entered
from services.gateway.pages.rendering import is_partial, page
from services.gateway.pages.rule_form import RuleForm, form_of, read_form
from services.gateway.pages.trials import trial_page
from services.gateway.pieces import Asked
from services.gateway.problems import (
    Conflict,
    NotFound,
    Problem,
    Unanswered,
    Unprocessable,
    if_answered,
)
from services.gateway.rules import rulesets, ruling
from services.gateway.rules.rulesets import DraftView
from services.gateway.rules.ruling import RuleMaker, Wish
from services.gateway.trials.trials import Kind

router = APIRouter()


@router.get("/rules")
async def in_force(request: Request, here: Here, who: Signed, person: RuleMaker) -> Response:
    """The rules that mail is routed by, how often each held, and how often it was wrong."""
    async with here.service.pool.acquire() as db:
        now = await rulesets.in_force(db)
        draft = await rulesets.draft(db, now)
        dropped = await rulesets.dropped_draft(db, now)
        names = await desk.names(db)
        warnings = await rulesets.warnings(db, now.rules)
    return page(
        request,
        "rules.html",
        who,
        now=now,
        draft=draft,
        dropped=dropped,
        names=names,
        warnings=warnings,
        hits=rulesets.hits_of(await if_answered(ruling.figures(here)), now.version),
        corrections=await _corrections(here, person),
        runs=await if_answered(ruling.dry_runs(here)),
    )


async def _corrections(here: Gateway, person: Person) -> dict[str, int] | None:
    """How often tickets of each rule were moved as wrongly routed, in the last 30 days; None: nobody can say now."""
    query = GetReport(name="misrouting_by_rule", ticketbox_ids=person.sight.in_order)
    try:
        report = await here.ask(query, Report)
    except Unanswered:
        return None
    place = [column.name for column in report.columns].index("corrected")
    return {str(row[0]): int(row[place] or 0) for row in report.rows}


@router.get("/rules/versions")
async def versions(request: Request, here: Here, who: Signed, _: RuleMaker) -> Response:
    """What was in force, by whom and why."""
    async with here.service.pool.acquire() as db:
        found = await rulesets.versions(db)
    return page(request, "rules_versions.html", who, versions=found)


@router.get("/rules/versions/{version}")
async def one_version(request: Request, here: Here, who: Signed, _: RuleMaker, version: int) -> Response:
    """One version, what it changed, and the way back to it."""
    async with here.service.pool.acquire() as db:
        found = await rulesets.one(db, version)
        before = await rulesets.one(db, version - 1) if version > 1 else None
        now = await rulesets.in_force(db)
        names = await desk.names(db)
    return page(
        request,
        "rules_version.html",
        who,
        version=found,
        changes=rulesets.differences(before.rules if before else [], found.rules),
        hits=rulesets.hits_of(await if_answered(ruling.figures(here)), version),
        now=now,
        names=names,
    )


@router.post("/rules/versions/{version}/roll-back")
async def roll_back(
    wish: Wish, version: int, seen_version: Annotated[int, Form()], reason: Annotated[str, Form()] = ""
) -> Response:
    """Put an earlier version in force again."""
    await wish.roll_back(version, ruling.reason_of(reason), seen_version)
    return RedirectResponse("/rules", 303)


@router.post("/rules/draft/begin")
async def begin(wish: Wish) -> Response:
    """Begin a draft from the rules in force, or go on with the one that somebody began meanwhile."""
    with suppress(Conflict):
        await wish.begin_draft()
    return RedirectResponse("/rules/draft", 303)


@router.get("/rules/draft")
async def draft_page(request: Request, here: Here, who: Signed, _: RuleMaker) -> Response:
    """The draft: its rules in order, what it changes, and what can be done with it."""
    async with here.service.pool.acquire() as db:
        now = await rulesets.in_force(db)
        draft = await rulesets.draft(db, now)
        if draft is None:
            return RedirectResponse("/rules", 303)
        taken_out = await rulesets.taken_out(db)
        names = await desk.names(db)
        boxes = await desk.every(db, DeskTicketbox)
    return page(
        request,
        "rules_draft.html",
        who,
        draft=draft,
        now=now,
        taken_out=taken_out,
        names=names,
        boxes=boxes,
        runs=await if_answered(ruling.dry_runs(here)),
    )


@router.post("/rules/draft/drop")
async def drop(wish: Wish, draft_version: Annotated[int, Form()]) -> Response:
    """Throw the draft away."""
    await wish.drop(draft_version)
    return RedirectResponse("/rules", 303)


@router.post("/rules/draft/bring-back")
async def bring_back(wish: Wish) -> Response:
    """Bring back the draft that was thrown away."""
    await wish.bring_back()
    return RedirectResponse("/rules/draft", 303)


@router.post("/rules/draft/default")
async def set_default(
    wish: Wish, seen_version: Annotated[int, Form()], box: Annotated[UUID, Form()]
) -> Response:
    """Where mail goes that no rule and no address sends anywhere."""
    draft = await wish.open_draft()
    await wish.draft(draft.rules, box, draft.based_on, seen_version, draft.comment)
    return RedirectResponse("/rules/draft", 303)


@router.post("/rules/draft/move")
async def move(
    wish: Wish,
    seen_version: Annotated[int, Form()],
    index: Annotated[int, Form()],
    by: Annotated[int, Form()],
) -> Response:
    """Ask a rule earlier or later."""
    draft = await wish.open_draft()
    rules = list(draft.rules)
    rule = rules.pop(_place(draft, index))
    place = min(max(0, index + by), len(rules))
    rules.insert(place, rule)
    await wish.draft(rules, draft.default_ticketbox_id, draft.based_on, seen_version, draft.comment)
    return RedirectResponse(f"/rules/draft#{_button(place, by, len(rules))}", 303)


def _button(place: int, by: int, number: int) -> str:
    """The button that moves the rule on in the same direction, or back where it cannot go on: it has the focus."""
    earlier = place > 0 if by < 0 else place == number - 1
    return f"{'earlier' if earlier else 'later'}-{place}"


@router.post("/rules/draft/remove")
async def remove(wish: Wish, seen_version: Annotated[int, Form()], index: Annotated[int, Form()]) -> Response:
    """Take a rule out of the draft."""
    draft = await wish.open_draft()
    rules = list(draft.rules)
    rules.pop(_place(draft, index))
    await wish.draft(rules, draft.default_ticketbox_id, draft.based_on, seen_version, draft.comment)
    return RedirectResponse("/rules/draft", 303)


@router.post("/rules/draft/put-back")
async def put_back(wish: Wish, seen_version: Annotated[int, Form()]) -> Response:
    """Put the rule that was taken out last where it was."""
    await wish.put_back(seen_version)
    return RedirectResponse("/rules/draft", 303)


@router.post("/rules/draft/take-up")
async def take_up(
    wish: Wish, seen_version: Annotated[int, Form()], based_on: Annotated[Version, Form()]
) -> Response:
    """Say that the draft knows the rules that came into force meanwhile, up to the version that was shown."""
    draft = await wish.open_draft()
    await wish.draft(draft.rules, draft.default_ticketbox_id, based_on, seen_version, draft.comment)
    return RedirectResponse("/rules/draft", 303)


@router.post("/rules/draft/publish")
async def publish(
    wish: Wish,
    _: Administrator,
    seen_version: Annotated[int, Form()],
    draft_version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Put the draft in force."""
    await wish.publish_draft(ruling.reason_of(reason), seen_version, draft_version)
    return RedirectResponse("/rules", 303)


def _place(draft: DraftView, index: int) -> int:
    """A place in the list.

    Raises:
        Conflict: there is none: someone else took the rule out.
    """
    if not 0 <= index < len(draft.rules):
        raise Conflict("changed_meanwhile", ruling.DRAFT_CHANGED)
    return index


@router.get("/rules/draft/rules/{index}")
async def rule_page(request: Request, here: Here, who: Signed, wish: Wish, index: int) -> Response:
    """One rule of the draft, to be changed."""
    draft = await wish.open_draft()
    form = form_of(draft.rules[_place(draft, index)])
    return await _rule(request, here, who, draft.version, str(index), form)


@router.get("/rules/draft/new")
async def new_rule_page(request: Request, here: Here, who: Signed, wish: Wish) -> Response:
    """A new rule for the draft."""
    draft = await wish.open_draft()
    return await _rule(request, here, who, draft.version, "new", RuleForm())


async def _rule(
    request: Request,
    here: Gateway,
    who: SignedIn,
    seen_version: int,
    place: str,
    form: RuleForm,
    problem: Problem | None = None,
) -> Response:
    data = {
        "form": form,
        "place": place,
        "seen_version": seen_version,
        "problem": problem,
        "fields": FIELDS,
        "Operator": Operator,
    }
    if is_partial(request):
        return page(request, "_condition.html", who, **data)
    async with here.service.pool.acquire() as db:
        people = await desk.every(db, DeskPerson)
        return page(
            request,
            "rule.html",
            who,
            problem.status if problem else 200,
            **data,
            boxes=await desk.every(db, DeskTicketbox),
            categories=paths(await desk.every(db, Category)),
            owners=[one for one in people if one.may_anywhere(Right.ANSWER)],
            people=[one for one in people if one.active],
            teams=await desk.every(db, Team),
            priorities=list(Priority),
            dispositions=list(Disposition),
        )


@router.post("/rules/draft/rules/{place}")
async def save_rule(request: Request, here: Here, who: Signed, wish: Wish, place: str) -> Response:
    """Keep the rule in the draft; or change the form as a button says, and keep nothing."""
    data = await request.form()
    form, button = read_form(data), str(data.get("do", "look"))
    seen_version = entered.version(str(data.get("seen_version", "")))
    try:
        if button != "save":
            return await _rule(request, here, who, seen_version, place, form.after(button))
        draft = await wish.open_draft()
        rules = _with(draft, seen_version, place, form.rule())
        await wish.draft(rules, draft.default_ticketbox_id, draft.based_on, seen_version, draft.comment)
    except Conflict:
        return await _rule_again(request, here, who, await wish.open_draft(), form)
    except Problem as problem:
        return await _rule(request, here, who, seen_version, place, form, problem)
    return RedirectResponse("/rules/draft", 303)


async def _rule_again(
    request: Request, here: Gateway, who: SignedIn, draft: DraftView, form: RuleForm
) -> Response:
    """The form as it was typed, for the draft that somebody else has changed meanwhile."""
    names = [one.name for one in draft.rules]
    if form.called in names:
        place, words = str(names.index(form.called)), "Keep yours now if it is still right."
    elif form.called:
        place, words = "new", f"“{form.called}” is not in it any more. Keep yours now, and it is a new rule."
        form = replace(form, called="")
    else:
        place, words = "new", "Keep yours now if it is still right."
    problem = Conflict("changed_meanwhile", f"Someone changed the draft after you opened this rule. {words}")
    return await _rule(request, here, who, draft.version, place, form, problem)


def _with(draft: DraftView, seen_version: int, place: str, rule: Rule) -> list[Rule]:
    """The rules of the draft with one at its place.

    Raises:
        Conflict: somebody changed the draft after `seen_version`: places may mean other rules.
        NotFound, Unprocessable.
    """
    if draft.version != seen_version:
        raise Conflict("changed_meanwhile", ruling.DRAFT_CHANGED)
    rules = list(draft.rules)
    if place == "new":
        rules.append(rule)
    elif (index := whole(place)) is not None:
        rules[_place(draft, index)] = rule
    else:
        raise NotFound("There is no such rule.")
    if [one.name for one in rules].count(rule.name) > 1:
        raise Unprocessable(f"Another rule is called “{rule.name}” already; the name tells them apart.")
    return rules


@router.post("/rules/draft/dry-run")
async def start_dry_run(wish: Wish, days: Annotated[int, Form(ge=1, le=366)] = 7) -> Response:
    """Try the draft on the mail of the last days."""
    dry_run_id = await wish.start_dry_run(days)
    return RedirectResponse(f"/rules/dry-runs/{dry_run_id}", 303)


@router.get("/rules/dry-runs/{dry_run_id}")
async def dry_run(
    request: Request,
    here: Here,
    who: Signed,
    person: RuleMaker,
    dry_run_id: UUID,
    piece: Asked,
    kind: Kind = None,
) -> Response:
    """How far a dry run is; and when it is done, what would be otherwise."""
    found = await ruling.dry_run(here, person, dry_run_id, kind, piece)
    async with here.service.pool.acquire() as db:
        names = await desk.names(db)
    return trial_page(request, who, "dry_run.html", found, kind, names=names)


@router.post("/rules/dry-runs/{dry_run_id}/cancel")
async def cancel_dry_run(wish: Wish, dry_run_id: UUID) -> Response:
    """Let it end where it is."""
    await wish.cancel_dry_run(dry_run_id)
    return RedirectResponse(f"/rules/dry-runs/{dry_run_id}", 303)
