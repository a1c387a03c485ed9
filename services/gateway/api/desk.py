"""The desk: what administrators configure, read and changed a thing at a time."""

from typing import Annotated, Any, get_args
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from contracts.automations import Automation
from contracts.desk import KINDS, AnyThing
from services.gateway.access.guard import Administrator, Here, Signed, command_id_of
from services.gateway.desk import automations, things
from services.gateway.desk.things import Change, Found, Kind
from services.gateway.problems import Unprocessable
from services.gateway.representations.basics import Named, Page
from services.gateway.representations.desk import DifferenceItem, ThingVersion
from services.gateway.representations.system import TrialItem
from services.gateway.storable import json_of

router = APIRouter(prefix="/desk", tags=["desk"])
assert get_args(Kind) == tuple(KINDS)  # noqa: S101 - the description of the API names what there is

_AUTOMATION = Automation.model_json_schema()
_EXPECTED = {
    "type": "integer",
    "description": "The version that was seen: 409 if it was changed since. Without it, whatever it was.",
}
_VERSION = {"type": "integer", "description": "Give it back as `expected_version`."}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema without references, so that it can stand anywhere in the description."""
    match schema:
        case {"$ref": str(reference)}:
            return _inlined(definitions[reference.rpartition("/")[2]], definitions)
        case dict():
            return {name: _inlined(one, definitions) for name, one in schema.items() if name != "$defs"}
        case list():
            return [_inlined(one, definitions) for one in schema]
        case _:
            return schema


def _schema(more: str, what: dict[str, Any], fixed: tuple[str, ...]) -> dict[str, Any]:
    """Any thing, with another property, and without those that its address says."""
    whole = TypeAdapter(AnyThing).json_schema()
    described = []
    for one in whole["oneOf"]:
        schema = _inlined(one, whole["$defs"])
        properties = {name: field for name, field in schema["properties"].items() if name not in fixed}
        required = [name for name in schema["required"] if name not in fixed]
        described.append({**schema, "properties": {**properties, more: what}, "required": required})
    return {"oneOf": described}


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _schema("expected_version", _EXPECTED, ("id", "kind"))}},
    }
}
_ITEM = _schema("version", _VERSION, ())
_ONE: dict[int | str, dict[str, Any]] = {
    200: {"description": "It, with its version.", "content": {"application/json": {"schema": _ITEM}}}
}
_MANY: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "All of them, by name.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"items": {"type": "array", "items": _ITEM}, "next": {"type": "null"}},
                }
            }
        },
    }
}
_TRIAL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _inlined(_AUTOMATION, _AUTOMATION.get("$defs", {}))}},
    }
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    403: {"description": "Only who may change it: docs/desk.md says who."},
    409: {"description": "It was changed after `expected_version`, or a name or an address is taken."},
    422: {"description": "A field is wrong; `errors` has the words for each."},
}


def item_of(found: Found) -> dict[str, object]:
    """A thing as the API gives it."""
    return {**found.thing.model_dump(mode="json"), "version": found.version}


@router.post("/automations/trial", openapi_extra=_TRIAL, responses=_REFUSED)
async def try_automation(request: Request, here: Here, _: Administrator) -> TrialItem:
    """How many tickets an automation would touch if it were saved now; nothing is changed.

    With the `id` of one that is there, tickets for which that one ran already are not counted again.
    """
    data = await _body(request)
    thing_id = data.pop("id", None)
    identity = uuid4() if thing_id is None else _identity(thing_id)
    automation = things.understood("automations", identity, {"name": "New", **data})
    assert isinstance(automation, Automation)  # noqa: S101 - of its kind
    return await automations.trial(here, automation)


def _identity(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise Unprocessable(f"“{text}” is no id.", errors={"id": "it must be a UUID"}) from error


@router.get("/{kind}", responses=_MANY)
async def list_things(here: Here, who: Signed, kind: Kind) -> dict[str, object]:
    """What there is of a kind. Of ticketboxes those that you see, of views those that are shared and yours."""
    async with here.service.pool.acquire() as db:
        found = await things.every(db, who.person, kind)
    return {"items": [item_of(one) for one in found], "next": None}


@router.get("/{kind}/{thing_id}", responses=_ONE)
async def get_thing(here: Here, who: Signed, kind: Kind, thing_id: UUID) -> dict[str, object]:
    """One thing, with its `version`."""
    async with here.service.pool.acquire() as db:
        return item_of(await things.find(db, who.person, kind, thing_id))


@router.put("/{kind}/{thing_id}", openapi_extra=_BODY, responses={**_ONE, **_REFUSED})
async def put_thing(
    request: Request, here: Here, who: Signed, kind: Kind, thing_id: UUID
) -> dict[str, object]:
    """Let a thing be so from now on, all of it; what is left out is as usual. A new one gets an id of your choice.

    A former version of its history, put again, undoes what came after it, a removal too.
    """
    data = await _body(request)
    expected = data.pop("expected_version", None)
    if expected is not None and (isinstance(expected, bool) or not isinstance(expected, int)):
        raise Unprocessable("The expected_version is a whole number.", errors={})
    thing = things.understood(kind, thing_id, data)
    command_id = command_id_of(request, who.person)
    version = await things.put(here, who.person, command_id, thing, expected)
    if version:
        return item_of(Found(thing, version))
    async with here.service.pool.acquire() as db:  # it was so already
        return item_of(await things.find(db, who.person, kind, thing_id))


async def _body(request: Request) -> dict[str, object]:
    data = await json_of(request)
    if not isinstance(data, dict):
        raise Unprocessable("A thing is a JSON object.", errors={})
    return data


@router.delete("/{kind}/{thing_id}", status_code=204, responses=_REFUSED)
async def delete_thing(
    request: Request,
    here: Here,
    who: Signed,
    kind: Kind,
    thing_id: UUID,
    expected_version: Annotated[
        int | None, Query(description="The version that was seen: 409 if it was changed since.")
    ] = None,
) -> Response:
    """Offer a thing no more. What refers to it keeps its name; its history can put it back."""
    command_id = command_id_of(request, who.person)
    await things.remove(here, who.person, command_id, kind, thing_id, expected_version)
    return Response(status_code=204)


@router.get("/{kind}/{thing_id}/history")
async def get_history(here: Here, who: Signed, kind: Kind, thing_id: UUID) -> Page[ThingVersion]:
    """Who changed what and when, the newest first; also of a thing that was removed."""
    async with here.service.pool.acquire() as db:
        changes = await things.history(db, who.person, kind, thing_id)
    return Page(items=[_version_of(change) for change in changes], next=None)


def _version_of(change: Change) -> ThingVersion:
    return ThingVersion(
        version=change.version,
        at=change.at,
        actor=Named(id=change.actor_id, name=change.actor) if change.actor_id else None,
        what=change.what,
        thing=None if change.thing is None else change.thing.model_dump(mode="json"),
        differences=[
            DifferenceItem(field=one.field, before=one.before, after=one.after) for one in change.differences
        ],
    )
