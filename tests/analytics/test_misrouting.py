"""The report on misrouting: definitions as in docs/reports.md."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

import asyncpg
import pytest

from contracts.router import Disposition, RoutingEvidence, RuleActed
from tests import events
from tests.analytics.story import ORDERS, SECOND, Story, column, report
from tests.events import BOX, NOON

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


def opened_by(story: Story, rule: str | None, *, decided_box: bool = True) -> UUID:
    """A ticket that a rule sent to its box; None: its address did."""
    head = story.received(NOON)
    acted = (
        (RuleActed(rule=rule, condition="true", did=("ticketbox",) if decided_box else ("tags",)),)
        if rule
        else ()
    )
    evidence = RoutingEvidence(
        ruleset_version=2, rule=rule, ticketbox_rule=rule if decided_box else None, acted=acted
    )
    story.happened(events.routed(head).model_copy(update={"evidence": evidence}), NOON + SECOND)
    ticket = events.opened(head)
    story.happened(ticket, NOON + 2 * SECOND, str(ticket.ticket_id))
    return ticket.ticket_id


def moved(
    story: Story,
    ticket_id: UUID,
    why: Literal["person", "correction", "overflow", "undo"] = "correction",
    after: timedelta = HOUR,
    from_: UUID = BOX,
) -> None:
    story.moved(ticket_id, NOON + after, ORDERS if from_ == BOX else BOX, from_, why)


async def test_a_correction_counts_against_the_rule_that_chose_the_ticketbox(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    moved(story, opened_by(story, "Invoices"))
    opened_by(story, "Invoices")
    moved(story, opened_by(story, None))
    opened_by(story, "Tagged", decided_box=False)
    await story.told(db)
    made = await report(db, "misrouting_by_rule")
    assert made.rows == (("Invoices", 2, 1, 50.0), ("No rule: by address", 2, 1, 50.0))
    assert made.totals == ("Total", 4, 2, 50.0)


async def test_a_move_that_is_no_correction_is_not_misrouting(db: asyncpg.Connection) -> None:
    story = Story()
    moved(story, opened_by(story, "Invoices"), why="person")
    await story.told(db)
    assert column(await report(db, "misrouting_by_rule"), "corrected") == [0]


async def test_a_ticket_that_is_corrected_twice_was_misrouted_once(db: asyncpg.Connection) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id)
    moved(story, ticket_id, after=2 * HOUR)
    await story.told(db)
    assert column(await report(db, "misrouting_by_rule"), "corrected") == [1]


async def test_a_correction_that_was_undone_is_not_misrouting(db: asyncpg.Connection) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id)
    moved(story, ticket_id, why="undo", after=2 * HOUR)
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 0.0),)
    before = await report(db, "misrouting_by_rule", as_of=NOON + 3 * HOUR / 2)
    assert before.rows == (("Invoices", 1, 1, 100.0),)


async def test_a_correction_counts_if_another_move_was_undone(db: asyncpg.Connection) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id)
    moved(story, ticket_id, why="person", after=2 * HOUR)
    moved(story, ticket_id, why="undo", after=3 * HOUR)
    await story.told(db)
    assert column(await report(db, "misrouting_by_rule"), "corrected") == [1]


async def test_a_correction_that_is_made_again_after_it_was_undone_counts(db: asyncpg.Connection) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id)
    moved(story, ticket_id, why="undo", after=2 * HOUR)
    moved(story, ticket_id, after=3 * HOUR)
    await story.told(db)
    assert column(await report(db, "misrouting_by_rule"), "corrected") == [1]


@pytest.mark.parametrize("why", ["person", "overflow"])
async def test_a_rule_is_not_to_blame_if_a_ticket_was_taken_from_its_ticketbox_and_that_was_wrong(
    db: asyncpg.Connection, why: Literal["person", "overflow"]
) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id, why)
    moved(story, ticket_id, after=2 * HOUR, from_=ORDERS)
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 0.0),)


async def test_a_rule_is_to_blame_if_a_ticket_came_back_to_its_ticketbox_and_was_corrected_there(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id, "person")
    moved(story, ticket_id, "person", 2 * HOUR, from_=ORDERS)
    moved(story, ticket_id, after=3 * HOUR)
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 1, 100.0),)


async def test_a_correction_whose_undo_was_undone_counts_until_it_is_undone_again(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id)
    for undos, box in enumerate((ORDERS, BOX, ORDERS), 1):
        moved(story, ticket_id, "undo", HOUR + undos * SECOND, from_=box)
    await story.told(db)
    for undos, corrected in enumerate((1, 0, 1, 0)):
        made = await report(db, "misrouting_by_rule", as_of=NOON + HOUR + undos * SECOND)
        assert column(made, "corrected") == [corrected]


async def test_as_of_a_moment_before_the_correction_nothing_was_wrong(db: asyncpg.Connection) -> None:
    story = Story()
    moved(story, opened_by(story, "Invoices"))
    await story.told(db)
    made = await report(db, "misrouting_by_rule", as_of=NOON + HOUR / 2)
    assert made.rows == (("Invoices", 1, 0, 0.0),)


async def test_the_logs_may_be_heard_in_any_order(db: asyncpg.Connection) -> None:
    story = Story()
    moved(story, opened_by(story, "Invoices"))
    await story.told(db, ("tickets", "router", "ingest"))
    assert column(await report(db, "misrouting_by_rule"), "corrected") == [1]


async def test_rules_of_early_releases_are_known_by_the_one_that_held(db: asyncpg.Connection) -> None:
    story = Story()
    head = story.received(NOON)
    evidence = RoutingEvidence(ruleset_version=1, rule="Early", condition="true")
    story.happened(events.routed(head).model_copy(update={"evidence": evidence}), NOON + SECOND)
    ticket = events.opened(head)
    story.happened(ticket, NOON + 2 * SECOND, str(ticket.ticket_id))
    await story.told(db)
    assert column(await report(db, "misrouting_by_rule"), "rule") == ["Early"]


async def test_who_sees_one_ticketbox_gets_its_figures_only(db: asyncpg.Connection) -> None:
    story = Story()
    opened_by(story, "Invoices")
    await story.told(db)
    assert (await report(db, "misrouting_by_rule", ticketbox_ids=(ORDERS,))).rows == ()


async def test_a_rule_is_not_blamed_for_what_another_one_delivered_later(db: asyncpg.Connection) -> None:
    story = Story()
    head = story.received(NOON)
    for rule, box, disposition, at in (
        ("Looks like spam", BOX, Disposition.QUARANTINE, NOON + SECOND),
        ("Invoices", ORDERS, Disposition.DELIVER, NOON + HOUR),
    ):
        decided = {
            "ticketbox_id": box,
            "disposition": disposition,
            "evidence": RoutingEvidence(ruleset_version=2, rule=rule, ticketbox_rule=rule),
        }
        story.happened(events.routed(head).model_copy(update=decided), at, "routed")
    ticket = events.opened(head).model_copy(update={"ticketbox_id": ORDERS})
    story.happened(ticket, NOON + 2 * HOUR, str(ticket.ticket_id))
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 0.0),)
    assert (await report(db, "misrouting_by_rule", ticketbox_ids=(BOX,))).rows == ()
    assert column(await report(db, "misrouting_by_rule", ticketbox_ids=(ORDERS,)), "tickets") == [1]


async def test_a_ticket_is_seen_where_it_was_corrected_to(db: asyncpg.Connection) -> None:
    story = Story()
    moved(story, opened_by(story, "Invoices"))
    await story.told(db)
    assert (await report(db, "misrouting_by_rule", ticketbox_ids=(BOX,))).rows == ()
    seen = await report(db, "misrouting_by_rule", ticketbox_ids=(ORDERS,))
    assert seen.rows == (("Invoices", 1, 1, 100.0),)
