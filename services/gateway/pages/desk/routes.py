"""The pages of the desk: an index, a list of each kind, and a form with the history of each thing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from html import escape
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from chassis.database import Connection
from contracts.desk import KINDS, AnyThing, CustomField, Ticketbox
from contracts.people import Person as Colleague
from contracts.things import kind_of
from contracts.trials import WhatIf
from services.gateway.access.accounts import Person, SignedIn
from services.gateway.access.guard import Here, Signed, command_id_of
from services.gateway.desk import desk, members, things
from services.gateway.desk.differences import Difference
from services.gateway.desk.things import Found, Kind
from services.gateway.gateway import Gateway
from services.gateway.pages import entered
from services.gateway.pages.desk import fields
from services.gateway.pages.desk.kinds import PAGES, summary
from services.gateway.pages.rendering import page
from services.gateway.problems import NotFound, Problem, Unprocessable, if_answered
from services.gateway.representations.desk import BoxItem
from services.gateway.trials import what_ifs

router = APIRouter()


@router.get("/desk")
async def index(request: Request, here: Here, who: Signed) -> Response:
    """Everything there is to configure, and how much of it there is."""
    async with here.service.pool.acquire() as db:
        counts = {kind: len(await things.every(db, who.person, kind)) for kind in PAGES}
    return page(request, "desk.html", who, pages=PAGES, counts=counts)


@router.get("/ticketboxes")
async def former_address() -> Response:
    """Where the list of ticketboxes was before there was a desk."""
    return RedirectResponse("/desk/ticketboxes", 301)


@router.get("/desk/{kind}")
async def list_page(
    request: Request,
    here: Here,
    who: Signed,
    kind: Kind,
    removed: Annotated[UUID | None, Query(description="What was just removed, and may be put back.")] = None,
) -> Response:
    """All things of a kind."""
    async with here.service.pool.acquire() as db:
        found = await things.every(db, who.person, kind)
        names = await desk.names(db)
        past = await things.history(db, who.person, kind, removed) if removed else []
        people = await desk.people(db, here.service.clock()) if kind == "people" else []
    last = next((change for change in past if change.thing), None) if past and past[0].thing is None else None
    return page(
        request,
        "desk_list.html",
        who,
        kind=kind,
        about=PAGES[kind],
        found=found,
        summary=summary,
        names=names,
        removed=last,
        presences={one.id: one.presence for one in people},
        may_add=_may_add(who.person, kind),
        tried=await _tried(here, who.person, kind),
    )


def _may_add(person: Person, kind: str) -> bool:
    if kind == "templates":
        return person.may_manage
    return person.may_administer and kind != "views"


async def _tried(here: Gateway, person: Person, kind: Kind) -> list[WhatIf]:
    """The last what-ifs about things of a kind, for who may try some."""
    if kind not in {"policies", "calendars"} or not person.may_manage:
        return []
    found = await if_answered(what_ifs.latest(here))
    return [run for run in found if any(isinstance(thing, KINDS[kind]) for thing in run.things)]


@router.get("/desk/{kind}/new")
async def new_page(request: Request, here: Here, who: Signed, kind: Kind) -> Response:
    """An empty form."""
    usual, mine = _usual(kind), who.person.manages.in_order
    if kind == "templates" and mine is not None:
        usual["ticketbox_ids"] = [str(box) for box in mine]
    form = Form(kind, uuid4(), usual)
    return await _form_page(request, here, who, form)


def _usual(kind: str) -> dict[str, object]:
    """What a new thing is unless somebody says otherwise."""
    usual: dict[str, object] = {}
    for name, field in KINDS[kind].model_fields.items():
        if not field.is_required() and name != "kind":
            value = field.get_default(call_default_factory=True)
            dumped = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
            usual[name] = list(dumped) if isinstance(dumped, tuple) else dumped
    return usual


@dataclass(frozen=True, slots=True)
class Tried:
    """Where what a form shows was tried, and in what it differs from what is in force: None, there is none yet."""

    what_if: WhatIf
    differences: tuple[Difference, ...] | None


@dataclass(frozen=True, slots=True)
class Form:
    """What the form of a thing shows. `thing` None: it is a new one."""

    kind: Kind
    thing_id: UUID
    data: Mapping[str, object]
    thing: AnyThing | None = None
    version: int = 0
    errors: Mapping[str, str] | None = None
    problem: str | None = None
    status: int = 200
    tried: Tried | None = None


@router.get("/desk/{kind}/{thing_id}")
async def thing_page(
    request: Request, here: Here, who: Signed, kind: Kind, thing_id: UUID, *, saved: bool = False
) -> Response:
    """The form of a thing, with its history."""
    async with here.service.pool.acquire() as db:
        found = await things.find(db, who.person, kind, thing_id)
    form = Form(kind, thing_id, things.content(found.thing), found.thing, found.version)
    return await _form_page(request, here, who, form, saved=saved)


async def _form_page(
    request: Request, here: Gateway, who: SignedIn, form: Form, *, saved: bool = False
) -> Response:
    about = PAGES[form.kind]
    async with here.service.pool.acquire() as db:
        options = await _options(db, who.person, form)
        past = await things.history(db, who.person, form.kind, form.thing_id) if form.thing else []
        boxes = await desk.boxes(db, who.person.sight, here.service.settings.forms)
        beside = await _beside(db, here, who.person, form.thing)
    box = next((one for one in boxes if one.id == form.thing_id), None)
    site = str(request.base_url).rstrip("/")
    new = who.person.may_administer or _may_add(who.person, form.kind)
    may_change = things.may_change(who.person, form.thing) if form.thing else new
    return page(
        request,
        "desk_thing.html",
        who,
        form.status,
        form=form,
        about=about,
        values={
            field.name: fields.shown(field, fields.value_at(form.data, field.name)) for field in about.fields
        },
        options=options,
        past=past,
        saved=saved,
        may_change=may_change,
        may_remove=form.thing is not None and things.may_remove(who.person, form.thing),
        box=box,
        site=site,
        snippet=snippet(site, box) if box and box.form else None,
        ancestors=here.service.settings.form_ancestors,
        **beside,
    )


async def _beside(db: Connection, here: Gateway, person: Person, thing: AnyThing | None) -> dict[str, object]:
    """What a page shows that is not in its thing: the members of a ticketbox, the presence of a person."""
    match thing:
        case Ticketbox():
            found = await members.members(db, person, thing.id)
            return {
                "members": found,
                "unlimited": members.without_limit(thing, found),
                "others": await members.others(db, thing.id),
                "presence": None,
            }
        case Colleague() if person.desk.supervises(thing):
            people = await desk.people(db, here.service.clock())
            return {"members": None, "presence": next((one for one in people if one.id == thing.id), None)}
        case _:
            return {"members": None, "presence": None}


async def _options(db: Connection, person: Person, form: Form) -> dict[str, list[tuple[str, str]]]:
    """What the form's choices of things offer: id and name, by kind.

    What is chosen already is offered wherever it is: whoever does not see it must not lose it by saving.
    """
    choices = [field for field in PAGES[form.kind].fields if field.of]
    wanted = {field.of for field in choices}
    if form.kind == "people":
        wanted.add("ticketboxes")
    names = {str(identity): name for identity, name in (await desk.names(db)).items()}
    options = {
        kinds: {
            identity: name
            for kind in kinds.split()
            for identity, name in await _offered(db, person, kind, names)
            if identity != str(form.thing_id)
        }
        for kinds in wanted
    }
    for field in choices:
        for one in fields.chosen(field, form.data):
            options[field.of].setdefault(one, names.get(one, one))
    return {kinds: [*offered.items()] for kinds, offered in options.items()}


async def _offered(
    db: Connection, person: Person, kind: str, names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What there is of a kind, by name: ids, but for fields their keys."""
    found = [one.thing for one in await things.every(db, person, kind)]
    offered = [
        (one.key, one.name)
        if isinstance(one, CustomField)
        else (str(one.id), names.get(str(one.id), one.name))
        for one in found
    ]
    return sorted(offered, key=lambda one: (one[1].casefold(), one[0]))


def snippet(site: str, box: BoxItem) -> str:
    """What a website puts where the form of a ticketbox shall be."""
    return (
        f'<iframe src="{escape(f"{site}{box.form}")}" title="{escape(box.name)}" '
        'width="100%" height="860" frameborder="0" loading="lazy"></iframe>'
    )


@router.post("/desk/{kind}/{thing_id}")
async def save(request: Request, here: Here, who: Signed, kind: Kind, thing_id: UUID) -> Response:
    """Let the thing be as the form says, or show what must be mended."""
    sent = await request.form()
    seen, data = _seen_version(sent), fields.read(PAGES[kind].fields, sent)
    try:
        thing = things.understood(kind, thing_id, data)
        await things.put(here, who.person, command_id_of(request, who.person), thing, seen)
    except Problem as problem:
        return await _again(request, here, who, Form(kind, thing_id, data, version=seen), problem)
    return RedirectResponse(f"/desk/{kind}/{thing_id}?saved=true", 303)


def _seen_version(sent: FormData) -> int:
    return entered.version(str(sent.get("version", "")))


async def _again(request: Request, here: Gateway, who: SignedIn, form: Form, problem: Problem) -> Response:
    """The form with what was entered, and what is wrong with it."""
    present = await _in_force(here, who.person, form.kind, form.thing_id)
    named = problem.more.get("errors") if isinstance(problem, Unprocessable) else None
    errors = fields.by_field(PAGES[form.kind].fields, named) if isinstance(named, dict) and named else {}
    told = errors.pop("", None) if errors else problem.detail
    thing, status = present.thing if present else None, problem.status.value
    again = replace(form, thing=thing, errors=errors, problem=told, status=status)
    return await _form_page(request, here, who, again)


async def _in_force(here: Gateway, person: Person, kind: Kind, thing_id: UUID) -> Found | None:
    """A thing as it is; None: there is none yet, or none any more."""
    async with here.service.pool.acquire() as db:
        with suppress(NotFound):
            return await things.find(db, person, kind, thing_id)
    return None


@router.post("/desk/{kind}/{thing_id}/what-if")
async def what_if(
    request: Request,
    here: Here,
    who: Signed,
    wish: what_ifs.Wish,
    kind: Literal["policies", "calendars"],
    thing_id: UUID,
) -> Response:
    """Try what the form says on past tickets, and save nothing of it."""
    sent = await request.form()
    months = str(sent.get("months", ""))
    data = fields.read(PAGES[kind].fields, sent)
    try:
        tried = what_ifs.understood({**data, "kind": kind_of(KINDS[kind]), "id": str(thing_id)})
        what_if_id = await wish.start([tried], int(months) if months in {"1", "3", "6", "12", "24"} else 3)
    except Problem as problem:
        form = Form(kind, thing_id, data, version=_seen_version(sent))
        return await _again(request, here, who, form, problem)
    return RedirectResponse(f"/what-ifs/{what_if_id}", 303)


@router.get("/desk/{kind}/{thing_id}/what-if/{what_if_id}")
async def tried_page(
    request: Request,
    here: Here,
    who: Signed,
    person: what_ifs.Planner,
    kind: Literal["policies", "calendars"],
    thing_id: UUID,
    what_if_id: UUID,
) -> Response:
    """The form with what was tried, to go on from there; if it is in force by now, the form of that."""
    run = (await what_ifs.one(here, person, what_if_id)).run
    wanted = (kind_of(KINDS[kind]), thing_id)
    tried = next((one for one in run.things if (one.kind, one.id) == wanted), None)
    if tried is None:
        raise NotFound("This what-if tried no such thing.")
    present = await _in_force(here, person, kind, thing_id)
    thing, version = (present.thing, present.version) if present else (None, 0)
    differing = things.compared(thing, tried)
    if differing == ():
        return RedirectResponse(f"/desk/{kind}/{thing_id}", 303)
    form = Form(kind, thing_id, things.content(tried), thing, version, tried=Tried(run, differing))
    return await _form_page(request, here, who, form)


@router.post("/desk/{kind}/{thing_id}/remove")
async def remove(request: Request, here: Here, who: Signed, kind: Kind, thing_id: UUID) -> Response:
    """Offer the thing no more; the list offers the way back."""
    seen = _seen_version(await request.form())
    async with here.service.pool.acquire() as db:
        found = await things.find(db, who.person, kind, thing_id)
    try:
        await things.remove(here, who.person, command_id_of(request, who.person), kind, thing_id, seen)
    except Problem as problem:
        form = Form(kind, thing_id, things.content(found.thing), version=found.version)
        return await _again(request, here, who, form, problem)
    return RedirectResponse(f"/desk/{kind}?removed={thing_id}", 303)


@router.post("/desk/{kind}/{thing_id}/history/{version}")
async def put_back(
    request: Request, here: Here, who: Signed, kind: Kind, thing_id: UUID, version: int
) -> Response:
    """Let the thing be again as it was."""
    async with here.service.pool.acquire() as db:
        past = await things.history(db, who.person, kind, thing_id)
    former = next((change.thing for change in past if change.version == version), None)
    if former is None:
        raise NotFound("There is no such version to put back.")
    try:
        await things.put(here, who.person, command_id_of(request, who.person), former, past[0].version)
    except Problem as problem:
        form = Form(kind, thing_id, things.content(former), version=past[0].version)
        return await _again(request, here, who, form, problem)
    return RedirectResponse(f"/desk/{kind}/{thing_id}?saved=true", 303)
