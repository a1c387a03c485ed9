"""What distribution wants is done if the ticket is as it was seen, and not if anything happened to it since."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.correspondence import NoteAdded
from contracts.desk import Ticketbox
from contracts.router import (
    DistributionEvidence,
    TicketOverflowed,
    TicketRouted,
    TicketTakenBack,
)
from contracts.tickets import (
    DistributionDropped,
    TagsChanged,
    TicketAssigned,
    TicketMerged,
    TicketMoved,
    TicketSolved,
)
from services.tickets.desk import Desk
from services.tickets.distributed import distribute
from services.tickets.evolve import load
from services.tickets.ticket import Ticket
from tests.desks import ANNA, LEO, ORDERS
from tests.events import BOX, NOON, letter, opened, recorded, released, replied

HEAD = letter()
TICKET = opened(HEAD).ticket_id
SUPPORT = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",))
DESK = Desk({thing.id: thing for thing in (SUPPORT, ORDERS, ANNA, LEO)})
EVIDENCE = DistributionEvidence(why="3 of 10 tickets", candidates=2)


def given(*events: Any) -> Ticket:
    ticket = load(recorded(opened(HEAD), *events))
    assert ticket is not None
    return ticket


def routed(seen: int | None = 1, agent: Any = ANNA) -> TicketRouted:
    return TicketRouted(
        ticket_id=TICKET,
        ticketbox_id=BOX,
        seen_version=seen,
        agent_id=agent.id,
        method="least_loaded",
        candidates=2,
        evidence=EVIDENCE,
    )


def overflowed(seen: int = 1, to: Ticketbox = ORDERS) -> TicketOverflowed:
    return TicketOverflowed(
        ticket_id=TICKET, ticketbox_id=BOX, seen_version=seen, to_id=to.id, waited_since=NOON
    )


def taken_back(seen: int) -> TicketTakenBack:
    return TicketTakenBack(ticket_id=TICKET, ticketbox_id=BOX, seen_version=seen, agent_id=ANNA.id, why="off")


TAKEN = TicketAssigned(ticket_id=TICKET, agent_id=LEO.id, method="person")
NOTE = NoteAdded(ticket_id=TICKET, note_id=uuid4(), author_id=ANNA.id, text="Whose is it?")
SOLVED = TicketSolved(ticket_id=TICKET, solved_by=ANNA.id)
MERGED = TicketMerged(ticket_id=TICKET, into_id=uuid4(), into_number=1, merged_by=ANNA.id)
MOVED = TicketMoved(ticket_id=TICKET, ticketbox_id=ORDERS.id, ticketbox="Orders", from_id=BOX)


def test_a_ticket_gets_the_owner_that_was_chosen_with_the_evidence() -> None:
    assert distribute(routed(), given(), DESK) == [
        TicketAssigned(ticket_id=TICKET, agent_id=ANNA.id, method="least_loaded", evidence=EVIDENCE)
    ]


def test_a_note_or_a_tag_is_in_nobodys_way() -> None:
    noted = given(NOTE, TagsChanged(ticket_id=TICKET, tags=("vip",)))
    assert distribute(routed(seen=1), noted, DESK) != []


@pytest.mark.parametrize("happened", [TAKEN, SOLVED, MERGED, MOVED, replied(TICKET, letter())])
@pytest.mark.parametrize("wish", [routed(), overflowed(), taken_back(1)])
def test_nothing_is_done_that_was_wanted_before_something_else_happened(happened: Any, wish: Any) -> None:
    assert distribute(wish, given(happened), DESK) == []


def test_it_moves_where_it_overflows_to() -> None:
    (moved,) = distribute(overflowed(), given(), DESK)
    assert isinstance(moved, TicketMoved)
    assert (moved.ticketbox_id, moved.why, moved.moved_by) == (ORDERS.id, "overflow", None)


def test_an_owner_who_is_gone_loses_it_unless_they_answered_meanwhile() -> None:
    owned = (TicketAssigned(ticket_id=TICKET, agent_id=ANNA.id, method="person"),)
    (lost,) = distribute(taken_back(2), given(*owned), DESK)
    assert lost == TicketAssigned(ticket_id=TICKET, agent_id=None, method="take_back")
    assert distribute(taken_back(2), given(*owned, released(TICKET, uuid4())), DESK) == []


def test_where_the_desk_is_in_the_way_distribution_is_told_and_looks_again() -> None:
    for wish in (
        routed(agent=LEO),
        overflowed(to=Ticketbox(id=uuid4(), name="Gone", addresses=("g@example.com",))),
    ):
        (dropped,) = distribute(wish, given(), DESK)
        assert isinstance(dropped, DistributionDropped)
        after = given(dropped)
        assert distribute(wish, after, DESK) == []


def test_a_choice_of_an_early_release_is_for_a_ticket_that_nobody_has_and_that_is_not_done() -> None:
    assert distribute(routed(seen=None), given(NOTE), DESK) != []
    for happened in (TAKEN, SOLVED, MERGED):
        assert distribute(routed(seen=None), given(happened), DESK) == []
