"""What the gateway reads from its own tables for somebody: drafts, a contact's history, live news."""

from uuid import UUID, uuid4

import orjson
import pytest

from chassis.database import Connection
from contracts.correspondence import ReminderReleased
from contracts.event import Event
from contracts.people import BoxRight, Presence, Right, Role
from contracts.people import Person as DeskPerson
from contracts.stream_ids import contact_id
from contracts.tickets import TicketMoved
from services.gateway.access.accounts import Person
from services.gateway.access.sight import EVERYTHING, Sight
from services.gateway.contacts import contact_history
from services.gateway.live import news_after
from services.gateway.read_model.inbox import apply
from services.gateway.tickets import drafts
from tests import events
from tests.events import ANNA, BOX, NOON, recorded

pytestmark = pytest.mark.anyio
HEAD = events.letter()
TICKET, STAFF = events.ticket_of(HEAD), uuid4()
SUPPORT_ONLY, STAFF_ONLY = Sight(frozenset({BOX})), Sight(frozenset({STAFF}))
MOVED = TicketMoved(ticket_id=TICKET, ticketbox_id=STAFF, ticketbox="Staff", from_id=BOX)


async def happened(db: Connection, *said: Event) -> None:
    async with db.transaction():
        await apply(recorded(*said), db)


def anna(*boxes: UUID) -> Person:
    """She may answer in these ticketboxes, or everywhere."""
    rights = tuple(BoxRight(ticketbox_id=box, right=Right.ANSWER) for box in boxes)
    who = DeskPerson(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT, rights=rights)
    return Person(who, Presence.AVAILABLE)


async def test_a_draft_is_not_listed_while_its_ticket_is_out_of_sight(db: Connection) -> None:
    await happened(db, events.opened(HEAD), MOVED)
    await db.execute(
        "INSERT INTO draft (person_id, ticket_id, kind, text, saved_at) VALUES ($1, $2, 'reply', 'Dear', $3)",
        ANNA,
        TICKET,
        NOON,
    )

    assert await drafts.every(db, anna(BOX)) == []
    for who in (anna(STAFF), anna()):
        assert [draft.number for draft in await drafts.every(db, who)] == [10008]


async def test_the_whole_history_of_a_contact_has_reminders_that_they_got(db: Connection) -> None:
    reply_id = uuid4()
    letter = events.released(TICKET, reply_id).letter.model_copy(
        update={"text": "Do you still need the lamp?"}
    )
    reminded = ReminderReleased(ticket_id=TICKET, reply_id=reply_id, letter=letter, automation="Ask once")
    await happened(db, events.opened(HEAD), reminded)
    kim: UUID = contact_id("kim@customers.example")
    newest, *_ = (await contact_history.timeline(db, EVERYTHING, kim, None, None, 10)).items
    assert (newest.type, newest.sentence) == ("ReminderReleased", "reminded")
    assert newest.text == "Do you still need the lamp?"


async def test_whoever_sees_a_ticket_no_more_hears_once_that_it_has_gone_and_nothing_else(
    db: Connection,
) -> None:
    await happened(db, events.opened(HEAD), MOVED)
    told = {
        name: [frame for one in await news_after(db, "tickets", 0) if (frame := one.frame(sight)) is not None]
        for name, sight in {"left": SUPPORT_ONLY, "there": STAFF_ONLY, "nowhere": Sight(frozenset())}.items()
    }
    assert (len(told["there"]), told["nowhere"]) == (2, [])
    (gone,) = told["left"]
    identity, kind, data, *_ = gone.decode().splitlines()
    assert (identity, kind) == ("id: 2", "event: ticket")
    assert orjson.loads(data.removeprefix("data: ")) == {"number": 10008, "type": "TicketMoved"}
