"""Letters that changed their ticket: sight, search, history and export go by where they are now."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Connection
from contracts.correspondence import ReplyBounced
from contracts.event import Event, Recorded
from contracts.mail import Address, Bounce, Kind, LetterHead
from contracts.stream_ids import contact_id
from contracts.tickets import (
    AbsorptionUndone,
    LettersMoved,
    LettersTaken,
    MergeUndone,
    TicketAbsorbed,
    TicketMerged,
)
from services.gateway import lists
from services.gateway.access.sight import EVERYTHING, Sight, may_see_message
from services.gateway.contacts import contact_history, contacts
from services.gateway.messages import messages
from services.gateway.messages.custody import custody
from services.gateway.read_model.inbox import apply
from services.gateway.representations.messages import MessageItem
from services.gateway.tickets import ticket_lists, tickets
from tests import events
from tests.events import ANNA, BOX, NOON, recorded

pytestmark = pytest.mark.anyio
STAFF = uuid4()
"""The ticketbox that fewer people see."""
SUPPORT_ONLY, STAFF_ONLY = Sight(frozenset({BOX})), Sight(frozenset({STAFF}))


@dataclass
class Logs:
    """Those of ingest and tickets, as the gateway hears them."""

    db: Connection
    positions: dict[str, int] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)
    now: datetime = NOON

    async def happened(self, *said: Event) -> None:
        """These things, each in the stream of its ticket; what is of one log is one batch."""
        for log in ("ingest", "tickets"):
            batch = [self._next(one) for one in said if one.service == log]
            if batch:
                async with self.db.transaction():
                    await apply(batch, self.db)

    def _next(self, event: Event) -> Recorded[Event]:
        position = self.positions[event.service] = self.positions.get(event.service, 0) + 1
        stream = getattr(event, "ticket_id", None) or uuid4()
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        (item,) = recorded(event, at=self.now, version=version, position=position)
        self.now += timedelta(seconds=1)
        return item


@dataclass(frozen=True)
class Matter:
    """A ticket with one letter."""

    head: LetterHead
    number: int

    @property
    def id(self) -> UUID:
        return events.ticket_of(self.head)


@dataclass(frozen=True)
class Desk:
    """Kim's lamp in Support, the same Kim's pay in Staff, and a second letter of hers in the first."""

    said: Logs
    lamp: Matter
    pay: Matter
    second: LetterHead

    @property
    def letter(self) -> UUID:
        return self.second.message_id

    async def moved(self, head: LetterHead, here: Matter, there: Matter) -> None:
        await self.said.happened(
            LettersMoved(
                ticket_id=here.id,
                to_id=there.id,
                to_number=there.number,
                message_ids=(head.message_id,),
                moved_by=ANNA,
            ),
            LettersTaken(
                ticket_id=there.id, from_id=here.id, from_number=here.number, letters=(head,), moved_by=ANNA
            ),
        )

    async def merged(self, here: Matter, there: Matter, *letters: LetterHead) -> None:
        await self.said.happened(
            TicketMerged(ticket_id=here.id, into_id=there.id, into_number=there.number, merged_by=ANNA),
            TicketAbsorbed(
                ticket_id=there.id, from_id=here.id, from_number=here.number, letters=letters, merged_by=ANNA
            ),
        )

    async def parted(self, here: Matter, there: Matter) -> None:
        await self.said.happened(
            MergeUndone(ticket_id=here.id, into_id=there.id, undone_by=ANNA),
            AbsorptionUndone(ticket_id=there.id, from_id=here.id, undone_by=ANNA),
        )


@pytest.fixture
async def desk(db: Connection) -> Desk:
    lamp, pay = Matter(events.letter(), 10008), Matter(events.letter(subject="My pay"), 10016)
    second = events.letter(NOON + timedelta(minutes=1), subject="Confidential").model_copy(
        update={"excerpt": "Something about"}
    )
    said = Logs(db)
    await said.happened(
        events.received(lamp.head),
        events.opened(lamp.head, lamp.number),
        events.received(pay.head, "How much is it?"),
        events.opened(pay.head, pay.number).model_copy(update={"ticketbox_id": STAFF}),
        events.received(second, "Something about my salary"),
        events.replied(lamp.id, second),
    )
    return Desk(said, lamp, pay, second)


async def seen(db: Connection, letter: UUID) -> list[str]:
    """Who may see it."""
    who = {"support": SUPPORT_ONLY, "staff": STAFF_ONLY, "everyone": EVERYTHING}
    return [name for name, sight in who.items() if await may_see_message(db, sight, letter)]


async def listed(db: Connection, sight: Sight) -> set[str]:
    """The letters in the list."""
    found = await messages.page_of_messages(db, sight, messages.Filter(), None, 100)
    return {one.subject or "" for one in found.items}


async def test_a_letter_that_was_moved_is_seen_where_it_is_and_no_more_where_it_was(
    db: Connection, desk: Desk
) -> None:
    assert await seen(db, desk.letter) == ["support", "everyone"]
    await desk.moved(desk.second, desk.lamp, desk.pay)
    assert await seen(db, desk.letter) == ["staff", "everyone"]
    assert (await listed(db, SUPPORT_ONLY), await listed(db, STAFF_ONLY)) == (
        {"Where is my lamp?"},
        {"My pay", "Confidential"},
    )
    await desk.moved(desk.second, desk.pay, desk.lamp)
    assert await seen(db, desk.letter) == ["support", "everyone"]


async def test_a_letter_of_a_merged_ticket_is_seen_in_both_until_the_merge_is_undone(
    db: Connection, desk: Desk
) -> None:
    await desk.merged(desk.lamp, desk.pay, desk.lamp.head, desk.second)
    assert await seen(db, desk.letter) == ["support", "staff", "everyone"]
    await desk.parted(desk.lamp, desk.pay)
    assert await seen(db, desk.letter) == ["support", "everyone"]


async def test_a_letter_that_was_split_off_is_seen_where_its_new_ticket_is(
    db: Connection, desk: Desk
) -> None:
    new = Matter(desk.second, 10024)
    await desk.said.happened(
        LettersMoved(
            ticket_id=desk.lamp.id,
            to_id=new.id,
            to_number=new.number,
            message_ids=(desk.letter,),
            moved_by=ANNA,
        ),
        events.opened(new.head, new.number).model_copy(
            update={"ticketbox_id": STAFF, "split_from_id": desk.lamp.id, "subject": "Wages in spring"}
        ),
    )
    assert await seen(db, desk.letter) == ["staff", "everyone"]
    assert (await custody(db, desk.letter)).ticket == new.number
    assert await found(db, "wages") == {new.number}
    assert await found(db, f"#{new.number}") == {new.number}
    assert await said_in_history(db, STAFF_ONLY) == [(10016, "My pay"), (10024, "Confidential")]


async def found(db: Connection, q: str) -> set[int]:
    page = await ticket_lists.page_of_tickets(db, EVERYTHING, ticket_lists.Filter(q=q), None, 10)
    return {item.number for item in page.items}


@pytest.fixture(params=["few hits", "many hits", "many hits further on"])
def hits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search looks at few hits alone; for many it tries the next tickets, and collects all: it finds the same."""
    if request.param != "few hits":
        monkeypatch.setattr(ticket_lists, "SOUGHT", 0)
    if request.param == "many hits further on":
        monkeypatch.setattr(lists, "NEAR", 0)


@pytest.mark.usefixtures("hits")
async def test_a_search_finds_the_ticket_in_which_a_letter_is_now(db: Connection, desk: Desk) -> None:
    assert await found(db, "salary") == {10008}
    await desk.moved(desk.second, desk.lamp, desk.pay)
    assert await found(db, "salary") == {10016}


@pytest.mark.usefixtures("hits")
async def test_a_search_finds_a_merged_ticket_and_every_one_that_it_goes_on_in(
    db: Connection, desk: Desk
) -> None:
    third = Matter(events.letter(subject="Another"), 10032)
    await desk.said.happened(events.received(third.head), events.opened(third.head, third.number))
    await desk.merged(desk.lamp, desk.pay, desk.lamp.head, desk.second)
    await desk.merged(desk.pay, third, desk.pay.head, desk.lamp.head, desk.second)
    assert await found(db, "salary") == {10008, 10016, 10032}
    await desk.parted(desk.pay, third)
    assert await found(db, "salary") == {10008, 10016}


async def said_in_history(db: Connection, sight: Sight) -> list[tuple[int, str]]:
    """The letters in Kim's history, with their tickets."""
    kim = contact_id("kim@customers.example")
    entries = (await contact_history.timeline(db, sight, kim, None, None, 100)).items
    heads = {one.message_id: one.subject or "" for one in (await all_letters(db))}
    return sorted((one.ticket, heads[one.message_id]) for one in entries if one.message_id)


async def all_letters(db: Connection) -> list[MessageItem]:
    return (await messages.page_of_messages(db, EVERYTHING, messages.Filter(), None, 100)).items


async def test_a_contacts_history_tells_a_letter_in_the_ticket_in_which_it_is(
    db: Connection, desk: Desk
) -> None:
    assert (10008, "Confidential") in await said_in_history(db, SUPPORT_ONLY)
    await desk.moved(desk.second, desk.lamp, desk.pay)
    assert await said_in_history(db, SUPPORT_ONLY) == [(10008, "Where is my lamp?")]
    assert (10016, "Confidential") in await said_in_history(db, STAFF_ONLY)
    assert len(await said_in_history(db, EVERYTHING)) == 3


async def test_a_merged_letter_is_in_the_history_for_those_who_see_where_it_goes_on(
    db: Connection, desk: Desk
) -> None:
    await desk.merged(desk.lamp, desk.pay, desk.lamp.head, desk.second)
    assert len(await said_in_history(db, STAFF_ONLY)) == 3


async def test_a_ticket_that_a_letter_has_left_is_no_ticket_of_its_writer(db: Connection, desk: Desk) -> None:
    other = events.letter(subject="Of Bob").model_copy(update={"from_": Address(address="bob@b.example")})
    await desk.said.happened(events.received(other), events.replied(desk.lamp.id, other))
    assert await contacts.ticket_ids(db, ["bob@b.example"]) == [desk.lamp.id]
    await desk.moved(other, desk.lamp, desk.pay)
    assert await contacts.ticket_ids(db, ["bob@b.example"]) == [desk.pay.id]


async def test_the_custody_of_a_letter_names_the_ticket_in_which_it_is(db: Connection, desk: Desk) -> None:
    await desk.moved(desk.second, desk.lamp, desk.pay)
    assert (await custody(db, desk.letter)).ticket == 10016


async def test_what_was_not_delivered_is_marked_on_the_ticket_that_its_own_goes_on_in(
    db: Connection, desk: Desk
) -> None:
    reply_id = uuid4()
    bounced = ReplyBounced(
        ticket_id=desk.lamp.id,
        reply_id=reply_id,
        letter=events.letter(kind=Kind.BOUNCE),
        bounce=Bounce(reason="no such user"),
    )
    await desk.said.happened(events.released(desk.lamp.id, reply_id))
    await desk.merged(desk.lamp, desk.pay, desk.lamp.head)
    await desk.said.happened(bounced)
    assert await undelivered(db) == {10008: (1, []), 10016: (1, [10008])}
    await desk.said.happened(events.released(desk.lamp.id, reply_id, attempt=2))
    assert await undelivered(db) == {10008: (0, []), 10016: (0, [])}
    await desk.said.happened(bounced)
    await desk.parted(desk.lamp, desk.pay)
    assert await undelivered(db) == {10008: (1, []), 10016: (0, [])}


async def undelivered(db: Connection) -> dict[int, tuple[int, list[int]]]:
    """How many answers lists and pages of tickets say were not delivered, and of which other tickets they are."""
    found = {}
    for number in (10008, 10016):
        wanted = ticket_lists.Filter(numbers=(number,), merged=True)
        (item,) = (await ticket_lists.page_of_tickets(db, EVERYTHING, wanted, None, 10)).items
        shown = tickets.ticket_of(await tickets.open_ticket(db, EVERYTHING, number))
        assert shown.undelivered == item.undelivered
        found[number] = (shown.undelivered, shown.undelivered_in)
    return found


async def in_list(db: Connection, number: int) -> tuple[int, str]:
    """How many letters the list says a ticket has, and what it shows of the last."""
    wanted = ticket_lists.Filter(numbers=(number,), merged=True)
    (item,) = (await ticket_lists.page_of_tickets(db, EVERYTHING, wanted, None, 10)).items
    shown = tickets.ticket_of(await tickets.open_ticket(db, EVERYTHING, number))
    assert (shown.letters, shown.excerpt) == (item.letters, item.excerpt)
    return item.letters, item.excerpt


async def test_lists_count_and_show_the_letters_that_are_there(db: Connection, desk: Desk) -> None:
    assert await in_list(db, 10008) == (2, "Something about")
    await desk.moved(desk.second, desk.lamp, desk.pay)
    assert (await in_list(db, 10008), await in_list(db, 10016)) == (
        (1, "I ordered a lamp."),
        (2, "Something about"),
    )
    await desk.merged(desk.pay, desk.lamp, desk.pay.head, desk.second)
    assert await in_list(db, 10008) == (3, "Something about")
    await desk.parted(desk.pay, desk.lamp)
    assert await in_list(db, 10008) == (1, "I ordered a lamp.")


async def test_the_past_keeps_a_letter_from_those_who_do_not_see_where_it_is_now(
    db: Connection, desk: Desk
) -> None:
    before = desk.said.now - timedelta(seconds=1)
    await desk.moved(desk.second, desk.lamp, desk.pay)

    async def told(sight: Sight) -> str:
        opened = await tickets.open_ticket_as_of(db, sight, 10008, before, desk.said.now)
        return tickets.ticket_of(opened).model_dump_json() + str(
            tickets.stream_of(opened.events, opened.sources.hidden)
        )

    assert "salary" in await told(EVERYTHING)
    for secret in ("salary", "Something about", "Confidential"):
        assert secret not in await told(SUPPORT_ONLY)
    assert "in a ticketbox that you do not see" in await told(SUPPORT_ONLY)
