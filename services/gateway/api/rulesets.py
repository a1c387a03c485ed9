"""The rules of routing: versions, the draft, dry runs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from contracts.model import Text
from contracts.reports import RuleFigures
from contracts.rulesets import Rule
from contracts.trials import DryRun
from rules import builder
from rules.builder import BadRow, Built, Row
from rules.condition import BadCondition, check
from services.gateway.access.guard import Administrator, Here
from services.gateway.bodies import Body, exactly
from services.gateway.numbers import Version
from services.gateway.pieces import Asked
from services.gateway.problems import Unprocessable
from services.gateway.representations.basics import Page, Representation
from services.gateway.rules import rulesets, ruling
from services.gateway.rules.rulesets import DraftView, RulesetItem, RulesetView
from services.gateway.rules.ruling import RuleMaker, Wish
from services.gateway.trials.dry_run_changes import ChangeItem
from services.gateway.trials.trials import Kind, TrialView

router = APIRouter(tags=["rules"])
WrittenRule = Annotated[Rule, exactly(Rule)]


class Published(Representation):
    version: int


@router.get("/rulesets")
async def list_rulesets(here: Here, _: RuleMaker) -> Page[RulesetItem]:
    """The versions of the rules, the newest first: who put them in force, when, and why."""
    async with here.service.pool.acquire() as db:
        found = await rulesets.versions(db)
    items = [RulesetItem(**{name: getattr(one, name) for name in RulesetItem.model_fields}) for one in found]
    return Page(items=items, next=None)


class NewRuleset(Body):
    """`expected_version` is the version that its author saw in force."""

    rules: list[WrittenRule]
    default_ticketbox_id: UUID
    reason: Text = Field(min_length=1)
    expected_version: int


@router.post("/rulesets", status_code=201)
async def post_ruleset(wish: Wish, new: NewRuleset) -> Published:
    """Put rules in force. A rule that cannot be is named, with the reason; administrators only."""
    version = await wish.publish(new.rules, new.default_ticketbox_id, new.reason, new.expected_version)
    return Published(version=version)


@router.get("/rulesets/in-force")
async def get_in_force(here: Here, _: RuleMaker) -> RulesetView:
    """The rules by which mail is routed now."""
    async with here.service.pool.acquire() as db:
        return await rulesets.in_force(db)


@router.get("/rulesets/figures")
async def get_figures(here: Here, _: RuleMaker) -> Page[RuleFigures]:
    """How often each rule held, and had no answer, by version of the rules."""
    return Page(items=list(await ruling.figures(here)), next=None)


@router.get("/rulesets/draft")
async def get_draft(wish: Wish) -> DraftView:
    """The draft, with what keeps it from being put in force and how it differs from what is."""
    return await wish.open_draft()


class NewDraft(Body):
    """`expected_version` is the version of the draft that its author saw; 0 or absent: there must be none."""

    rules: list[WrittenRule]
    default_ticketbox_id: UUID
    based_on: Version | None = None
    comment: Text = ""
    expected_version: int | None = None


class Drafted(Representation):
    version: int


@router.put("/rulesets/draft")
async def put_draft(wish: Wish, here: Here, new: NewDraft) -> Drafted:
    """Write the draft. It may be unfinished; nothing is routed by it. 409: there is another than was seen."""
    async with here.service.pool.acquire() as db:
        based_on = new.based_on or (await rulesets.in_force(db)).version
    version = await wish.draft(
        new.rules, new.default_ticketbox_id, based_on, new.expected_version, new.comment
    )
    return Drafted(version=version)


@router.delete("/rulesets/draft", status_code=204)
async def delete_draft(wish: Wish, expected_draft_version: int) -> Response:
    """Throw the draft away. `expected_draft_version` is the one that was read: 409 if it was changed since."""
    await wish.drop(expected_draft_version)
    return Response(status_code=204)


@router.post("/rulesets/draft/undo", status_code=201)
async def bring_back_draft(wish: Wish) -> Drafted:
    """Bring back the draft that was thrown away, as it was; 404 if another was begun since."""
    return Drafted(version=await wish.bring_back())


class Publication(Body):
    """`expected_version` is the version of the rules that is in force."""

    reason: Text = Field(min_length=1)
    expected_version: int


class DraftPublication(Publication):
    """`expected_draft_version` is the version of the draft that was reviewed: 409 if it was changed since."""

    expected_draft_version: int


@router.post("/rulesets/draft/publication", status_code=201)
async def publish_draft(wish: Wish, _: Administrator, new: DraftPublication) -> Published:
    """Put the draft in force, as it was reviewed; administrators only."""
    version = await wish.publish_draft(new.reason, new.expected_version, new.expected_draft_version)
    return Published(version=version)


@router.get("/rulesets/{version}")
async def get_ruleset(here: Here, _: RuleMaker, version: int) -> RulesetView:
    """The rules of one version."""
    async with here.service.pool.acquire() as db:
        return await rulesets.one(db, version)


@router.post("/rulesets/{version}/roll-back", status_code=201)
async def roll_back(wish: Wish, version: int, new: Publication) -> Published:
    """Put the rules of an earlier version in force again, as a new version; administrators only."""
    return Published(version=await wish.roll_back(version, new.reason, new.expected_version))


class NewCondition(Body):
    """Rows of field, operator and value, or a condition as it is."""

    condition: Text | None = None
    rows: list[Annotated[Row, exactly(Row)]] | None = None
    every: bool = True


class CheckedCondition(Representation):
    condition: str
    problem: str | None
    looks_at: list[str]
    rows: list[Row] | None
    """As the builder shows it; null: it says more than rows can."""
    every: bool


@router.post("/rulesets/condition")
async def check_condition(_: RuleMaker, new: NewCondition) -> CheckedCondition:
    """Make a condition of rows, or rows of a condition, and say what is wrong with it. Nothing is kept."""
    if (new.condition is None) == (new.rows is None):
        raise Unprocessable("Send a condition or rows.")
    try:
        condition = new.condition or builder.write(Built(tuple(new.rows or ()), new.every))
    except BadRow as error:
        raise Unprocessable(str(error)) from error
    problem: str | None = None
    looks_at: tuple[str, ...] = ()
    try:
        looks_at = check(condition).names
    except BadCondition as error:
        problem = str(error)
    built = builder.read(condition)
    return CheckedCondition(
        condition=condition,
        problem=problem,
        looks_at=list(looks_at),
        rows=list(built.rows) if built else None,
        every=built.every if built else True,
    )


class NewDryRun(Body):
    """Without rules, those of the draft are tried."""

    days: int = Field(default=7, ge=1, le=366)
    rules: list[WrittenRule] | None = None
    default_ticketbox_id: UUID | None = None


class StartedDryRun(Representation):
    dry_run_id: UUID


@router.post("/dry-runs", status_code=202)
async def post_dry_run(wish: Wish, new: NewDryRun) -> StartedDryRun:
    """Ask rules about the mail of the last days, without any effect. It is worked on in the background."""
    return StartedDryRun(dry_run_id=await wish.start_dry_run(new.days, new.rules, new.default_ticketbox_id))


@router.get("/dry-runs")
async def list_dry_runs(here: Here, _: RuleMaker) -> Page[DryRun]:
    """The last dry runs with their sums, the newest first."""
    return Page(items=list(await ruling.dry_runs(here)), next=None)


@router.get("/dry-runs/{dry_run_id}")
async def get_dry_run(
    here: Here, person: RuleMaker, dry_run_id: UUID, piece: Asked, kind: Kind = None
) -> TrialView[DryRun, ChangeItem]:
    """A dry run: progress and sums, and message by message what would be otherwise."""
    return await ruling.dry_run(here, person, dry_run_id, kind, piece)


@router.delete("/dry-runs/{dry_run_id}", status_code=204)
async def cancel_dry_run(wish: Wish, dry_run_id: UUID) -> Response:
    """Let a dry run end where it is."""
    await wish.cancel_dry_run(dry_run_id)
    return Response(status_code=204)
