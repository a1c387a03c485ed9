"""Where a message stands: its state follows from the last words of router and of tickets."""

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from contracts.event import Event, Recorded
from contracts.router import Disposition, MessageDiscarded, RoutingFailed
from contracts.standing import MessageState, Standing, hear, is_first_delivery, message_of
from contracts.tickets import TicketingFailed
from tests import events
from tests.events import ANNA, recorded

LETTER = events.letter()
DELIVERED = events.routed(LETTER)
RELEASED = events.routed(LETTER, released_by=ANNA)
QUARANTINED = events.quarantined(LETTER)
SUPPRESSED = events.routed(LETTER, Disposition.SUPPRESS, "loop")
ROUTING_FAILED = RoutingFailed(message_id=LETTER.message_id, error="a condition", letter=LETTER)
DISCARDED = MessageDiscarded(message_id=LETTER.message_id, discarded_by=ANNA)
TICKETED = events.opened(LETTER)


def failed_on(routing: Recorded[Event], version: int = 1) -> Recorded[Event]:
    """Tickets could not take what router said."""
    (item,) = recorded(TicketingFailed(message_id=LETTER.message_id, error="a trigger"), version=version)
    return replace(item, meta=item.meta.model_copy(update={"causation_id": routing.event_id}))


def given(*history: Recorded[Event]) -> tuple[str, str | None]:
    standing = reduce(hear, history, Standing())
    return standing.state.value, standing.reason


def test_a_message_of_which_nothing_was_said_or_that_was_delivered_is_in_flight() -> None:
    assert given() == ("in_flight", None)
    assert given(*recorded(DELIVERED)) == ("in_flight", None)


def test_what_tickets_took_is_ticketed_whatever_is_said_later() -> None:
    assert given(*recorded(DELIVERED), *recorded(TICKETED)) == ("ticketed", None)
    (routing,) = recorded(DELIVERED)
    assert given(routing, *recorded(TICKETED), failed_on(routing)) == ("ticketed", None)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (QUARANTINED, ("quarantined", "virus")),
        (SUPPRESSED, ("suppressed", "loop")),
        (ROUTING_FAILED, ("failed", "a condition")),
        (DISCARDED, ("suppressed", "discarded")),
        (events.routed(LETTER, Disposition.SUPPRESS), ("suppressed", "rule")),
    ],
)
def test_the_last_word_of_router_is_what_counts(said: Event, state: tuple[str, str | None]) -> None:
    assert given(*recorded(said)) == state
    assert given(*recorded(QUARANTINED, said)) == state
    assert given(*recorded(said, RELEASED)) == ("in_flight", None)


def test_what_tickets_could_not_take_is_failed_until_it_is_released_again() -> None:
    routing, release = recorded(DELIVERED, RELEASED)
    assert given(routing, failed_on(routing)) == ("failed", "a trigger")
    assert given(failed_on(routing)) == ("failed", "a trigger")
    assert given(routing, failed_on(routing), release) == ("in_flight", None)
    assert given(routing, failed_on(routing), release, failed_on(release, 2)) == ("failed", "a trigger")


def test_what_failed_and_was_deleted_is_suppressed() -> None:
    routing, deletion = recorded(DELIVERED, DISCARDED)
    assert given(routing, failed_on(routing), deletion) == ("suppressed", "discarded")
    assert given(deletion, failed_on(routing), routing) == ("suppressed", "discarded")


def test_other_events_are_about_no_message() -> None:
    assert message_of(events.received(LETTER)) is None
    assert {message_of(event) for event in (DELIVERED, ROUTING_FAILED, DISCARDED, TICKETED)} == {
        LETTER.message_id
    }


router_says = st.sampled_from([DELIVERED, RELEASED, QUARANTINED, SUPPRESSED, ROUTING_FAILED, DISCARDED])


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[Recorded[Event]], list[Recorded[Event]]]:
    """What router and tickets may have said of one message, each in order."""
    router = recorded(*draw(st.lists(router_says, max_size=6)))
    delivered = [item for item in router if item.event in {DELIVERED, RELEASED}]
    failures = draw(st.integers(0, len(delivered)))
    tickets = [failed_on(item, version) for version, item in enumerate(delivered[:failures], start=1)]
    if failures < len(delivered) and draw(st.booleans()):
        tickets += recorded(TICKETED)
    return router, tickets


@for_all(logs(), st.randoms(use_true_random=False))
def test_any_interleaving_of_the_two_logs_with_repeats_gives_the_same_state(
    said: tuple[list[Recorded[Event]], list[Recorded[Event]]], chance: object
) -> None:
    router, tickets = said
    waiting, heard = [list(router), list(tickets)], []
    while any(waiting):
        log = chance.choice([one for one in waiting if one])  # type: ignore[attr-defined]
        heard.append(log.pop(0))
        if chance.random() < 0.2:  # type: ignore[attr-defined]
            heard.append(chance.choice(heard))  # type: ignore[attr-defined]
    assert given(*heard) == given(*router, *tickets) == given(*tickets, *router)


@for_all(logs())
def test_a_first_delivery_says_nothing_that_the_book_must_keep(
    said: tuple[list[Recorded[Event]], list[Recorded[Event]]],
) -> None:
    router, tickets = said
    kept = [item for item in router if not is_first_delivery(item)]
    assert given(*kept, *tickets) == given(*router, *tickets)


def test_states_are_named_as_the_ledger_names_them() -> None:
    assert [state.value for state in MessageState] == [
        "in_flight",
        "ticketed",
        "suppressed",
        "quarantined",
        "failed",
    ]
