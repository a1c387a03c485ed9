"""Letters that a program hands in: as they are, or as JSON."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from chassis.projection import wait_for
from contracts.people import Right
from mail.headers import Uncomposable
from services.gateway.access.accounts import Person
from services.gateway.access.guard import Here, Writer, client_address, command_id_of
from services.gateway.desk import desk
from services.gateway.gateway import Gateway
from services.gateway.intake.composing import compose, message_id_for
from services.gateway.intake.handover import Origin, at_once, hand_over
from services.gateway.intake.new_message import EXAMPLE, NewMessage
from services.gateway.problems import BadRequest, Forbidden, TooLarge, Unprocessable, UnsupportedMediaType
from services.gateway.read_model.inbox import INBOX
from services.gateway.representations.messages import TakenIn

router = APIRouter(tags=["messages"])

_SCHEMA = "#/paths/~1api~1v1~1messages/post/requestBody/content/application~1json/schema"
_DESCRIPTION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "schema": NewMessage.model_json_schema(ref_template=f"{_SCHEMA}/$defs/{{model}}"),
                "example": EXAMPLE,
            },
        },
    }
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    413: {"description": "It is larger than `POSTROOM_MAX_MESSAGE_SIZE`."},
    415: {"description": "It is neither message/rfc822 nor application/json."},
    422: {"description": "It is empty, or a field is wrong, or no ticketbox has this address."},
    503: {"description": "It could not be stored now. Make the same request again."},
}


@router.post("/messages", status_code=201, openapi_extra=_DESCRIPTION, responses=_PROBLEMS)
async def post_message(
    request: Request,
    response: Response,
    here: Here,
    person: Writer,
    to: Annotated[str | None, Query(description="Of message/rfc822: an address of a ticketbox.")] = None,
    box: Annotated[UUID | None, Query(description="Of message/rfc822: the id of a ticketbox.")] = None,
) -> TakenIn:
    """Take a letter in: the bytes of a message, or JSON from which one is written.

    The answer comes when the letter is stored for good. A repeat with the same `Idempotency-Key` gets the first answer
    again. A letter that is known already, by this way or another, is a duplicate, and is not taken twice.
    """
    command_id, most_bytes = command_id_of(request, person), here.service.settings.max_message_size
    match request.headers.get("Content-Type", "").partition(";")[0].strip().lower():
        case "message/rfc822":
            recipient = await _recipient(here, person, to, box)
            content = _body(request, most_bytes)
        case "application/json":
            new = await asyncio.to_thread(_understood, await _whole(request, most_bytes))
            recipient = await _recipient(here, person, new.to, new.box)
            letter = new.letter(recipient, message_id_for(command_id, recipient), here.service.clock())
            try:
                content = at_once(await asyncio.to_thread(compose, letter))
            except Uncomposable as error:
                raise Unprocessable(str(error)) from error
        case other:
            raise UnsupportedMediaType(
                f"Send message/rfc822 or application/json, not {other or 'a body without Content-Type'}."
            )
    origin = Origin(command_id, "api", recipient, client_address(request), person.person_id)
    accepted = await hand_over(here, content, origin)
    await wait_for(here.service.pool, INBOX.name, "ingest", accepted.position)  # so that its custody is there
    custody = f"/api/v1/messages/{accepted.message_id}"
    response.headers["Location"] = custody
    return TakenIn(message_id=accepted.message_id, duplicate=accepted.duplicate, custody=custody)


async def _recipient(here: Gateway, person: Person, to: str | None, box: UUID | None) -> str:
    """The address of a ticketbox that a letter goes to.

    Raises:
        Unprocessable: there is no such ticketbox; those that the asker sees are in the problem.
        Forbidden: the asker may only read in it.
    """
    async with here.service.pool.acquire() as db:
        boxes = await desk.boxes(db, person.sight)
    for one in boxes:
        by_id = one.id == box
        if by_id or (box is None and to is not None and to.strip().lower() in map(str.lower, one.addresses)):
            if not person.may(Right.ANSWER, one.id):
                raise Forbidden(f"You may not hand letters in for the ticketbox “{one.name}”.")
            return one.addresses[0] if by_id or to is None else to.strip()
    known = [one.model_dump(mode="json") for one in boxes]
    if to is None and box is None:
        raise Unprocessable(
            "Say which ticketbox it is for: an address as `to`, or an id as `box`.", ticketboxes=known
        )
    raise Unprocessable(f"No ticketbox has the address or id {box or to!r}.", ticketboxes=known)


async def _body(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most_bytes:
        raise TooLarge(most_bytes)
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise BadRequest("The connection was cut before the end of the message.") from error


async def _whole(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in _body(request, most_bytes):
        body += chunk
        if len(body) > most_bytes:
            raise TooLarge(most_bytes)
    return bytes(body)


def _understood(body: bytes) -> NewMessage:
    try:
        return NewMessage.model_validate_json(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in wrong]) from error
