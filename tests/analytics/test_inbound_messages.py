"""Inbound messages by ticketbox: which messages count, where, and when."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import asyncpg
import pytest

from contracts.event import Event
from contracts.mail import Kind, LetterHead
from contracts.reports import Report
from contracts.router import Disposition
from contracts.standing import MessageState, Standing, hear
from contracts.tickets import TicketingFailed
from tests import events
from tests.analytics.story import ORDERS, SECOND, Story, column
from tests.analytics.story import report as any_report
from tests.events import BOX, NOON

pytestmark = pytest.mark.anyio
A_DAY = timedelta(days=1)


async def report(db: asyncpg.Connection, zone: str = "UTC", **about: object) -> Report:
    return await any_report(db, "inbound_messages_by_ticketbox", zone, **about)


async def test_every_accepted_message_is_in_exactly_one_column(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    follow_up = story.received(NOON + A_DAY)
    story.routed(follow_up)
    story.happened(events.replied(ticket, follow_up), NOON + A_DAY + SECOND, str(ticket))
    story.opened(NOON + A_DAY, ORDERS)
    story.routed(story.received(NOON, Kind.AUTO_REPLY))
    story.routed(story.received(NOON, Kind.BOUNCE), ORDERS)
    story.routed(story.received(NOON, Kind.LOOP), disposition=Disposition.SUPPRESS)
    story.routed(story.received(NOON), disposition=Disposition.QUARANTINE)
    story.received(NOON + 6 * A_DAY)
    await story.told(db)

    made = await report(db)

    assert [one.name for one in made.columns] == [
        "ticketbox",
        "messages",
        "new_tickets",
        "follow_ups",
        "automatic",
        "held_back",
        "share",
    ]
    assert made.rows == (
        ("Orders", 1, 1, 0, 1, 0, 25.0),
        ("Support", 2, 1, 1, 1, 2, 50.0),
        ("Not routed yet", 1, 0, 0, 0, 0, 25.0),
    )
    assert made.totals == ("Total", 4, 2, 1, 2, 2, 100.0)
    accepted = len(story.logs["ingest"])
    assert accepted == sum(int(made.totals[number] or 0) for number in (1, 4, 5))


async def test_a_machine_that_writes_what_a_person_should_read_counts_as_a_message(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    story.opened(NOON, automatic=True)
    await story.told(db)
    assert column(await report(db), "messages") == [1]


async def test_the_range_includes_its_beginning_and_not_its_end(db: asyncpg.Connection) -> None:
    story = Story()
    for at in (NOON - timedelta(microseconds=1), NOON, NOON + A_DAY):
        story.opened(at)
    await story.told(db)
    assert (await report(db, since=NOON, until=NOON + A_DAY)).totals[1] == 1


async def test_each_day_has_a_row_and_each_ticketbox_with_mail_a_column(db: asyncpg.Connection) -> None:
    story = Story()
    for at, box in ((NOON, ORDERS), (NOON + 2 * A_DAY, ORDERS), (NOON + 2 * A_DAY, None)):
        story.opened(at, box) if box else story.opened(at)
    await story.told(db)

    made = await report(db, by="day")

    assert [(one.title, one.unit) for one in made.columns] == [
        ("Day", "date"),
        ("Messages", "count"),
        ("Orders", "count"),
        ("Support", "count"),
    ]
    assert made.rows[:3] == (("2026-03-02", 1, 1, 0), ("2026-03-03", 0, 0, 0), ("2026-03-04", 2, 1, 1))
    assert len(made.rows) == 7
    assert made.totals == ("Total", 3, 2, 1)


@pytest.mark.parametrize(
    ("by", "until", "labels"),
    [
        ("hour", "2026-03-03", [f"2026-03-02T{hour:02}:00:00+01:00" for hour in range(24)]),
        ("day", "2026-03-04", ["2026-03-02", "2026-03-03"]),
        ("week", "2026-03-12", ["2026-03-02", "2026-03-09"]),
        ("month", "2026-03-12", ["2026-03"]),
    ],
)
async def test_periods_are_named_by_how_they_begin_in_the_time_zone_of_the_installation(
    db: asyncpg.Connection, by: str, until: str, labels: list[str]
) -> None:
    story = Story()
    story.opened(NOON.replace(hour=0) - timedelta(minutes=30))  # on Sunday in UTC, on Monday in Berlin
    await story.told(db)
    made = await report(db, "Europe/Berlin", by=by, until=until)
    assert column(made, by) == labels
    assert column(made, "messages") == [1] + [0] * (len(labels) - 1)


async def test_the_hour_that_comes_twice_when_clocks_go_back_has_two_rows(db: asyncpg.Connection) -> None:
    story = Story()
    for minutes in (30, 90, 95):  # of which the first two are both 02:30 in Berlin
        story.opened(datetime(2025, 10, 26, tzinfo=UTC) + timedelta(minutes=minutes))
    await story.told(db)

    made = await report(db, "Europe/Berlin", by="hour", since="2025-10-26", until="2025-10-27")

    assert len(made.rows) == 25
    assert made.rows[2:4] == (("2025-10-26T02:00:00+02:00", 1, 1), ("2025-10-26T02:00:00+01:00", 2, 2))


@pytest.mark.parametrize(
    ("seconds", "rows"),
    [
        (-1, ()),
        (0, (("Not routed yet", 1, 0, 0, 0, 0, 100.0),)),
        (1, (("Support", 1, 0, 0, 0, 0, 100.0),)),
        (2, (("Support", 1, 1, 0, 0, 0, 100.0),)),
    ],
)
async def test_as_of_a_moment_only_what_was_recorded_up_to_it_is_known(
    db: asyncpg.Connection, seconds: int, rows: tuple[object, ...]
) -> None:
    story = Story()
    story.opened(NOON)
    await story.told(db)
    assert (await report(db, as_of=NOON + seconds * SECOND)).rows == rows


async def test_a_message_is_held_back_only_since_that_was_decided(db: asyncpg.Connection) -> None:
    story = Story()
    story.routed(story.received(NOON), disposition=Disposition.QUARANTINE)
    await story.told(db)
    assert (await report(db, as_of=NOON)).totals == ("Total", 1, 0, 0, 0, 0, 100.0)
    assert (await report(db)).totals == ("Total", 0, 0, 0, 0, 1, None)


async def test_what_waits_for_the_virus_scanner_is_not_routed_yet_since_it_came_in_and_counts_once(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    story.held(NOON)
    head, read_at = story.held(NOON, Kind.AUTO_REPLY), NOON + A_DAY
    story.happened(events.received(head), read_at)
    story.routed(head, at=read_at + SECOND)
    await story.told(db)
    before = await report(db, as_of=read_at - SECOND)
    assert before.rows == (("Not routed yet", 2, 0, 0, 0, 0, 100.0),)
    assert (await report(db)).rows == (
        ("Support", 0, 0, 0, 1, 0, 0.0),
        ("Not routed yet", 1, 0, 0, 0, 0, 100.0),
    )
    assert (await report(db, as_of=NOON - SECOND)).rows == ()


async def test_nothing_to_count_has_no_share(db: asyncpg.Connection) -> None:
    assert (await report(db)).totals == ("Total", 0, 0, 0, 0, 0, None)


async def test_a_message_that_was_held_back_counts_where_it_was_let_through_since_that_happened(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    head = story.received(NOON)
    story.routed(head, disposition=Disposition.QUARANTINE)
    released_at = NOON + timedelta(hours=3)
    story.routed(head, ORDERS, at=released_at)
    await story.told(db)
    before = await report(db, as_of=released_at - SECOND)
    assert (column(before, "ticketbox"), column(before, "messages")) == (["Support"], [0])
    assert column(before, "held_back") == [1]
    after = await report(db)
    assert (column(after, "ticketbox"), column(after, "messages")) == (["Orders"], [1])
    assert column(after, "held_back") == [0]


async def test_a_message_that_was_let_through_elsewhere_is_seen_where_it_is(db: asyncpg.Connection) -> None:
    story = Story()
    head = story.received(NOON)
    story.routed(head, disposition=Disposition.QUARANTINE)
    released_at = NOON + timedelta(hours=3)
    story.routed(head, ORDERS, at=released_at)
    await story.told(db)
    before = released_at - SECOND
    assert column(await report(db, ticketbox_ids=(BOX,), as_of=before), "held_back") == [1]
    assert (await report(db, ticketbox_ids=(ORDERS,), as_of=before)).rows == ()
    assert (await report(db, ticketbox_ids=(BOX,))).rows == ()
    assert column(await report(db, ticketbox_ids=(ORDERS,)), "messages") == [1]


async def test_a_message_is_seen_where_its_ticket_is_and_stays_in_the_row_where_the_rules_sent_it(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket = story.opened(NOON, BOX)
    story.moved(ticket, NOON + timedelta(hours=1), to=ORDERS)
    follow_up = story.received(NOON + A_DAY)
    story.routed(follow_up, BOX)
    story.happened(events.replied(ticket, follow_up), NOON + A_DAY + SECOND, str(ticket))
    await story.told(db)
    assert (await report(db, ticketbox_ids=(BOX,))).rows == ()
    seen = await report(db, ticketbox_ids=(ORDERS,))
    assert seen.rows == (("Support", 2, 1, 1, 0, 0, 100.0),)


async def test_a_message_that_is_read_again_is_no_other_message(db: asyncpg.Connection) -> None:
    story = Story()
    head = story.received(NOON)
    story.routed(head)
    story.happened(events.reread(head), NOON + timedelta(days=1))
    await story.told(db)
    assert column(await report(db), "messages") == [1]


HELD_BACK = {MessageState.SUPPRESSED, MessageState.QUARANTINED}
WORDS: dict[str, Callable[[LetterHead], Event]] = {
    "delivered": events.routed,
    "quarantined": events.quarantined,
    "suppressed": lambda head: events.routed(head, Disposition.SUPPRESS),
    "failed": events.failed,
    "discarded": events.discarded,
    "not ticketed": lambda head: TicketingFailed(message_id=head.message_id, error="no ticketbox"),
    "ticketed": events.opened,
}


async def test_whatever_is_said_of_a_message_and_in_which_order_reports_hold_back_what_the_ledger_does(
    db: asyncpg.Connection,
) -> None:
    story, held_back = Story(), Counter[str]()
    for said in (words for most in range(1, 5) for words in product(WORDS, repeat=most)):
        head = story.received(NOON)
        standing = Standing()
        for number, word in enumerate(said, 1):
            event = WORDS[word](head)
            story.happened(event, NOON + number * SECOND, f"{event.service}-{head.message_id}")
            standing = hear(standing, story.logs[event.service][-1])
        held_back["held back" if standing.state in HELD_BACK else "not"] += 1
    await story.told(db, batch=1000)
    totals = (await report(db)).totals
    assert (totals[1], totals[5]) == (held_back["not"], held_back["held back"])


async def test_a_failed_message_that_is_deleted_is_held_back_where_it_was_sent_unless_it_is_delivered_later(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    head, hour = story.received(NOON), timedelta(hours=1)
    story.said(head, events.failed(head, ORDERS), NOON + SECOND)
    story.said(head, events.discarded(head), NOON + hour)
    story.routed(head, at=NOON + 2 * hour)
    await story.told(db)
    for as_of, rows in (
        (NOON + SECOND, (("Not routed yet", 1, 0, 0, 0, 0, 100.0),)),
        (NOON + hour, (("Orders", 0, 0, 0, 0, 1, None),)),
        (NOON + 2 * hour, (("Support", 1, 0, 0, 0, 0, 100.0),)),
    ):
        assert (await report(db, as_of=as_of)).rows == rows


async def test_a_message_that_was_delivered_for_nothing_and_is_quarantined_then_is_held_back(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    head = story.received(NOON)
    story.routed(head, BOX)
    failed = TicketingFailed(message_id=head.message_id, error="no ticketbox")
    story.happened(failed, NOON + 2 * SECOND)
    story.routed(head, ORDERS, Disposition.QUARANTINE, NOON + 3 * SECOND)
    await story.told(db)
    assert (await report(db)).rows == (("Orders", 0, 0, 0, 0, 1, None),)


async def test_a_message_is_of_the_kind_as_which_it_was_delivered(db: asyncpg.Connection) -> None:
    story = Story()
    head = story.received(NOON, Kind.AUTO_REPLY)
    story.said(head, events.failed(head), NOON + SECOND)
    read_again = head.model_copy(update={"kind": Kind.CUSTOMER})
    story.routed(read_again, at=NOON + A_DAY)
    ticket = events.opened(read_again)
    story.happened(ticket, NOON + A_DAY + SECOND, str(ticket.ticket_id))
    await story.told(db)
    assert (await report(db, as_of=NOON + SECOND)).rows == (("Not routed yet", 0, 0, 0, 1, 0, None),)
    assert (await report(db)).rows == (("Support", 1, 1, 0, 0, 0, 100.0),)
