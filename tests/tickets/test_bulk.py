"""What a bulk job does to a ticket, and what its undoing gives back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from chassis.commands import Forbidden, Invalid
from contracts.bulk import Assign, BulkAction, Categorise, Move, Prioritise, SetState, Tag
from contracts.correspondence import CustomerReplied
from contracts.router import Priority
from contracts.service_levels import Target
from contracts.stream_ids import job_actor
from contracts.tickets import (
    PriorityChanged,
    State,
    TagsChanged,
    ThreadedBy,
    TicketAssigned,
    TicketMerged,
    TicketMoved,
    TicketPutOnHold,
    TicketReopened,
    TicketSolved,
)
from rules.hours import WALL_CLOCK
from services.tickets import bulk, service_level, undoing
from services.tickets.evolve import evolve
from services.tickets.refusals import ChangedSince, Merged, Outdated
from tests.events import released
from tests.tickets.bulk_story import (
    ANNA,
    BELA,
    BOX,
    DESK,
    JOB,
    LAMPS,
    NOON,
    ORDERS,
    TICKET,
    Story,
    letter,
    standing,
)

LEVEL = service_level.Level(None, None, dict.fromkeys(Target, 3600.0), frozenset(), None, WALL_CLOCK)


def test_a_job_does_all_that_it_is_asked_for_to_a_ticket() -> None:
    story = Story()
    story.job(
        Assign(agent_id=ANNA),
        Prioritise(priority=Priority.HIGH),
        Tag(add=("Recall 2026",), remove=("lamp",)),
        Categorise(category_id=LAMPS),
        SetState(state=State.PENDING),
    )
    ticket = story.ticket
    assert (ticket.assignee_id, ticket.priority, ticket.tags) == (ANNA, Priority.HIGH, ("recall-2026",))
    assert (ticket.category_id, ticket.state) == (LAMPS, State.PENDING)


def test_what_a_ticket_is_already_is_not_written_again() -> None:
    story = Story()
    story.job(Assign(agent_id=None), Tag(add=("lamp",)), SetState(state=State.OPEN))
    assert story.ticket.version == 1


def test_who_started_a_job_needs_the_right_to_answer_where_the_ticket_is() -> None:
    with pytest.raises(Forbidden):
        Story().job(Prioritise(priority=Priority.HIGH), by=BELA)


def test_a_ticket_that_is_moved_takes_an_owner_who_may_answer_there() -> None:
    story = Story()
    with pytest.raises(Invalid):
        story.job(Assign(agent_id=BELA))
    story.job(Move(ticketbox_id=ORDERS), Assign(agent_id=BELA))
    assert (story.ticket.ticketbox_id, story.ticket.assignee_id) == (ORDERS, BELA)


def test_a_ticket_of_which_one_thing_is_refused_keeps_everything() -> None:
    story = Story()
    with pytest.raises(Invalid, match="Order"):
        story.job(Move(ticketbox_id=ORDERS), SetState(state=State.SOLVED))
    assert story.ticket.version == 1


@pytest.mark.parametrize("state", [State.SOLVED, State.CLOSED])
def test_a_ticket_whose_customer_wrote_after_the_selection_is_not_solved_away(state: State) -> None:
    wrote = CustomerReplied(ticket_id=TICKET, letter=letter("And?"), threaded_by=ThreadedBy.REFERENCES)
    story = Story(wrote)
    with pytest.raises(Outdated):
        story.job(SetState(state=state), seen_version=1)


def test_a_merged_ticket_is_refused() -> None:
    story = Story(TicketMerged(ticket_id=TICKET, into_id=uuid4(), into_number=10017, merged_by=ANNA))
    with pytest.raises(Merged):
        story.job(Prioritise(priority=Priority.HIGH))


def test_undoing_a_move_gives_the_lost_owner_back() -> None:
    story = Story(TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person"))
    before = standing(story.ticket)
    story.job(Move(ticketbox_id=ORDERS), Assign(agent_id=BELA))
    story.undo()
    assert standing(story.ticket) == before


def test_what_was_changed_since_stays_and_nothing_of_the_ticket_is_undone() -> None:
    story = Story()
    story.job(Prioritise(priority=Priority.HIGH), SetState(state=State.SOLVED))
    story.add([PriorityChanged(ticket_id=TICKET, priority=Priority.URGENT)], str(BELA))
    with pytest.raises(ChangedSince, match="priority"):
        story.undo()


def test_what_was_changed_and_changed_back_since_stays_too() -> None:
    story = Story()
    story.job(Prioritise(priority=Priority.HIGH))
    for priority in (Priority.LOW, Priority.HIGH):
        story.add([PriorityChanged(ticket_id=TICKET, priority=priority)], str(BELA))
    with pytest.raises(ChangedSince):
        story.undo()


def test_what_came_due_since_and_is_not_written_yet_counts_as_changed_too() -> None:
    story = Story()
    story.job(Prioritise(priority=Priority.HIGH))
    raised = PriorityChanged(ticket_id=TICKET, priority=Priority.URGENT)
    ticket = evolve(story.ticket, raised, story.ticket.version + 1, NOON)
    turn = bulk.Turn(uuid4(), ANNA, ticket.version, NOON)
    with pytest.raises(ChangedSince):
        undoing.undo(undoing.by_job(JOB), story.history, ticket, DESK, turn)


def test_what_is_again_as_it_was_before_the_job_needs_no_undoing() -> None:
    story = Story()
    story.job(SetState(state=State.SOLVED), Prioritise(priority=Priority.HIGH))
    story.add([TicketReopened(ticket_id=TICKET)], "postroom")
    story.undo()
    assert (story.ticket.state, story.ticket.priority) == (State.OPEN, Priority.NORMAL)


def test_tags_of_others_stay_when_those_of_a_job_are_undone() -> None:
    story = Story()
    story.job(Tag(add=("recall",), remove=("lamp",)))
    story.add([TagsChanged(ticket_id=TICKET, tags=("recall", "vip"))], str(BELA))
    story.undo()
    assert set(story.ticket.tags) == {"vip", "lamp"}


def test_a_hold_is_given_back_with_its_reason_unless_it_would_have_ended() -> None:
    until = NOON + timedelta(days=1)
    held = TicketPutOnHold(ticket_id=TICKET, until=until, reason="The painter is away", set_by=BELA)
    story = Story(held)
    story.job(SetState(state=State.PENDING))
    story.undo()
    assert (story.ticket.state, story.ticket.held_until) == (State.ON_HOLD, until)
    assert story.history[-1].event == held.model_copy(update={"set_by": ANNA})

    late = Story(held)
    late.job(SetState(state=State.PENDING))
    late.undo(now=until)
    assert late.ticket.state is State.OPEN


def test_undoing_twice_changes_nothing_more() -> None:
    story = Story()
    story.job(Prioritise(priority=Priority.HIGH))
    story.undo()
    version = story.ticket.version
    story.undo()
    assert story.ticket.version == version


def test_an_undoing_can_be_undone() -> None:
    story = Story()
    story.job(Tag(add=("recall",)), Assign(agent_id=ANNA))
    after = standing(story.ticket)
    undoing_id = uuid4()
    story.undo(actor=job_actor(undoing_id))
    turn = bulk.Turn(uuid4(), ANNA, story.ticket.version, NOON)
    story.add(undoing.undo(undoing.by_job(undoing_id), story.history, story.ticket, DESK, turn), "job:again")
    assert standing(story.ticket) == after


TAGS = st.lists(st.sampled_from(["lamp", "recall", "vip"]), max_size=2, unique=True).map(tuple)
ACTIONS = st.one_of(
    st.builds(Assign, agent_id=st.sampled_from([None, ANNA])),
    st.builds(Prioritise, priority=st.sampled_from(Priority)),
    st.builds(Tag, add=TAGS, remove=TAGS),
    st.builds(Categorise, category_id=st.sampled_from([None, LAMPS])),
    st.builds(Move, ticketbox_id=st.sampled_from([BOX, ORDERS])),
    st.builds(
        SetState, state=st.sampled_from(State), until=st.sampled_from([None, NOON + timedelta(days=3)])
    ),
)


@for_all(earlier=st.lists(ACTIONS, max_size=5), actions=st.lists(ACTIONS, min_size=1, max_size=5))
def test_whatever_a_job_did_to_whatever_ticket_its_undoing_restores(
    earlier: list[BulkAction], actions: list[BulkAction]
) -> None:
    story = Story()
    turn = bulk.Turn(uuid4(), ANNA, 99, NOON)
    for action in earlier:
        try:
            story.add(bulk.decide([action], story.ticket, DESK, turn), str(ANNA))
        except Invalid:
            continue  # a required field is empty
    before = standing(story.ticket)
    try:
        story.job(*actions, seen_version=99)
    except Invalid:
        return
    story.undo()
    assert standing(story.ticket) == before


@for_all(actions=st.lists(ACTIONS, min_size=1, max_size=4), later=st.lists(ACTIONS, max_size=4))
def test_what_people_did_after_a_job_is_never_undone(
    actions: list[BulkAction], later: list[BulkAction]
) -> None:
    """Whatever undoing does, each thing is as people left it, or as it was before the job."""
    story = Story()
    before = standing(story.ticket)
    turn = bulk.Turn(uuid4(), ANNA, 99, NOON)
    try:
        story.job(*actions, seen_version=99)
        after = standing(story.ticket)
        for action in later:
            story.add(bulk.decide([action], story.ticket, DESK, turn), str(ANNA))
    except Invalid:
        return
    left = standing(story.ticket)
    try:
        story.undo()
    except ChangedSince:
        assert standing(story.ticket) == left
        return
    for was, then, people, now in zip(
        before[:-1], after[:-1], left[:-1], standing(story.ticket)[:-1], strict=True
    ):
        assert now == (was if then != was else people)


def test_a_solved_ticket_that_a_job_closed_is_solved_again() -> None:
    story = Story(TicketSolved(ticket_id=TICKET, solved_by=ANNA))
    story.job(SetState(state=State.CLOSED))
    story.undo()
    assert story.ticket.state is State.SOLVED


def test_the_way_back_of_a_move_says_that_it_is_one() -> None:
    story = Story()
    story.job(Move(ticketbox_id=ORDERS))
    story.undo()
    moved = story.history[-1].event
    assert isinstance(moved, TicketMoved)
    assert (moved.why, moved.ticketbox_id) == ("undo", BOX)


@pytest.mark.parametrize("state", [State.SOLVED, State.CLOSED])
def test_who_waited_for_an_answer_before_a_job_was_done_with_the_ticket_waits_after_its_undoing(
    state: State,
) -> None:
    wrote = CustomerReplied(ticket_id=TICKET, letter=letter("And?"), threaded_by=ThreadedBy.REFERENCES)
    story = Story(released(TICKET, uuid4()), wrote)
    before = service_level.deadlines(story.ticket, LEVEL)
    story.job(SetState(state=state))
    assert service_level.deadlines(story.ticket, LEVEL) == ()
    story.undo()
    assert [(item.target, item.since) for item in service_level.deadlines(story.ticket, LEVEL)] == [
        (item.target, item.since) for item in before
    ]
