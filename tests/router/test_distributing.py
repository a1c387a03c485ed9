"""Distribution on a real database: the queue, the locks, each wish once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from chassis.database import Connection, connect
from chassis.log import Answer, append
from contracts.contacts import Card, ContactAdded
from contracts.correspondence import CustomerReplied
from contracts.desk import Distribution, DistributionMethod, PersonChanged, Ticketbox, TicketboxChanged
from contracts.event import Event, Meta, Recorded
from contracts.mail import Address
from contracts.people import Person, Presence, PresenceChanged, Role
from contracts.stream_ids import contact_id, message_stream, ticket_stream
from contracts.tickets import (
    LettersTaken,
    Spell,
    State,
    TagsChanged,
    TicketAbsorbed,
    TicketAssigned,
    TicketMoved,
    TicketSolved,
)
from services.router import contacts, queue_tables, tables
from services.router.app import take_desk
from services.router.distributing import follow, look
from services.router.distribution import MOST_AT_ONCE
from services.router.queue import contact_key
from tests.desks import ANNA, ORDERS, SARA, SUPPORT
from tests.events import NOON, letter, opened, recorded, released, replied, routed
from tests.router.rows import reading
from tests.router.test_queue_tables import waiting

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
BELA = Person(id=uuid4(), name="Bela", email="bela@example.com", role=Role.AGENT)


def in_log(event: Any, at: datetime, version: int) -> list[Recorded[Event]]:
    return [
        replace(item, stream_id=ticket_stream(event.ticket_id))
        for item in recorded(event, at=at, version=version)
    ]


class Router:
    """What several router processes share: the tables. Events of tickets are told to it, and it looks."""

    def __init__(self, url: str, db: Connection) -> None:
        self.url, self.db = url, db
        self.versions: Counter[UUID] = Counter()

    async def desk(self, *things: Ticketbox | Person, at: datetime = NOON) -> None:
        for thing in things:
            event = (
                TicketboxChanged(thing=thing) if isinstance(thing, Ticketbox) else PersonChanged(thing=thing)
            )
            await self._tell_desk(thing.id, event, at)

    async def presence(
        self, person: Person, presence: Presence, at: datetime = NOON, until: datetime | None = None
    ) -> None:
        await self._tell_desk(
            person.id, PresenceChanged(person_id=person.id, presence=presence, until=until), at
        )

    async def _tell_desk(self, stream: UUID, event: Event, at: datetime) -> None:
        self.versions[stream] += 1
        (item,) = recorded(event, at=at, version=self.versions[stream])
        await tables.keep_desk(self.db, item)
        await queue_tables.mark_all(self.db, at)

    async def hear(self, *events: Any, at: datetime = NOON) -> None:
        items: list[Recorded[Event]] = []
        for event in events:
            self.versions[event.ticket_id] += 1
            items += in_log(event, at, self.versions[event.ticket_id])
        async with self.db.transaction():
            await follow(items, self.db)

    async def open(self, box: Ticketbox = SUPPORT, at: datetime = NOON, **fields: Any) -> UUID:
        event = opened(letter(at)).model_copy(update={"ticketbox_id": box.id, **fields})
        await self.hear(event, at=at)
        return event.ticket_id

    async def look(self, at: datetime = NOON) -> list[dict[str, Any]]:
        """What it appended."""
        before = await self.db.fetchval("SELECT coalesce(max(position), 0) FROM event")
        async with self.db.transaction():
            await look(self.db, at + MINUTE / 60)
        return await self.said(before)

    async def said(self, after: int = 0) -> list[dict[str, Any]]:
        rows = await self.db.fetch(
            "SELECT type, data::text FROM event WHERE position > $1 ORDER BY position", after
        )
        return [{"type": row["type"], **orjson.loads(row["data"])} for row in rows]


@pytest.fixture
async def router(database_url: str, db: Connection) -> Router:
    return Router(database_url, db)


def like(box: Ticketbox, **distribution: Any) -> Ticketbox:
    return box.model_copy(update={"distribution": Distribution(**distribution)})


def brief(said: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["type"], one.get("agent_id") or one.get("to_id") or one.get("to")) for one in said]


async def test_a_ticket_waits_until_somebody_is_there_and_is_given_once(router: Router) -> None:
    await router.desk(SUPPORT, ANNA)
    ticket_id = await router.open()
    assert await router.look() == []
    await router.presence(ANNA, Presence.AVAILABLE)
    assert brief(await router.look()) == [("TicketRouted", str(ANNA.id))]
    await router.presence(ANNA, Presence.AVAILABLE)
    assert await router.look() == []
    await router.hear(TicketAssigned(ticket_id=ticket_id, agent_id=ANNA.id, method="round_robin"))
    assert await router.look() == []


@pytest.mark.parametrize("method", ["round_robin", "least_loaded", "skills"])
async def test_while_nobody_is_there_what_waits_is_not_read(
    router: Router, method: DistributionMethod
) -> None:
    await router.desk(like(SUPPORT, method=method), ANNA)
    await router.open()
    async with reading(router.db) as read:
        assert await router.look() == []
    assert read.rows == 0


async def test_who_is_full_gets_the_next_one_when_a_ticket_is_solved(router: Router) -> None:
    await router.desk(SUPPORT, ANNA.model_copy(update={"capacity": 1}))
    await router.presence(ANNA, Presence.AVAILABLE)
    first, second = await router.open(), await router.open()
    (given,) = await router.look()
    one, other = (first, second) if given["ticket_id"] == str(first) else (second, first)
    assert await router.look() == []
    await router.hear(TicketAssigned(ticket_id=one, agent_id=ANNA.id, method="round_robin"))
    assert await router.look() == []
    await router.hear(TicketSolved(ticket_id=one, solved_by=ANNA.id))
    assert [said["ticket_id"] for said in await router.look()] == [str(other)]


async def test_who_was_to_get_a_ticket_that_went_elsewhere_gets_another_one(router: Router) -> None:
    await router.desk(SUPPORT, ORDERS, ANNA.model_copy(update={"capacity": 1}))
    await router.presence(ANNA, Presence.AVAILABLE)
    first = await router.open(SUPPORT)
    assert len(await router.look()) == 1
    second = await router.open(ORDERS)
    assert await router.look() == []
    await router.hear(TicketSolved(ticket_id=first, solved_by=BELA.id))
    assert [said["ticket_id"] for said in await router.look()] == [str(second)]


async def test_what_was_wanted_before_something_else_happened_is_wanted_anew(router: Router) -> None:
    await router.desk(SUPPORT, ANNA)
    await router.presence(ANNA, Presence.AVAILABLE)
    ticket_id = await router.open()
    (first,) = await router.look()
    await router.hear(replied(ticket_id, letter()))
    (second,) = await router.look()
    assert (first["seen_version"], second["seen_version"]) == (1, 2)


async def test_nobody_takes_it_so_it_overflows_once_and_the_supervisors_are_told_once(router: Router) -> None:
    box = like(SUPPORT, overflow_after_minutes=60, overflow_to=ORDERS.id, tell_after_minutes=30)
    back = like(ORDERS, overflow_after_minutes=60, overflow_to=SUPPORT.id)
    await router.desk(box, back, ANNA, SARA)
    ticket_id = await router.open()
    assert await router.look(NOON + 29 * MINUTE) == []
    # As after an outage: both times have passed.
    assert brief(await router.look(NOON + 31 * MINUTE)) == [("AlertReleased", SARA.email)]
    assert await router.look(NOON + 59 * MINUTE) == []
    assert brief(await router.look(NOON + 61 * MINUTE)) == [("TicketOverflowed", str(ORDERS.id))]
    assert await router.look(NOON + 90 * MINUTE) == []
    moved = TicketMoved(
        ticket_id=ticket_id, ticketbox_id=ORDERS.id, ticketbox="Orders", from_id=SUPPORT.id, why="overflow"
    )
    await router.hear(moved, at=NOON + 91 * MINUTE)
    # It does not go round in a circle.
    assert await router.look(NOON + 900 * MINUTE) == []
    await router.presence(ANNA, Presence.AVAILABLE, NOON + 900 * MINUTE)
    assert brief(await router.look(NOON + 901 * MINUTE)) == [("TicketRouted", str(ANNA.id))]


async def test_who_is_away_too_long_gives_unanswered_tickets_back(router: Router) -> None:
    await router.desk(like(SUPPORT, take_back_after_minutes=30), ANNA, BELA)
    await router.presence(ANNA, Presence.AVAILABLE)
    unanswered, answered = await router.open(), await router.open()
    for ticket_id in (unanswered, answered):
        await router.hear(TicketAssigned(ticket_id=ticket_id, agent_id=ANNA.id, method="person"))
    await router.hear(released(answered, uuid4()))
    await router.presence(ANNA, Presence.AWAY, NOON + 10 * MINUTE)
    assert await router.look(NOON + 11 * MINUTE) == []
    await router.presence(ANNA, Presence.OFF, NOON + 20 * MINUTE)
    assert await router.look(NOON + 39 * MINUTE) == []
    (taken,) = await router.look(NOON + 41 * MINUTE)
    assert (taken["type"], taken["ticket_id"], taken["why"]) == ("TicketTakenBack", str(unanswered), "off")
    await router.hear(
        TicketAssigned(ticket_id=unanswered, agent_id=None, method="take_back"), at=NOON + 42 * MINUTE
    )
    await router.presence(BELA, Presence.AVAILABLE, NOON + 43 * MINUTE)
    assert brief(await router.look(NOON + 43 * MINUTE)) == [("TicketRouted", str(BELA.id))]
    await router.hear(CustomerReplied(ticket_id=answered, letter=letter(), threaded_by="in_reply_to"))
    assert brief(await router.look(NOON + 44 * MINUTE)) == [("TicketTakenBack", str(ANNA.id))]


async def test_who_left_gives_unanswered_tickets_back_at_once(router: Router) -> None:
    await router.desk(SUPPORT, ANNA)
    ticket_id = await router.open()
    await router.hear(TicketAssigned(ticket_id=ticket_id, agent_id=ANNA.id, method="person"))
    assert await router.look() == []
    await router.desk(ANNA.model_copy(update={"active": False}))
    (taken,) = await router.look()
    assert (taken["type"], taken["why"]) == ("TicketTakenBack", "may not answer here")


HEAD = letter(subject="And my other lamp?")
UNANSWERED = {HEAD.message_id: (Spell(state=State.OPEN, since=NOON),)}


@pytest.mark.parametrize(
    "event",
    [
        TicketAbsorbed(
            ticket_id=uuid4(),
            from_id=uuid4(),
            from_number=2,
            letters=(HEAD,),
            waited=UNANSWERED,
            merged_by=SARA.id,
        ),
        LettersTaken(
            ticket_id=uuid4(),
            from_id=uuid4(),
            from_number=2,
            letters=(HEAD,),
            waited=UNANSWERED,
            moved_by=SARA.id,
        ),
    ],
    ids=["merge", "moved letter"],
)
async def test_who_has_left_gives_back_what_letters_of_another_ticket_made_unanswered(
    router: Router, event: TicketAbsorbed | LettersTaken
) -> None:
    await router.desk(SUPPORT, ANNA.model_copy(update={"active": False}))
    ticket_id = await router.open(assignee_id=ANNA.id)
    await router.hear(released(ticket_id, uuid4(), ANNA.id))
    assert await router.look() == []
    await router.hear(event.model_copy(update={"ticket_id": ticket_id, "waited": {}}))
    assert await router.look() == []
    await router.hear(event.model_copy(update={"ticket_id": ticket_id}))
    assert brief(await router.look()) == [("TicketTakenBack", str(ANNA.id))]


async def test_the_language_is_that_of_the_letter_and_the_skills_are_among_the_tags(router: Router) -> None:
    await router.desk(
        like(SUPPORT, method=DistributionMethod.SKILLS),
        ANNA.model_copy(update={"skills": ("Invoices",)}),
        BELA,
    )
    for one in (ANNA, BELA):
        await router.presence(one, Presence.AVAILABLE)
    await router.open(tags=("invoices", "blue"))
    (given,) = await router.look()
    assert (given["agent_id"], given["evidence"]["asked"]) == (str(ANNA.id), ["invoices"])
    assert given["evidence"]["passed_over"] == [
        {"agent_id": str(BELA.id), "why": "does not have the skill invoices"}
    ]


async def test_a_ticket_that_waits_is_looked_at_again_when_it_asks_for_another_skill(router: Router) -> None:
    await router.desk(
        like(SUPPORT, method=DistributionMethod.SKILLS), ANNA, BELA.model_copy(update={"skills": ("legal",)})
    )
    await router.presence(ANNA, Presence.AVAILABLE)
    ticket_id = await router.open(tags=("legal",))
    assert await router.look() == []
    await router.hear(TagsChanged(ticket_id=ticket_id, tags=()))
    assert brief(await router.look()) == [("TicketRouted", str(ANNA.id))]


async def test_an_old_answer_that_is_sent_once_more_does_not_make_its_author_the_last_agent(
    router: Router,
) -> None:
    await router.desk(like(SUPPORT, last_agent_first=True), ANNA, BELA)
    for one in (ANNA, BELA):
        await router.presence(one, Presence.AVAILABLE)
    ticket_id, reply_id = await router.open(assignee_id=ANNA.id), uuid4()
    await router.hear(
        released(ticket_id, reply_id, ANNA.id),
        released(ticket_id, uuid4(), BELA.id),
        released(ticket_id, reply_id, ANNA.id, attempt=2),
    )
    await router.open()
    (given,) = await router.look()
    assert (given["agent_id"], given["method"]) == (str(BELA.id), "last_agent")


WORK, HOME = (Address(address=f"kim@{place}.example") for place in ("work", "home"))


async def known(router: Router, *addresses: Address, position: int = 1) -> None:
    """Somebody writes down that these addresses are one person's."""
    card = Card(id=contact_id(HOME.address), addresses=tuple(one.address for one in addresses), name="Kim")
    event = ContactAdded(contact=card, belongs=dict.fromkeys(card.addresses, card.id))
    (item,) = recorded(event)
    await contacts.keep(router.db, replace(item, position=position))


async def test_the_last_agent_is_that_of_the_contact_by_whichever_address(router: Router) -> None:
    await router.desk(like(SUPPORT, last_agent_first=True), ANNA, BELA)
    for one in (ANNA, BELA):
        await router.presence(one, Presence.AVAILABLE)
    await known(router, WORK, HOME)
    at_home = await router.open(contact=HOME, assignee_id=BELA.id)
    await router.hear(released(at_home, uuid4(), BELA.id))
    for _ in range(2):
        await router.open(contact=WORK)
    assert [(one["agent_id"], one["method"]) for one in await router.look()] == [
        (str(BELA.id), "last_agent")
    ] * 2


async def test_addresses_of_earlier_releases_are_those_of_a_contact_once_its_events_are_read_again(
    router: Router,
) -> None:
    await known(router, WORK, HOME)
    await router.db.execute("UPDATE contact_address SET contact_key = NULL")
    at_home = await router.open(contact=HOME)
    await router.hear(released(at_home, uuid4(), BELA.id))
    work = contact_key(WORK.address)
    assert await queue_tables.last_agents(router.db, [work]) == {}
    await known(router, WORK, HOME)
    assert await queue_tables.last_agents(router.db, [work]) == {work: BELA.id}


async def test_of_those_who_answered_a_contact_by_several_addresses_the_last_is_asked(router: Router) -> None:
    await router.desk(like(SUPPORT, last_agent_first=True), ANNA, BELA)
    for one in (ANNA, BELA):
        await router.presence(one, Presence.AVAILABLE)
    at_home = await router.open(contact=HOME, assignee_id=ANNA.id)
    at_work = await router.open(contact=WORK, assignee_id=BELA.id)
    await router.hear(released(at_work, uuid4(), BELA.id), at=NOON + MINUTE)
    await router.hear(released(at_home, uuid4(), ANNA.id), at=NOON)
    await known(router, WORK, HOME)
    await router.open(contact=HOME)
    (given,) = await router.look()
    assert (given["agent_id"], given["method"]) == (str(BELA.id), "last_agent")


async def test_an_answer_that_is_heard_late_does_not_make_its_author_the_last_agent(router: Router) -> None:
    early, late = await router.open(assignee_id=ANNA.id), await router.open(assignee_id=BELA.id)
    await router.hear(released(late, uuid4(), BELA.id), at=NOON + MINUTE)
    await router.hear(released(early, uuid4(), ANNA.id), at=NOON)
    key = contact_key("kim@customers.example")
    assert await queue_tables.last_agents(router.db, [key]) == {key: BELA.id}


async def many(router: Router, number: int, **fields: Any) -> None:
    """Tickets that wait in SUPPORT."""
    tickets = [replace(one, tags=("invoices",), **fields) for one in waiting(number=number)]
    await queue_tables.keep(router.db, tickets)
    await queue_tables.mark(router.db, [SUPPORT.id], NOON)


async def test_by_skill_no_more_is_read_than_can_be_given_at_once_while_somebody_fits(router: Router) -> None:
    await router.desk(
        like(SUPPORT, method=DistributionMethod.SKILLS), ANNA.model_copy(update={"skills": ("invoices",)})
    )
    await router.presence(ANNA, Presence.AVAILABLE)
    await many(router, 4 * MOST_AT_ONCE)
    async with reading(router.db) as read:
        assert len(await router.look()) == MOST_AT_ONCE
    assert read.rows < 2 * MOST_AT_ONCE


async def test_by_skill_who_fits_none_of_the_most_urgent_gets_a_less_urgent_one(router: Router) -> None:
    await router.desk(
        like(SUPPORT, method=DistributionMethod.SKILLS),
        ANNA.model_copy(update={"skills": ("invoices",), "capacity": 2}),
        BELA,
    )
    for one in (ANNA, BELA):
        await router.presence(one, Presence.AVAILABLE)
    await many(router, MOST_AT_ONCE + 5, urgency=3)
    fits = await router.open()
    said = await router.look()
    assert Counter(one["agent_id"] for one in said) == {str(ANNA.id): 2, str(BELA.id): 1}
    assert [one["ticket_id"] for one in said if one["agent_id"] == str(BELA.id)] == [str(fits)]


async def test_four_routers_that_look_at_once_give_each_ticket_once_and_fairly(router: Router) -> None:
    people = [
        Person(id=uuid4(), name=f"Agent {n}", email=f"a{n}@example.com", role=Role.AGENT, capacity=30)
        for n in range(5)
    ]
    boxes = [like(SUPPORT, method=DistributionMethod.LEAST_LOADED), ORDERS]
    await router.desk(*boxes, *people)
    for person in people:
        await router.presence(person, Presence.AVAILABLE)
    for number in range(160):
        await router.open(boxes[number % 2])

    async def another() -> None:
        db = await connect(router.url, "router")
        for _ in range(20):
            async with db.transaction():
                await look(db, NOON + MINUTE)
            await asyncio.sleep(0)
        await db.close()

    await asyncio.gather(*(another() for _ in range(4)))
    said = await router.said()
    assert len({one["ticket_id"] for one in said}) == len(said) == 150
    assert set(Counter(one["agent_id"] for one in said).values()) == {30}


async def test_presence_that_is_heard_while_tickets_are_followed_is_heard_after_them(router: Router) -> None:
    await queue_tables.mark(router.db, [SUPPORT.id, ORDERS.id], NOON)
    (available,) = recorded(PresenceChanged(person_id=ANNA.id, presence=Presence.AVAILABLE), at=NOON)
    service: Any = SimpleNamespace(clock=lambda: NOON)
    other = await connect(router.url, "router")

    async def hear_of_presence() -> None:
        async with other.transaction():
            await take_desk(service, [available], other)

    async with router.db.transaction():
        await queue_tables.lock(router.db)
        await queue_tables.mark(router.db, [max(SUPPORT.id, ORDERS.id)], NOON)
        heard = asyncio.create_task(hear_of_presence())
        await asyncio.sleep(0.3)  # it locks what it can
        await queue_tables.mark_all(router.db, NOON)
    await heard
    await other.close()


async def test_the_language_is_guessed_once_from_the_letter_that_router_routed(router: Router) -> None:
    await router.desk(
        like(SUPPORT, method=DistributionMethod.SKILLS),
        ANNA.model_copy(update={"languages": ("fr",)}),
        BELA.model_copy(update={"languages": ("en",)}),
    )
    for one in (ANNA, BELA):
        await router.presence(one, Presence.AVAILABLE)
    head = letter().model_copy(
        update={
            "subject": "Ma commande",
            "excerpt": "Bonjour, où est la lampe que j'ai commandée il y a une semaine ?",
        }
    )
    cause = uuid4()
    meta = Meta(correlation_id=cause, causation_id=cause)
    answer = Answer(message_stream(head.message_id), (routed(head),), cause, meta, NOON)
    async with router.db.transaction():
        await append(router.db, [answer], NOON)
    await router.hear(opened(head).model_copy(update={"ticketbox_id": SUPPORT.id}))
    (given,) = await router.look()
    assert (given["agent_id"], given["evidence"]["why"]) == (str(ANNA.id), "0 tickets, speaks French")


async def test_an_event_that_is_heard_again_changes_nothing(router: Router) -> None:
    await router.desk(SUPPORT, ANNA)
    first = opened(letter()).model_copy(update={"ticketbox_id": SUPPORT.id})
    ticket_id = first.ticket_id
    items = [
        *in_log(first, NOON, 1),
        *in_log(TicketAssigned(ticket_id=ticket_id, agent_id=ANNA.id, method="person"), NOON, 2),
    ]
    for item in (items[0], items[1], items[0], items[1]):
        await follow([item], router.db)
    kept = (await queue_tables.tickets(router.db, [ticket_id]))[ticket_id]
    assert await queue_tables.loads(router.db, [ANNA.id]) == {ANNA.id: 1}
    assert (kept.owner_id, kept.version, kept.waiting_since) == (ANNA.id, 2, None)


async def test_events_that_come_in_another_order_make_the_same_ticket(router: Router) -> None:
    first = opened(letter()).model_copy(update={"ticketbox_id": SUPPORT.id})
    ticket_id = first.ticket_id
    events = [
        first,
        TicketAssigned(ticket_id=ticket_id, agent_id=ANNA.id, method="person"),
        released(ticket_id, uuid4()),
        TicketAssigned(ticket_id=ticket_id, agent_id=None, method="person"),
    ]
    items = [item for version, event in enumerate(events, 1) for item in in_log(event, NOON, version)]
    for number in (3, 1, 0, 3, 2):
        await follow([items[number]], router.db)
    kept = (await queue_tables.tickets(router.db, [ticket_id]))[ticket_id]
    assert (kept.version, kept.owner_id, kept.waiting_since, kept.unanswered) == (4, None, NOON, False)
    assert await router.db.fetchval("SELECT count(*) FROM early") == 0
