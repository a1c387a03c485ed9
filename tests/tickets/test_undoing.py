"""What one person did to a ticket is undone by a button: all of it is as it was."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.commands import Forbidden
from contracts.commands import (
    AnyTicketCommand,
    AssignTicket,
    ChangeTags,
    CloseTicket,
    MoveTicket,
    PutOnHold,
    ReopenTicket,
    SetCategory,
    SetFields,
    SetPending,
    SetPriority,
    SolveTicket,
    SubmitReply,
)
from contracts.correspondence import CustomerReplied
from contracts.router import Priority
from contracts.tickets import (
    DistributionEvidence,
    FieldsChanged,
    FieldValue,
    State,
    ThreadedBy,
    TicketAbsorbed,
    TicketAssigned,
    TicketMoved,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from services.tickets import undoing
from services.tickets.refusals import ChangedSince, Outdated
from tests.tickets.bulk_story import ANNA, BELA, BOX, LAMPS, NOON, ORDERS, TICKET, Story, letter, standing

FRIDAY = NOON + timedelta(days=4)
HELD = TicketPutOnHold(ticket_id=TICKET, until=FRIDAY, reason="Parts are on their way", set_by=BELA)
PENDING = TicketSetPending(ticket_id=TICKET, set_by=BELA)
SOLVED = TicketSolved(ticket_id=TICKET, solved_by=BELA)
MINE = TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person", assigned_by=ANNA)


def wish(kind: type[AnyTicketCommand], **wanted: object) -> AnyTicketCommand:
    who = {"command_id": uuid4(), "actor_id": ANNA, "ticket_id": TICKET}
    return kind.model_validate(who | wanted)


def chosen(agent_id: UUID) -> TicketAssigned:
    """By distribution."""
    evidence = DistributionEvidence(why="the next one", candidates=1)
    return TicketAssigned(ticket_id=TICKET, agent_id=agent_id, method="round_robin", evidence=evidence)


@pytest.mark.parametrize("before", [[], [PENDING], [HELD], [SOLVED]])
@pytest.mark.parametrize(
    "command",
    [
        wish(SolveTicket),
        wish(CloseTicket),
        wish(SetPending),
        wish(PutOnHold, until=FRIDAY + timedelta(days=3)),
        wish(AssignTicket, agent_id=ANNA),
        wish(SetPriority, priority=Priority.HIGH),
        wish(SetCategory, category_id=LAMPS),
        wish(ChangeTags, add=("vip",), remove=("lamp",)),
        wish(SetFields, fields={"order": "4711"}),
        wish(MoveTicket, ticketbox_id=ORDERS),
    ],
)
def test_undo_gives_back_what_was(command: AnyTicketCommand, before: list[TicketPutOnHold]) -> None:
    story = Story(MINE, *before)
    was = standing(story.ticket)
    story.does(command)
    story.undo_command(command)
    assert standing(story.ticket) == was


def test_a_hold_comes_back_with_its_end_and_its_reason() -> None:
    story, solve = Story(HELD), wish(SolveTicket)
    story.does(solve)
    story.undo_command(solve)
    assert story.history[-1].event == HELD.model_copy(update={"set_by": ANNA})


def test_a_hold_that_would_have_ended_meanwhile_is_over() -> None:
    story, solve = Story(HELD), wish(SolveTicket)
    story.does(solve)
    story.undo_command(solve, now=FRIDAY)
    assert story.ticket.state is State.OPEN


def test_what_was_opened_again_is_solved_again() -> None:
    story, reopen = Story(SOLVED), wish(ReopenTicket)
    story.does(reopen)
    story.undo_command(reopen)
    assert story.ticket.state is State.SOLVED


def test_whoever_lost_the_ticket_by_a_move_has_it_again_and_not_who_got_it_there() -> None:
    story = Story(MINE)
    was = standing(story.ticket)
    story.add(
        [TicketMoved(ticket_id=TICKET, ticketbox_id=ORDERS, ticketbox="Orders", from_id=BOX)],
        "postroom",
        cause := uuid4(),
    )
    story.add(
        [TicketAssigned(ticket_id=TICKET, agent_id=None, method="person", assigned_by=ANNA)], str(ANNA), cause
    )
    story.add([chosen(BELA)], "postroom")
    move = wish(MoveTicket, ticketbox_id=ORDERS).model_copy(update={"command_id": cause})
    story.undo_command(move)
    assert standing(story.ticket) == was


def test_nobodys_ticket_is_nobodys_again_where_it_was() -> None:
    story, move = Story(), wish(MoveTicket, ticketbox_id=ORDERS)
    was = standing(story.ticket)
    story.does(move)
    story.add([chosen(BELA)], "postroom")
    story.undo_command(move)
    assert standing(story.ticket) == was


def test_an_owner_who_may_not_answer_where_the_ticket_was_loses_it_when_a_move_is_undone() -> None:
    # Bela could answer there when she got it.
    story = Story(TicketAssigned(ticket_id=TICKET, agent_id=BELA, method="person", assigned_by=ANNA))
    story.does(move := wish(MoveTicket, ticketbox_id=ORDERS))
    assert story.ticket.assignee_id == BELA
    story.undo_command(move)
    assert (story.ticket.ticketbox_id, story.ticket.assignee_id) == (BOX, None)


def test_what_was_given_back_stays_with_whom_distribution_gave_it_to() -> None:
    story, give_back = Story(MINE), wish(AssignTicket, agent_id=None)
    story.does(give_back)
    story.add([chosen(BELA)], "postroom")
    with pytest.raises(ChangedSince, match="owner"):
        story.undo_command(give_back)


def test_what_a_person_took_or_changed_since_is_not_undone() -> None:
    story, move = Story(), wish(MoveTicket, ticketbox_id=ORDERS)
    story.does(move)
    story.add([chosen(BELA), MINE], "postroom")
    with pytest.raises(ChangedSince, match="owner"):
        story.undo_command(move)
    story, solve = Story(PENDING), wish(SolveTicket)
    story.does(solve)
    story.add([HELD], str(BELA))
    with pytest.raises(ChangedSince, match="state"):
        story.undo_command(solve)


def filled_in(**fields: FieldValue | None) -> FieldsChanged:
    return FieldsChanged(ticket_id=TICKET, fields=fields, changed_by=BELA)


@pytest.mark.parametrize("value", ["4712", None])
def test_a_custom_field_has_again_what_was_in_it_and_others_keep_what_they_got_since(
    value: str | None,
) -> None:
    story, fill = Story(filled_in(order="4711", colour="blue")), wish(SetFields, fields={"order": value})
    story.does(fill)
    story.add([filled_in(colour="red")], str(BELA))
    story.undo_command(fill)
    assert story.ticket.fields == {"order": "4711", "colour": "red"}


def test_a_custom_field_that_was_changed_since_stays() -> None:
    story, fill = Story(filled_in(order="4711")), wish(SetFields, fields={"order": "4712"})
    story.does(fill)
    story.add([filled_in(order="4713")], str(BELA))
    with pytest.raises(ChangedSince, match="field “order”"):
        story.undo_command(fill)


def test_a_custom_field_that_is_again_as_it_was_needs_nothing() -> None:
    story, fill = Story(filled_in(order="4711")), wish(SetFields, fields={"order": "4712"})
    story.does(fill)
    story.add([filled_in(order="4711")], str(BELA))
    story.undo_command(fill)
    assert story.history[-1].event == filled_in(order="4711")


def test_an_answer_that_solved_the_ticket_has_left_and_its_author_keeps_it() -> None:
    story = Story(PENDING)
    answer = wish(SubmitReply, reply_id=uuid4(), text="Done.", seen_version=story.ticket.version, solve=True)
    story.does(answer)
    assert (story.ticket.state, story.ticket.assignee_id) == (State.SOLVED, ANNA)
    story.undo_command(answer)
    assert (story.ticket.state, story.ticket.assignee_id, len(story.ticket.replies)) == (
        State.PENDING,
        ANNA,
        1,
    )


def test_nobody_undoes_what_he_could_not_do() -> None:
    story, solve = Story(PENDING), wish(SolveTicket)
    story.does(solve)
    with pytest.raises(Forbidden):
        story.undo_command(solve.model_copy(update={"actor_id": BELA}))


@pytest.mark.parametrize("before", [PENDING, HELD, SOLVED])
def test_a_letter_that_came_since_keeps_the_ticket_open(before: TicketPutOnHold) -> None:
    story, reopen = Story(before), wish(ReopenTicket)
    story.does(reopen)
    wrote = CustomerReplied(ticket_id=TICKET, letter=letter("And?"), threaded_by=ThreadedBy.REFERENCES)
    story.add([wrote], "postroom")
    with pytest.raises(Outdated):
        story.undo_command(reopen)


def test_a_merge_is_no_change_that_is_undone_by_its_command() -> None:
    absorbed = TicketAbsorbed(
        ticket_id=TICKET, from_id=uuid4(), from_number=10017, letters=(), merged_by=ANNA
    )
    reopened = TicketReopened(ticket_id=TICKET, why="person")
    assert undoing.is_change([reopened])
    assert undoing.is_change([filled_in(order="4711")])
    assert not undoing.is_change([absorbed, reopened])
    assert not undoing.is_change([])
