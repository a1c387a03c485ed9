"""The ledger, the state of the system, people and ticketboxes, and live updates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from contracts.model import Instant
from contracts.people import Presence
from contracts.queries import GetLedger, Ledger, Replayed
from services.gateway.access.guard import Administrator, Here, Signed, Writer, command_id_of
from services.gateway.bodies import Body
from services.gateway.desk import desk
from services.gateway.desk.presence import Saying, set_presence
from services.gateway.numbers import Position, whole
from services.gateway.representations.basics import Page
from services.gateway.representations.desk import BoxItem, Me, PersonItem
from services.gateway.representations.system import LedgerView, Status
from services.gateway.representations.tickets import TagItem
from services.gateway.status import ledger_view, replay_parked, status
from services.gateway.tickets import tags

router = APIRouter(tags=["system"])


@router.get("/ledger")
async def get_ledger(here: Here, _: Signed) -> LedgerView:
    """What became of every message that was ever accepted; from one consistent read."""
    return ledger_view(await here.ask(GetLedger(), Ledger))


@router.get("/status")
async def get_status(here: Here, who: Signed) -> Status:
    """The ledger, the lag of every consumer, and, for who sees all ticketboxes, what is parked."""
    return await status(here, who.person.sight)


@router.post("/parked/{service}/{parked_id}/replay", status_code=201)
async def replay(here: Here, _: Administrator, service: str, parked_id: UUID) -> Replayed:
    """Handle a parked message again."""
    return await replay_parked(here, service, parked_id)


@router.get("/people")
async def list_people(here: Here, _: Signed) -> Page[PersonItem]:
    """Who works here."""
    async with here.service.pool.acquire() as db:
        return Page(items=await desk.people(db, here.service.clock()), next=None)


@router.get("/ticketboxes")
async def list_boxes(here: Here, who: Signed) -> Page[BoxItem]:
    """Where mail comes in, and by which form."""
    async with here.service.pool.acquire() as db:
        return Page(items=await desk.boxes(db, who.person.sight, here.service.settings.forms), next=None)


class NewPresence(Body):
    """With `until`, it ends by itself: who was away or off is available then, who was available is off."""

    presence: Presence
    until: Instant | None = None


@router.get("/me")
async def get_me(here: Here, who: Signed) -> Me:
    """Who you are, and what you may do: your right in each ticketbox that you see."""
    async with here.service.pool.acquire() as db:
        seen = await desk.boxes(db, who.person.sight)
    return Me(
        id=who.person.person_id,
        name=who.person.name,
        email=who.person.email,
        role=who.person.role,
        presence=who.person.presence,
        until=who.person.until,
        rights={box.id: right for box in seen if (right := who.person.right_in(box.id))},
    )


@router.put("/me/presence")
@router.post("/me/presence", status_code=201)
async def put_presence(request: Request, here: Here, person: Writer, new: NewPresence) -> NewPresence:
    """Say whether you take tickets now, and for how long."""
    saying = Saying(person.person_id, new.presence, new.until)
    await set_presence(here, person.person_id, command_id_of(request, person), saying)
    return new


@router.put("/people/{person_id}/presence")
async def put_presence_of(
    request: Request, here: Here, person: Writer, person_id: UUID, new: NewPresence
) -> NewPresence:
    """Say it of somebody else: administrators, and supervisors of those who answer in a ticketbox of theirs."""
    saying = Saying(person_id, new.presence, new.until)
    await set_presence(here, person.person_id, command_id_of(request, person), saying)
    return new


@router.get("/tags")
async def list_tags(here: Here, who: Signed) -> Page[TagItem]:
    """The tags of the tickets that you see, with how many have each, and those that the desk asks for."""
    async with here.service.pool.acquire() as db:
        return Page(items=await tags.in_use(db, who.person.sight), next=None)


@router.get("/live", response_class=StreamingResponse)
async def live(
    here: Here,
    who: Signed,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[
        Position | None, Query(description="As `Last-Event-ID`, for the first connection.")
    ] = None,
    *,
    messages: Annotated[
        bool,
        Query(
            description="Say too, as events `messages` and `attention` without content, that messages changed."
        ),
    ] = False,
    visits: Annotated[
        bool, Query(description="Say too, as events `visit`, at which tickets somebody came or went.")
    ] = False,
) -> StreamingResponse:
    """What changes, as server-sent events. `Last-Event-ID` gives what was missed."""
    seen = whole(last_event_id or "")
    return StreamingResponse(
        here.feed.listen(who.person.sight, after if seen is None else seen, messages=messages, visits=visits),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
