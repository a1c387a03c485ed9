"""The book on a real PostgreSQL: each message in one state, whichever log is heard first, and totals that add up."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from chassis.database import Connection, connect
from contracts.event import Event, Recorded
from contracts.mail import LetterHead
from contracts.queries import Ledger
from contracts.router import Disposition, MessageDiscarded, RoutingFailed
from contracts.tickets import TicketingFailed
from services.ingest.ledger import _ADD_UP, count, settle
from tests import events
from tests.events import ANNA, NOON, recorded

pytestmark = pytest.mark.anyio


async def accepted(db: Connection, *letters: LetterHead) -> None:
    await db.executemany(
        "INSERT INTO ledger (message_id, accepted_at) VALUES ($1, $2)",
        [(one.message_id, one.received_at) for one in letters],
    )


async def heard(db: Connection, items: Sequence[Recorded[Event]]) -> None:
    async with db.transaction():
        await settle(items, db)


async def state(db: Connection, message_id: UUID) -> tuple[str, str | None]:
    row = await db.fetchrow("SELECT state, reason FROM ledger WHERE message_id = $1", message_id)
    assert row is not None
    return row["state"], row["reason"]


def failed_on(routing: Recorded[Event], letter: LetterHead, version: int = 1) -> Recorded[Event]:
    (item,) = recorded(TicketingFailed(message_id=letter.message_id, error="a trigger"), version=version)
    return replace(item, meta=item.meta.model_copy(update={"causation_id": routing.event_id}))


async def test_a_quarantined_message_that_is_released_is_in_flight_until_tickets_has_it(
    db: Connection,
) -> None:
    letter = events.letter()
    await accepted(db, letter)
    quarantined, released = recorded(events.quarantined(letter), events.routed(letter, released_by=ANNA))
    await heard(db, [quarantined])
    assert await state(db, letter.message_id) == ("quarantined", "virus")
    await heard(db, [released])
    assert await state(db, letter.message_id) == ("in_flight", None)
    await heard(db, recorded(events.opened(letter)))
    assert await state(db, letter.message_id) == ("ticketed", None)
    await heard(db, [quarantined, released])
    assert await state(db, letter.message_id) == ("ticketed", None)


async def test_what_is_released_is_late_a_minute_after_its_release_not_after_it_came_in(
    db: Connection,
) -> None:
    letter = events.letter(NOON)
    await accepted(db, letter)
    await heard(db, recorded(events.quarantined(letter)))
    await db.execute("UPDATE ledger SET since = now() - interval '3 weeks'")
    await heard(db, recorded(events.routed(letter, released_by=ANNA), version=2))
    assert (await count(db)).late == 0
    await db.execute("UPDATE ledger SET since = now() - interval '61 seconds'")
    book = await count(db)
    assert book.late == 1
    assert book.oldest_in_flight_at is not None


SAID = ("deliver", "suppress", "quarantine", "routing failed", "discard")


def router_said(word: str, letter: LetterHead) -> Event:
    match word:
        case "deliver":
            return events.routed(letter)
        case "suppress":
            return events.routed(letter, Disposition.SUPPRESS, "loop")
        case "quarantine":
            return events.quarantined(letter)
        case "routing failed":
            return RoutingFailed(message_id=letter.message_id, error="a condition")
        case _:
            return MessageDiscarded(message_id=letter.message_id, discarded_by=ANNA)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@for_all(
    words=st.lists(st.sampled_from(SAID), max_size=5),
    failures=st.integers(0, 5),
    ticketed=st.booleans(),
    seed=st.integers(0, 1000),
)
async def test_any_interleaving_of_the_two_logs_in_any_batches_settles_the_same(
    db: Connection, words: list[str], failures: int, ticketed: bool, seed: int
) -> None:
    mixed, in_order, chance = events.letter(), events.letter(), random.Random(seed)  # noqa: S311
    await accepted(db, mixed, in_order)
    for letter in (mixed, in_order):
        router = recorded(*(router_said(word, letter) for word in words))
        deliveries = [item for item, word in zip(router, words, strict=True) if word == "deliver"]
        tickets = [
            failed_on(item, letter, version) for version, item in enumerate(deliveries[:failures], start=1)
        ]
        if ticketed and failures < len(deliveries):
            tickets += recorded(events.opened(letter))
        if letter is in_order:
            await heard(db, [*router, *tickets])
            continue
        waiting = [router, tickets]
        while any(waiting):
            log = chance.choice([one for one in waiting if one])
            size = chance.randint(1, len(log))
            await heard(db, log[:size])
            if chance.random() < 0.5:
                await heard(db, log[:size])
            del log[:size]
    assert await state(db, mixed.message_id) == await state(db, in_order.message_id)
    book = await count(db)
    assert book.balanced
    assert book.accepted == await db.fetchval("SELECT count(*) FROM ledger")


async def test_the_totals_are_those_of_the_rows_however_many_write_and_add_up_at_once(
    db: Connection, database_url: str
) -> None:
    balanced: list[bool] = []

    async def write(number: int) -> None:
        other = await connect(database_url, "ingest")
        for _ in range(10):
            letters = [events.letter() for _ in range(number)]
            await accepted(other, *letters)
            await heard(other, [item for one in letters for item in recorded(events.opened(one))])
        await other.close()

    async def add_up() -> None:
        other = await connect(database_url, "ingest")
        for _ in range(30):
            await other.execute(_ADD_UP)
            balanced.append((await count(other)).balanced)
        await other.close()

    await asyncio.gather(*(write(number) for number in (1, 3, 7)), add_up(), add_up())
    await db.execute(_ADD_UP)
    book = await count(db)
    assert book == Ledger(accepted=110, ticketed=110, suppressed={}, quarantined=0, failed=0, in_flight=0)
    assert all(balanced)
    assert await db.fetchval("SELECT count(*) FROM tally") == 2


async def test_a_row_that_somebody_took_out_of_the_book_shows_in_its_balance(db: Connection) -> None:
    await accepted(db, events.letter(), events.letter())
    await db.execute("DELETE FROM ledger WHERE message_id = (SELECT message_id FROM ledger LIMIT 1)")
    book = await count(db)
    assert (book.accepted, book.in_flight, book.balanced) == (2, 1, False)


async def test_news_of_a_message_that_was_never_accepted_change_nothing(db: Connection) -> None:
    await heard(db, recorded(events.opened(events.letter())))
    assert (await count(db)).accepted == 0
