"""First response time by agent: when a wait begins, what ends it, and whose it is."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from contracts.mail import LetterHead
from contracts.reports import Report
from contracts.tickets import MergeUndone, TicketMerged
from tests import events
from tests.analytics.story import ORDERS, SECOND, Story
from tests.analytics.story import report as any_report
from tests.events import ANNA, BELA, BOX, NOON

pytestmark = pytest.mark.anyio
A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)


async def report(db: asyncpg.Connection, **about: object) -> Report:
    return await any_report(db, "first_response_time_by_agent", **about)


async def test_median_90th_percentile_and_mean_of_each_agent_and_of_all_waits(db: asyncpg.Connection) -> None:
    story = Story()
    for number, minutes in enumerate((10, 20, 30, 40, 100)):
        at = NOON + number * timedelta(hours=1)
        story.answered(story.opened(at), ANNA, at + minutes * A_MINUTE)
    story.answered(story.opened(NOON), BELA, NOON + 60 * A_MINUTE)
    await story.told(db)

    made = await report(db)

    assert [one.name for one in made.columns] == ["agent", "answers", "median", "p90", "mean", "unanswered"]
    assert made.rows == (
        # Of 10, 20, 30, 40 and 100 minutes, the 90th percentile lies 0.6 of the way from the fourth to the fifth.
        ("Anna", 5, 30 * 60.0, 76 * 60.0, 40 * 60.0, 0),
        ("Bela", 1, 60 * 60.0, 60 * 60.0, 60 * 60.0, 0),
    )
    assert made.totals == ("Total", 6, 35 * 60.0, 80 * 60.0, round(260 / 6 * 60, 1), 0)


async def test_a_wait_belongs_to_who_answered_and_not_to_the_owner(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    story.assigned(ticket, ANNA, NOON + A_MINUTE)
    story.answered(ticket, BELA, NOON + 5 * A_MINUTE)
    await story.told(db)
    assert [row[:3] for row in (await report(db)).rows] == [("Bela", 1, 300.0)]


async def test_a_second_answer_is_no_first_response(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    story.answered(ticket, ANNA, NOON + 5 * A_MINUTE)
    story.answered(ticket, BELA, NOON + 9 * A_MINUTE)
    await story.told(db)
    assert (await report(db)).totals[:3] == ("Total", 1, 300.0)


async def test_an_answer_counts_from_its_release_even_if_it_is_never_delivered(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket = story.opened(NOON)
    story.happened(events.released(ticket, uuid4(), ANNA), NOON + 5 * A_MINUTE, str(ticket))
    await story.told(db)
    assert (await report(db)).totals[:3] == ("Total", 1, 300.0)


async def test_an_answer_that_is_only_submitted_ends_no_wait(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    story.happened(events.submitted(ticket, uuid4(), ANNA), NOON + 5 * A_MINUTE, str(ticket))
    await story.told(db)
    assert (await report(db)).totals == ("Total", 0, None, None, None, 1)


async def test_an_automatic_answer_ends_no_wait(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    released = events.released(ticket, uuid4(), ANNA)
    automatic = released.letter.model_copy(update={"automatic": True})
    story.happened(released.model_copy(update={"letter": automatic}), NOON + A_MINUTE, str(ticket))
    story.answered(ticket, BELA, NOON + 5 * A_MINUTE)
    await story.told(db)
    assert [row[:3] for row in (await report(db)).rows] == [("Bela", 1, 300.0)]


async def test_who_is_not_answered_is_counted_for_the_owner_of_the_ticket(db: asyncpg.Connection) -> None:
    story = Story()
    passed_on, given_back, _ = story.opened(NOON), story.opened(NOON), story.opened(NOON)
    story.assigned(passed_on, ANNA, NOON + A_MINUTE)
    story.assigned(passed_on, BELA, NOON + 2 * A_MINUTE)
    story.assigned(given_back, ANNA, NOON + A_MINUTE)
    story.assigned(given_back, None, NOON + 2 * A_MINUTE)
    await story.told(db)

    made = await report(db)

    assert made.rows == (("Bela", 0, None, None, None, 1), ("Nobody", 0, None, None, None, 2))
    assert made.totals == ("Total", 0, None, None, None, 3)


async def test_nobody_waits_for_an_answer_to_a_machine(db: asyncpg.Connection) -> None:
    story = Story()
    story.answered(story.opened(NOON, automatic=True), ANNA, NOON + A_MINUTE)
    await story.told(db)
    made = await report(db)
    assert made.rows == ()
    assert made.totals == ("Total", 0, None, None, None, 0)


async def test_a_wait_is_in_the_range_in_which_it_began(db: asyncpg.Connection) -> None:
    story = Story()
    story.answered(story.opened(NOON), ANNA, NOON + 8 * A_DAY)
    story.answered(story.opened(NOON - A_DAY), BELA, NOON)
    await story.told(db)
    assert [row[:3] for row in (await report(db)).rows] == [("Anna", 1, 8 * 86400.0)]


async def test_as_of_a_moment_an_answer_that_was_recorded_later_is_missing(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    story.assigned(ticket, ANNA, NOON + A_MINUTE)
    story.assigned(ticket, BELA, NOON + 3 * A_MINUTE)
    story.answered(ticket, BELA, NOON + 5 * A_MINUTE)
    await story.told(db)

    assert (await report(db, as_of=NOON)).rows == ()
    assert (await report(db, as_of=NOON + 2 * A_MINUTE)).rows == (("Anna", 0, None, None, None, 1),)
    assert (await report(db, as_of=NOON + 4 * A_MINUTE)).rows == (("Bela", 0, None, None, None, 1),)
    assert (await report(db, as_of=NOON + 5 * A_MINUTE)).rows == (("Bela", 1, 300.0, 300.0, 300.0, 0),)


async def test_two_people_of_one_name_have_a_row_each(db: asyncpg.Connection) -> None:
    story = Story()
    other = uuid4()
    story.happened(events.person_added(other, "Anna"), NOON)
    for agent in (ANNA, other):
        story.answered(story.opened(NOON), agent, NOON + A_MINUTE)
    await story.told(db)
    assert [row[:2] for row in (await report(db)).rows] == [("Anna", 1), ("Anna", 1)]


async def test_a_ticket_that_was_merged_before_it_was_answered_waits_in_the_other_one(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    first, again = story.opened(NOON), story.opened(NOON + A_MINUTE)
    merged_at = NOON + 5 * A_MINUTE
    merged = TicketMerged(ticket_id=again, into_id=first, into_number=10017, merged_by=ANNA)
    story.happened(merged, merged_at, str(again))
    story.answered(first, ANNA, NOON + 10 * A_MINUTE)
    undone_at = NOON + 20 * A_MINUTE
    undone = MergeUndone(ticket_id=again, into_id=first, undone_by=ANNA)
    story.happened(undone, undone_at, str(again))
    await story.told(db)
    for as_of, answers, unanswered in (
        (merged_at - SECOND, 0, 2),
        (merged_at, 0, 1),
        (undone_at - SECOND, 1, 0),
        (undone_at, 1, 1),
    ):
        totals = (await report(db, as_of=as_of)).totals
        assert (totals[1], totals[-1]) == (answers, unanswered)


async def test_a_ticket_that_was_answered_before_it_was_merged_counts(db: asyncpg.Connection) -> None:
    story = Story()
    first, again = story.opened(NOON), story.opened(NOON + A_MINUTE)
    story.answered(again, BELA, NOON + 3 * A_MINUTE)
    merged = TicketMerged(ticket_id=again, into_id=first, into_number=10017, merged_by=ANNA)
    story.happened(merged, NOON + 5 * A_MINUTE, str(again))
    story.answered(first, ANNA, NOON + 10 * A_MINUTE)
    await story.told(db)
    assert [row[:2] for row in (await report(db)).rows] == [("Anna", 1), ("Bela", 1)]


def merged(story: Story, ticket_id: UUID, into_id: UUID, at: datetime) -> None:
    event = TicketMerged(ticket_id=ticket_id, into_id=into_id, into_number=10017, merged_by=ANNA)
    story.happened(event, at, str(ticket_id))


def split_off(
    story: Story, ticket_id: UUID, head: LetterHead, at: datetime, *, settled: bool = False
) -> UUID:
    """A letter of a ticket gets a ticket of its own; returns its id."""
    split = {"ticket_id": uuid4(), "split_from_id": ticket_id, "settled": settled}
    own = events.opened(head).model_copy(update=split)
    story.happened(own, at, str(own.ticket_id))
    return own.ticket_id


async def test_who_waited_in_a_merged_ticket_waits_since_the_first_letter_also_by_way_of_a_third_ticket(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    first, second, third = (story.opened(NOON + number * A_DAY) for number in range(3))
    merged(story, first, second, NOON + 3 * A_DAY)
    merged(story, second, third, NOON + 4 * A_DAY)
    story.answered(third, ANNA, NOON + 5 * A_DAY)
    await story.told(db)
    assert (await report(db)).rows == (("Anna", 1, *[5 * 86400.0] * 3, 0),)
    waiting = await report(db, as_of=NOON + 4 * A_DAY)
    assert (waiting.totals[1], waiting.totals[-1]) == (0, 1)


async def test_such_a_wait_is_in_the_range_in_which_it_began(db: asyncpg.Connection) -> None:
    story = Story()
    first, later = story.opened(NOON), story.opened(NOON + 8 * A_DAY)
    merged(story, first, later, NOON + 9 * A_DAY)
    await story.told(db)
    assert (await report(db)).totals[-1] == 1
    next_week = NOON.date() + 7 * A_DAY
    assert (await report(db, since=next_week, until=next_week + 7 * A_DAY)).totals[-1] == 0


async def test_who_is_merged_into_a_ticket_that_was_answered_does_not_change_its_first_response(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    first, later = story.opened(NOON), story.opened(NOON + A_DAY)
    story.answered(later, ANNA, NOON + A_DAY + A_MINUTE)
    merged(story, first, later, NOON + 2 * A_DAY)
    await story.told(db)
    assert (await report(db)).rows == (("Anna", 1, 60.0, 60.0, 60.0, 0),)


async def test_somebody_waits_in_a_ticket_that_a_machine_opened_since_a_merge_brought_them(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    machine, person = story.opened(NOON, automatic=True), story.opened(NOON + A_MINUTE)
    merged(story, person, machine, NOON + 2 * A_MINUTE)
    story.answered(machine, ANNA, NOON + 3 * A_MINUTE)
    await story.told(db)
    assert (await report(db)).rows == (("Anna", 1, 120.0, 120.0, 120.0, 0),)


async def test_a_letter_that_was_answered_before_it_was_split_off_waits_for_no_first_answer(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket, answered = story.opened(NOON), story.received(NOON + A_MINUTE)
    story.answered(ticket, ANNA, NOON + 2 * A_MINUTE)
    unanswered = story.received(NOON + 3 * A_MINUTE)
    own = split_off(story, ticket, answered, NOON + A_DAY, settled=True)
    split_off(story, ticket, unanswered, NOON + A_DAY)
    story.answered(own, ANNA, NOON + 2 * A_DAY)
    await story.told(db)
    totals = (await report(db)).totals
    assert (totals[1], totals[2], totals[-1]) == (1, 120.0, 1)


async def test_an_answer_after_a_letter_was_split_off_is_none_to_it(db: asyncpg.Connection) -> None:
    story = Story()
    ticket, letter = story.opened(NOON), story.received(NOON + A_MINUTE)
    split_off(story, ticket, letter, NOON + 2 * A_MINUTE)
    story.answered(ticket, ANNA, NOON + 3 * A_MINUTE)
    await story.told(db)
    totals = (await report(db)).totals
    assert (totals[1], totals[-1]) == (1, 1)


async def test_a_ticket_is_seen_where_it_was_moved_last_and_no_longer_where_it_was_opened(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket = story.opened(NOON, BOX)
    story.moved(ticket, NOON + A_MINUTE, to=ORDERS)
    story.answered(ticket, BELA, NOON + 5 * A_MINUTE)
    story.moved(ticket, NOON + 10 * A_MINUTE, to=BOX, from_=ORDERS, why="undo")
    await story.told(db)
    for as_of, seen_in, hidden_in in (
        (NOON + 30 * SECOND, BOX, ORDERS),
        (NOON + 5 * A_MINUTE, ORDERS, BOX),
        (NOON + 10 * A_MINUTE, BOX, ORDERS),
    ):
        assert len((await report(db, ticketbox_ids=(seen_in,), as_of=as_of)).rows) == 1
        assert (await report(db, ticketbox_ids=(hidden_in,), as_of=as_of)).rows == ()


async def test_where_moves_were_heard_without_their_target_only_who_sees_all_sees_the_ticket(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    story.moved(story.opened(NOON, BOX), NOON + A_MINUTE, to=ORDERS)
    await story.told(db)
    await db.execute("UPDATE fact_move SET to_ticketbox_id = NULL")
    for box in (BOX, ORDERS):
        assert (await report(db, ticketbox_ids=(box,))).rows == ()
    assert len((await report(db)).rows) == 1
