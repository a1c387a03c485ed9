"""What a person may do with a message that the rules, or a failure, stopped."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from uuid import uuid4

import pytest

from chassis.commands import Forbidden, Refusal
from chassis.log import EMPTY, History
from contracts.event import Event, Recorded
from contracts.mail import Address, LetterHead
from contracts.people import BoxRight, Right
from contracts.router import Disposition, MessageDiscarded, MessageRouted, RoutingFailed
from contracts.standing import Standing, hear
from services.router.message import (
    AlreadyDelivered,
    Erased,
    Message,
    MustBeReplayed,
    NotRoutedYet,
    discard,
    is_to_be_routed,
    permit,
    release,
)
from services.router.ruleset import Ruleset, Ticketbox
from tests import desks, events
from tests.events import ANNA, BOX, recorded

LETTER = events.letter().model_copy(update={"recipients": ("orders@example.com",)})
ORDERS = Ticketbox(uuid4(), "Orders", frozenset({"orders@example.com"}))
SUPPORT = Ticketbox(BOX, "Support", frozenset({"support@example.com"}))
RULES = Ruleset(4, (), BOX, {box.ticketbox_id: box for box in (SUPPORT, ORDERS)})
DELIVERED = events.routed(LETTER)
QUARANTINED = events.quarantined(LETTER)
SUPPRESSED = events.routed(LETTER, Disposition.SUPPRESS, "loop")
DISCARDED = MessageDiscarded(message_id=LETTER.message_id, discarded_by=ANNA)


def failed(letter: LetterHead | None = LETTER) -> RoutingFailed:
    return RoutingFailed(message_id=LETTER.message_id, error="a condition", letter=letter)


def given(*said: Event) -> Message:
    return message(recorded(*said))


def undelivered(*said: Event) -> Message:
    """Tickets failed on the last of these."""
    known = message(history := recorded(*said))
    routing_id = history[-1].event_id
    standing = replace(
        known.standing, failed_version=1, failed_routing_id=routing_id, failed_reason="a trigger"
    )
    return replace(known, standing=standing)


def message(history: list[Recorded[Event]]) -> Message:
    return Message(LETTER.message_id, History(tuple(history), EMPTY), reduce(hear, history, Standing()))


@pytest.mark.parametrize(
    "stopped",
    [given(QUARANTINED), given(SUPPRESSED), given(QUARANTINED, DISCARDED), undelivered(DELIVERED)],
    ids=["quarantined", "suppressed", "deleted", "failed in tickets"],
)
def test_what_was_stopped_is_released_where_the_rules_had_put_it(stopped: Message) -> None:
    (released,) = release(stopped, RULES, ANNA)
    assert isinstance(released, MessageRouted)
    assert released == DELIVERED.model_copy(update={"released_by": ANNA})


def test_what_the_rules_failed_on_is_released_where_its_address_points() -> None:
    (released,) = release(given(failed()), RULES, ANNA)
    assert isinstance(released, MessageRouted)
    assert (released.letter, released.ticketbox) == (LETTER, "Orders")
    assert released.evidence.matched == (("recipients", "orders@example.com"),)
    assert released.disposition is Disposition.DELIVER


@pytest.mark.parametrize("stopped", [given(QUARANTINED), undelivered(DELIVERED)])
def test_if_its_ticketbox_was_removed_it_is_released_where_its_address_points(stopped: Message) -> None:
    rules = Ruleset(5, (), ORDERS.ticketbox_id, {ORDERS.ticketbox_id: ORDERS})
    (released,) = release(stopped, rules, ANNA)
    assert isinstance(released, MessageRouted)
    assert (released.ticketbox_id, released.ticketbox) == (ORDERS.ticketbox_id, "Orders")
    assert released.evidence.ticketbox_rule is None
    assert (released.priority, released.tags) == (DELIVERED.priority, DELIVERED.tags)


def test_if_its_ticketbox_was_removed_who_manages_the_one_that_gets_it_decides() -> None:
    rules = Ruleset(5, (), ORDERS.ticketbox_id, {ORDERS.ticketbox_id: ORDERS})
    manager = desks.ANNA.model_copy(
        update={"rights": (BoxRight(ticketbox_id=ORDERS.ticketbox_id, right=Right.MANAGE),)}
    )
    permit(manager, manager.id, given(QUARANTINED), rules)
    with pytest.raises(Forbidden, match="Support"):
        permit(manager, manager.id, given(QUARANTINED), RULES)


def test_a_newer_reading_is_what_is_released() -> None:
    newer = LETTER.model_copy(update={"subject": "Read better"})
    (released,) = release(given(QUARANTINED, failed(newer)), RULES, ANNA)
    assert isinstance(released, MessageRouted)
    assert released.letter.subject == "Read better"


def test_what_failed_under_an_earlier_release_must_be_replayed() -> None:
    with pytest.raises(MustBeReplayed):
        release(given(failed(None)), RULES, ANNA)


def test_what_waits_for_a_person_is_deleted_once() -> None:
    for waiting in (given(QUARANTINED), given(failed()), undelivered(DELIVERED)):
        assert discard(waiting, ANNA) == [DISCARDED]
    assert discard(given(QUARANTINED, DISCARDED), ANNA) == []
    assert discard(given(SUPPRESSED), ANNA) == []


@pytest.mark.parametrize(
    ("known", "refusal"),
    [
        (given(), NotRoutedYet),
        (given(DELIVERED), AlreadyDelivered),
        (given(QUARANTINED, DELIVERED), AlreadyDelivered),
    ],
    ids=["not routed", "delivered", "released"],
)
def test_what_is_on_its_way_is_left_where_it_is(known: Message, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        release(known, RULES, ANNA)
    with pytest.raises(refusal):
        discard(known, ANNA)


def test_a_new_reading_is_routed_where_a_person_waits_for_it_and_nowhere_else() -> None:
    reread = events.reread(LETTER)
    for waiting in (given(), given(QUARANTINED), given(failed()), undelivered(DELIVERED)):
        assert is_to_be_routed(reread, waiting)
    for settled in (given(DELIVERED), given(SUPPRESSED), given(QUARANTINED, DISCARDED)):
        assert not is_to_be_routed(reread, settled)


def test_what_was_received_is_routed_once_and_again_only_if_that_failed() -> None:
    received = events.received(LETTER)
    assert is_to_be_routed(received, given())
    assert is_to_be_routed(received, given(failed()))
    for settled in (given(DELIVERED), given(QUARANTINED), given(failed(), DISCARDED)):
        assert not is_to_be_routed(received, settled)


@pytest.mark.parametrize("said", [events.quarantined, failed])
def test_a_message_whose_writer_was_erased_is_not_let_through(said: Callable[[LetterHead], Event]) -> None:
    nobody = LETTER.model_copy(update={"from_": Address(address="erased-12@erased.invalid")})
    with pytest.raises(Erased):
        release(given(said(nobody)), RULES, ANNA)
