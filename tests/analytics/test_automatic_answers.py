"""The report on automatic answers: definitions as in docs/reports.md."""

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from contracts.correspondence import (
    AcknowledgementReleased,
    AcknowledgementWithheld,
    ReminderReleased,
    ReminderWithheld,
)
from tests import events
from tests.analytics.story import ORDERS, Story, column, report
from tests.events import ANNA, BOX, NOON

pytestmark = pytest.mark.anyio
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def acknowledged(story: Story, ticket_id: UUID, after: timedelta = HOUR) -> None:
    letter = events.released(ticket_id, uuid4()).letter.model_copy(update={"automatic": True})
    event = AcknowledgementReleased(ticket_id=ticket_id, reply_id=uuid4(), letter=letter)
    story.happened(event, NOON + after, str(ticket_id))


def reminded(story: Story, ticket_id: UUID, after: timedelta = HOUR) -> None:
    letter = events.released(ticket_id, uuid4()).letter.model_copy(update={"automatic": True})
    event = ReminderReleased(ticket_id=ticket_id, reply_id=uuid4(), letter=letter, automation="Remind")
    story.happened(event, NOON + after, str(ticket_id))


def withheld(story: Story, ticket_id: UUID) -> None:
    for kind in (AcknowledgementWithheld, ReminderWithheld):
        event = kind(ticket_id=ticket_id, recipient="kim@customers.example", detail="a cap")
        story.happened(event, NOON + HOUR, str(ticket_id))


async def test_automatic_letters_are_counted_by_ticketbox_beside_the_answers_of_people(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    support, orders = story.opened(NOON, BOX), story.opened(NOON, ORDERS)
    acknowledged(story, support)
    reminded(story, support)
    withheld(story, support)
    for hours in (1, 2):
        story.answered(support, ANNA, NOON + hours * HOUR)
    acknowledged(story, orders)
    await story.told(db)
    made = await report(db, "automatic_answers")
    assert made.rows == (("Orders", 0, 1, 0, 0, 100.0), ("Support", 2, 1, 1, 2, 50.0))
    assert made.totals == ("Total", 2, 2, 1, 2, 60.0)


async def test_by_day_there_is_a_row_for_each(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    acknowledged(story, ticket)
    reminded(story, ticket, 2 * DAY)
    story.answered(ticket, ANNA, NOON + 2 * DAY)
    await story.told(db)
    made = await report(db, "automatic_answers", by="day")
    assert column(made, "acknowledgements") == [1, 0, 0, 0, 0, 0, 0]
    assert column(made, "reminders") == [0, 0, 1, 0, 0, 0, 0]
    assert column(made, "share")[2] == 50.0


async def test_an_answer_that_is_released_again_is_one_letter(db: asyncpg.Connection) -> None:
    story = Story()
    ticket = story.opened(NOON)
    reply = story.answered(ticket, ANNA, NOON + HOUR)
    story.happened(events.released(ticket, reply, ANNA, attempt=2), NOON + 2 * HOUR, str(ticket))
    await story.told(db)
    assert column(await report(db, "automatic_answers"), "answers") == [1]


async def test_as_of_a_moment_before_it_nothing_had_left(db: asyncpg.Connection) -> None:
    story = Story()
    acknowledged(story, story.opened(NOON))
    await story.told(db)
    assert (await report(db, "automatic_answers", as_of=NOON + HOUR / 2)).rows == ()


async def test_who_sees_one_ticketbox_gets_its_figures_only(db: asyncpg.Connection) -> None:
    story = Story()
    acknowledged(story, story.opened(NOON, BOX))
    await story.told(db)
    assert (await report(db, "automatic_answers", ticketbox_ids=(ORDERS,))).rows == ()


async def test_the_letters_of_a_moved_ticket_are_seen_where_it_is_and_stay_in_the_row_where_it_was_opened(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket = story.opened(NOON, BOX)
    acknowledged(story, ticket)
    story.moved(ticket, NOON + 2 * HOUR, to=ORDERS)
    await story.told(db)
    before = await report(db, "automatic_answers", ticketbox_ids=(ORDERS,), as_of=NOON + HOUR)
    assert before.rows == ()
    assert (await report(db, "automatic_answers", ticketbox_ids=(BOX,))).rows == ()
    seen = await report(db, "automatic_answers", ticketbox_ids=(ORDERS,))
    assert seen.rows == (("Support", 0, 1, 0, 0, 100.0),)
