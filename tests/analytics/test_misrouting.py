"""The report on misrouting: definitions as in docs/reports.md."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

import asyncpg
import pytest

from contracts.mail import LetterHead
from contracts.router import Disposition, MessageRouted, RoutingEvidence, RuleActed
from tests import events
from tests.analytics.story import ORDERS, SECOND, Story, column, report
from tests.events import ANNA, BOX, NOON

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
    assert made.rows == (("Invoices", 2, 0, 1, 50.0), ("No rule: by address", 2, 0, 1, 50.0))
    assert made.totals == ("Total", 4, 0, 2, 50.0)


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
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 0, 0.0),)
    before = await report(db, "misrouting_by_rule", as_of=NOON + 3 * HOUR / 2)
    assert before.rows == (("Invoices", 1, 0, 1, 100.0),)


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
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 0, 0.0),)


async def test_a_rule_is_to_blame_if_a_ticket_came_back_to_its_ticketbox_and_was_corrected_there(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    ticket_id = opened_by(story, "Invoices")
    moved(story, ticket_id, "person")
    moved(story, ticket_id, "person", 2 * HOUR, from_=ORDERS)
    moved(story, ticket_id, after=3 * HOUR)
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 1, 100.0),)


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
    assert made.rows == (("Invoices", 1, 0, 0, 0.0),)


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
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 0, 0.0),)
    assert (await report(db, "misrouting_by_rule", ticketbox_ids=(BOX,))).rows == ()
    assert column(await report(db, "misrouting_by_rule", ticketbox_ids=(ORDERS,)), "tickets") == [1]


async def test_a_ticket_is_seen_where_it_was_corrected_to(db: asyncpg.Connection) -> None:
    story = Story()
    moved(story, opened_by(story, "Invoices"))
    await story.told(db)
    assert (await report(db, "misrouting_by_rule", ticketbox_ids=(BOX,))).rows == ()
    seen = await report(db, "misrouting_by_rule", ticketbox_ids=(ORDERS,))
    assert seen.rows == (("Invoices", 1, 0, 1, 100.0),)


def held_back_by(
    story: Story, rule: str | None, disposition: Disposition = Disposition.SUPPRESS, did: tuple[str, ...] = ()
) -> LetterHead:
    """A message that a rule, or None, held back a second after it came."""
    head = story.received(NOON)
    acted = (RuleActed(rule=rule, condition="true", did=("held_back", *did)),) if rule else ()
    evidence = RoutingEvidence(
        ruleset_version=2, rule=rule, ticketbox_rule=rule if "ticketbox" in did else None, acted=acted
    )
    held = events.routed(head, disposition).model_copy(update={"evidence": evidence})
    story.said(head, held, NOON + SECOND)
    return head


def let_through(story: Story, head: LetterHead, after: timedelta = HOUR) -> None:
    """A person has a message delivered; what the rules said of it stays written down."""
    decided = next(
        item.event
        for item in reversed(story.logs["router"])
        if isinstance(item.event, MessageRouted) and item.event.letter == head
    )
    change = {"disposition": Disposition.DELIVER, "reason": None, "released_by": ANNA}
    story.said(head, decided.model_copy(update=change), NOON + after)


def opened(story: Story, head: LetterHead) -> UUID:
    """A message that was let through opens a ticket."""
    ticket = events.opened(head)
    story.happened(ticket, NOON + 2 * HOUR, str(ticket.ticket_id))
    return ticket.ticket_id


@pytest.mark.parametrize("disposition", [Disposition.SUPPRESS, Disposition.QUARANTINE])
async def test_what_a_person_lets_through_counts_against_the_rule_that_held_it_back(
    db: asyncpg.Connection, disposition: Disposition
) -> None:
    story = Story()
    held_back_by(story, "Spam", disposition)
    let_through(story, held_back_by(story, "Spam", disposition))
    await story.told(db)
    made = await report(db, "misrouting_by_rule")
    assert made.rows == (("Spam", 0, 2, 1, 50.0),)
    before = await report(db, "misrouting_by_rule", as_of=NOON + HOUR / 2)
    assert before.rows == (("Spam", 0, 2, 0, 0.0),)


async def test_what_was_let_through_counts_once_it_is_in_a_ticket_too(db: asyncpg.Connection) -> None:
    story = Story()
    head = held_back_by(story, "Spam")
    let_through(story, head)
    opened(story, head)
    await story.told(db, ("tickets", "router", "ingest"))
    made = await report(db, "misrouting_by_rule")
    assert made.rows == (("Spam", 0, 1, 1, 100.0), ("No rule: by address", 1, 0, 0, 0.0))


async def test_a_rule_that_held_a_letter_back_and_sent_its_ticket_was_wrong_once(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    head = held_back_by(story, "Spam", did=("ticketbox",))
    let_through(story, head)
    moved(story, opened(story, head), after=3 * HOUR)
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == (("Spam", 0, 1, 1, 100.0),)


async def test_what_was_deleted_is_held_back_rightly_unless_it_is_brought_back(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    head = held_back_by(story, "Spam", Disposition.QUARANTINE)
    story.said(head, events.discarded(head), NOON + HOUR)
    let_through(story, head, 2 * HOUR)
    await story.told(db)
    deleted = await report(db, "misrouting_by_rule", as_of=NOON + HOUR)
    assert deleted.rows == (("Spam", 0, 1, 0, 0.0),)
    assert (await report(db, "misrouting_by_rule")).rows == (("Spam", 0, 1, 1, 100.0),)


async def test_what_no_rule_held_back_is_misrouting_of_none(db: asyncpg.Connection) -> None:
    story = Story()
    let_through(story, held_back_by(story, None, Disposition.QUARANTINE))
    failed = story.received(NOON)
    story.said(failed, events.failed(failed), NOON + SECOND)
    story.said(failed, events.routed(failed, released_by=ANNA), NOON + HOUR)
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == ()


async def test_a_rule_that_chose_a_ticketbox_is_not_blamed_for_what_failed_there_and_was_let_through(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    head = story.received(NOON)
    acted = (RuleActed(rule="Invoices", condition="true", did=("ticketbox",)),)
    evidence = RoutingEvidence(ruleset_version=2, rule="Invoices", ticketbox_rule="Invoices", acted=acted)
    story.said(head, events.routed(head).model_copy(update={"evidence": evidence}), NOON + SECOND)
    let_through(story, head)
    opened(story, head)
    await story.told(db)
    assert (await report(db, "misrouting_by_rule")).rows == (("Invoices", 1, 0, 0, 0.0),)


async def test_who_sees_one_ticketbox_gets_what_was_held_back_there_only(db: asyncpg.Connection) -> None:
    story = Story()
    let_through(story, held_back_by(story, "Spam"))
    await story.told(db)
    assert (await report(db, "misrouting_by_rule", ticketbox_ids=(ORDERS,))).rows == ()
    seen = await report(db, "misrouting_by_rule", ticketbox_ids=(BOX,))
    assert seen.rows == (("Spam", 0, 1, 1, 100.0),)
