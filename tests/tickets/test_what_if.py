"""What other policies and calendars would have meant, and that the policies of now say what truly happened."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.service_levels import Calendar, Policy, SLABreached, Target
from contracts.ticket_events import TicketEvent
from contracts.trials import WhatIfRow
from services.tickets.desk import Desk
from services.tickets.evolve import evolve
from services.tickets.ticket import Ticket
from services.tickets.what_if import CLOCKED, Asked, Happened, Tally, concerning_clocks, examine
from services.tickets.what_ifs import beginning
from tests.tickets.story import (
    BOX,
    MINUTE,
    MONDAY,
    NOTED,
    OFFICE,
    ORDERS,
    PENDING,
    REOPENED,
    SOLVED,
    Story,
    answered,
    desk_of,
    events_of,
    policy,
)

STANDARD = policy()
DESK = desk_of(STANDARD)


def history(story: Story, *, whole: bool = False) -> list[Happened]:
    """What a what-if reads of a ticket."""
    return [
        Happened(event.type_name(), event.schema_version, event.model_dump_json(), str(number), at)
        for number, (at, events) in enumerate(story.steps)
        for event in events
        if whole or isinstance(event, CLOCKED)
    ]


def tried(story: Story, *things: Policy | Calendar, until: datetime | None = None) -> Tally:
    """A ticket by the desk as it is, and by one with other things."""
    after = Desk({**story.desk.things, **{thing.id: thing for thing in things}})
    asked = Asked(concerning_clocks(story.desk), concerning_clocks(after), until or story.now)
    return examine([history(story)], asked)


def stricter(**targets: int) -> Policy:
    return STANDARD.model_copy(
        update={"targets": {Target(name): minutes for name, minutes in targets.items()}}
    )


def test_a_draft_that_says_the_same_changes_nothing() -> None:
    tally = tried(Story(DESK).after(75, answered()).writes(5).after(500, answered()), STANDARD)
    assert (tally.before, tally.changes) == (tally.after, [])
    assert tally.before.total() == 3


def test_a_stricter_policy_adds_breaches_and_says_which() -> None:
    story = Story(DESK).after(50, answered())
    (change,) = tried(story, stricter(first_response=45)).changes
    assert change.kinds == ("added", "first_response")
    assert (change.since, change.due_at) == (MONDAY, MONDAY + 45 * MINUTE)


def test_a_laxer_policy_avoids_breaches() -> None:
    story = Story(DESK).after(75, answered(), SOLVED)
    (change,) = tried(story, stricter(first_response=90)).changes
    assert (change.kinds, change.due_at) == (("avoided", "first_response"), MONDAY + 60 * MINUTE)


def test_a_calendar_that_closes_at_night_avoids_what_was_missed_at_night() -> None:
    office = policy(calendar_id=str(OFFICE.id))
    always = Calendar.model_validate(
        {
            "id": OFFICE.id,
            "name": "Office",
            "time_zone": "UTC",
            "week": {day: [{"begin": "00:00", "end": "24:00"}] for day in OFFICE.week},
        }
    )
    story = Story(desk_of(office, always), now=datetime(2026, 3, 2, 17, tzinfo=UTC))
    story.after(120, answered())
    assert [change.kinds for change in tried(story, OFFICE).changes] == [("avoided", "first_response")]


def test_a_pause_that_a_policy_would_not_grant_adds_breaches() -> None:
    unpaused = STANDARD.model_copy(update={"pause_in": ()})
    story = Story(DESK).after(10, answered(), PENDING).after(600, REOPENED).after(1, answered(), SOLVED)
    assert [change.kinds for change in tried(story, unpaused).changes] == [("added", "resolution")]


def test_what_still_waits_is_missed_by_the_end_of_the_time() -> None:
    assert tried(Story(DESK), STANDARD, until=MONDAY + 59 * MINUTE).before.total() == 0
    assert tried(Story(DESK), STANDARD, until=MONDAY + 61 * MINUTE).before.total() == 1


def test_breaches_are_summed_up_by_target_ticketbox_and_the_month_in_which_the_clock_began() -> None:
    tally = Tally()
    story = Story(DESK).after(75, *events_of("orders", Story(DESK)), answered()).after(600, NOTED)
    tally.add(tried(story, stricter(first_response=90)))
    summary = tally.summary()
    assert summary.rows == (
        WhatIfRow(target="first_response", ticketbox_id=BOX, month="2026-03", before=1, after=0),
        WhatIfRow(target="resolution", ticketbox_id=ORDERS, month="2026-03", before=1, after=0),
    )
    assert (summary.before, summary.after, summary.avoided, summary.added) == (2, 0, 2, 0)


def test_a_ticket_that_cannot_be_read_is_counted_and_the_others_go_on() -> None:
    erased = [Happened("TicketOpened", 1, "{}", "0", MONDAY)]
    unknown = [Happened("TicketTeleported", 1, "{}", "0", MONDAY)]
    headless = history(Story(DESK).after(5, answered()))[1:]
    asked = Asked(DESK, DESK, MONDAY + timedelta(days=1))
    tally = examine([erased, unknown, headless, history(Story(DESK))], asked)
    assert (tally.examined, tally.unread) == (1, 3)


def test_changes_of_all_batches_are_counted() -> None:
    tally = Tally()
    for _ in range(3):
        tally.add(tried(Story(DESK).after(50, answered()), stricter(first_response=45)))
    assert tally.summary().added == 3


@pytest.mark.parametrize(
    ("months", "began"), [(1, "2026-02-01"), (2, "2026-01-01"), (3, "2025-12-01"), (14, "2025-01-01")]
)
def test_past_months_are_whole_ones(months: int, began: str) -> None:
    assert beginning(MONDAY, months).date().isoformat() == began


HAPPENINGS = st.sampled_from(
    [
        *("answer", "letter", "thanks", "machine", "pending", "reopen", "hold", "hold 40", "solve"),
        *("merge", "unmerge", "note", "urgent", "normal", "orders", "support", "vip", "plain"),
    ]
)


@settings(max_examples=200, deadline=None)
@for_all(steps=st.lists(st.tuples(st.integers(0, 700), HAPPENINGS), max_size=15))
def test_where_nothing_of_the_desk_changed_the_policies_of_now_miss_what_was_truly_missed(
    steps: Sequence[tuple[int, str]],
) -> None:
    urgent = policy(name="Urgent", order=1, priorities=["urgent"], pause_in=[], targets={"resolution": 90})
    orders = policy(name="Orders", order=2, ticketbox_ids=[str(ORDERS)], targets={"first_response": 30})
    vip = policy(name="VIP", order=3, tags=["vip"], targets={"next_response": 50})
    normal = policy(calendar_id=str(OFFICE.id))
    story = Story(desk_of(urgent, orders, vip, normal, OFFICE))
    for minutes, name in steps:
        story.now += minutes * MINUTE
        story.after(0, *events_of(name, story))
    story.after(0)  # as the clock does, what is due by now is written down
    recorded = [missed(event) for event in story.appended if isinstance(event, SLABreached)]
    asked = Asked(story.desk, Desk({}), story.now)
    replayed = examine([history(story)], asked)
    assert sorted((*change.kinds[1:], change.since, change.due_at) for change in replayed.changes) == sorted(
        recorded
    )
    # What is passed over when a ticket is read makes no difference.
    whole = [one for one in history(story, whole=True) if one.type not in {"SLABreached", "DeadlinesChanged"}]
    assert examine([whole], asked).changes == replayed.changes


def missed(event: SLABreached) -> tuple[str, datetime | None, datetime]:
    return event.target, event.since, event.due_at


SAMPLES = Path(__file__).parents[1] / "contracts" / "samples"


def test_what_a_what_if_passes_over_changes_nothing_that_clocks_depend_on() -> None:
    ticket = Story(DESK).ticket
    for kind in set(get_args(TicketEvent)) - set(CLOCKED):
        for sample in SAMPLES.glob(f"{kind.__name__}.v{kind.schema_version}*.json"):
            after = evolve(ticket, kind.read(sample.read_bytes(), kind.schema_version), 2, MONDAY)
            assert (counted(after), kind) == (counted(ticket), kind)


def counted(ticket: Ticket) -> tuple[object, ...]:
    clocks = (ticket.asked, ticket.began_by, ticket.had_first_response, ticket.spells)
    applies = (ticket.priority, ticket.tags, ticket.ticketbox_id, ticket.contact)
    return (*clocks, *applies, ticket.state, ticket.merged_into_id)
