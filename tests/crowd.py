"""Many tickets, many agents and several routers (and tickets services) on one Postroom, and whether it was fair."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg

from chassis import log
from chassis.database import connect
from chassis.log import Answer
from contracts.commands import OPERATOR, ChangeDesk, Done, RemoveThing, SetPresence, SetThing
from contracts.desk import AnyThing, Distribution, Ticketbox
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.people import BoxRight, Person, Presence, Right, Role
from contracts.stream_ids import ticket_stream
from contracts.tickets import TicketOpened
from tests.running import Postroom

BATCH = 500


@contextmanager
def more_of(postroom: Postroom, service: str, number: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Further processes of a service, as replicas of it run in a cluster."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")},
        "POSTROOM_DATABASE_URL": postroom.database_url,
        "POSTROOM_NATS_URL": postroom.nats_url,
        "POSTROOM_DATA": str(postroom.data),
    }
    log_file = (postroom.data / f"more-{service}.log").open("ab")
    processes = [start(service, environment, log_file) for _ in range(number)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
        log_file.close()


def start(service: str, environment: dict[str, str], log_file: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "postroom", service],
        env=environment,
        stdout=log_file,
        stderr=log_file,  # type: ignore[call-overload]
    )


def agents(number: int, boxes: Sequence[Ticketbox], capacity: int | None = None) -> list[Person]:
    """People who may answer in these ticketboxes only."""
    rights = tuple(BoxRight(ticketbox_id=one.id, right=Right.ANSWER) for one in boxes)
    return [
        Person(
            id=(person_id := uuid4()),
            name=f"Agent {n}",
            email=f"{person_id}@example.com",
            role=Role.AGENT,
            rights=rights,
            capacity=capacity,
        )
        for n in range(number)
    ]


def box(name: str, distribution: Distribution) -> Ticketbox:
    box_id = uuid4()
    return Ticketbox(
        id=box_id, name=f"{name} {box_id}", addresses=(f"{box_id}@example.com",), distribution=distribution
    )


async def set_desk(postroom: Postroom, things: Sequence[AnyThing]) -> None:
    changes = tuple(SetThing(thing=thing) for thing in things)
    done = await postroom.command(ChangeDesk(command_id=uuid4(), actor_id=OPERATOR, changes=changes))
    assert isinstance(done, Done), done


async def remove(postroom: Postroom, people: Sequence[Person]) -> None:
    changes = tuple(RemoveThing(kind="person", id=person.id) for person in people)
    done = await postroom.command(ChangeDesk(command_id=uuid4(), actor_id=OPERATOR, changes=changes))
    assert isinstance(done, Done), done


async def come(postroom: Postroom, people: Sequence[Person], presence: Presence = Presence.AVAILABLE) -> None:
    for person in people:
        done = await postroom.command(
            SetPresence(command_id=uuid4(), actor_id=OPERATOR, person_id=person.id, presence=presence)
        )
        assert isinstance(done, Done), done


async def send_home(postroom: Postroom) -> None:
    """Nobody is there any more."""
    db = await asyncpg.connect(postroom.database_url)
    rows = await db.fetch("SELECT person_id FROM gateway.attendance WHERE presence <> 'off'")
    await db.close()
    for row in rows:
        off = SetPresence(
            command_id=uuid4(), actor_id=OPERATOR, person_id=row["person_id"], presence=Presence.OFF
        )
        await postroom.command(off)


async def open_tickets(postroom: Postroom, boxes: Sequence[Ticketbox], number: int) -> list[UUID]:
    """Tickets, in turn in the ticketboxes, straight into the log as tickets writes them."""
    db = await connect(postroom.database_url, "tickets")
    now = datetime.now(UTC)
    opened = [_opened(boxes[n % len(boxes)], n, now) for n in range(number)]
    for begin in range(0, number, BATCH):
        answers = []
        for event in opened[begin : begin + BATCH]:
            cause = uuid4()
            meta = Meta(correlation_id=cause, causation_id=cause)
            answers.append(Answer(ticket_stream(event.ticket_id), (event,), cause, meta, now))
        async with db.transaction():
            await log.append(db, answers, now)
    await db.close()
    return [event.ticket_id for event in opened]


def _opened(where: Ticketbox, number: int, at: datetime) -> TicketOpened:
    customer = Address(name="Kim", address=f"kim{number}@customers.example")
    letter = LetterHead(
        message_id=uuid4(),
        internet_message_id=f"<{uuid4()}@customers.example>",
        subject=f"Where is order {number}?",
        received_at=at,
        from_=customer,
        excerpt="I ordered a lamp.",
    )
    return TicketOpened(
        ticket_id=uuid4(),
        number=int(uuid4().int % 10**12),
        ticketbox_id=where.id,
        ticketbox=where.name,
        subject=letter.subject,
        contact=customer,
        letter=letter,
    )


async def owners(postroom: Postroom, ticket_ids: Sequence[UUID]) -> dict[UUID, list[str | None]]:
    """Whom each ticket went to, one after the other; one that went to nobody is absent."""
    db = await asyncpg.connect(postroom.database_url)
    rows = await db.fetch(
        """
        SELECT data ->> 'ticket_id' AS ticket_id, data ->> 'agent_id' AS agent_id
        FROM tickets.event
        WHERE type = 'TicketAssigned' AND stream_id = ANY($1::text[])
        ORDER BY position
        """,
        [ticket_stream(ticket_id) for ticket_id in ticket_ids],
    )
    await db.close()
    found: dict[UUID, list[str | None]] = {}
    for row in rows:
        found.setdefault(UUID(row["ticket_id"]), []).append(row["agent_id"])
    return found


def spread(given: dict[UUID, list[str | None]], people: Sequence[Person]) -> float:
    """How far the one with the most, or the least, is from the fair share, as a part of it."""
    counts = Counter(owner for owners in given.values() for owner in owners)
    fair = sum(counts.values()) / len(people)
    return max(abs(counts[str(person.id)] - fair) for person in people) / fair
