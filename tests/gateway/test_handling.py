"""What the list and the page make of a ticket that waits, moves, merges and has deadlines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from contracts.event import Event
from contracts.router import Priority
from contracts.service_levels import DeadlinesChanged, SLABreached, SLAWarned
from contracts.streams import EVENTS
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    AbsorptionUndone,
    CategoryAssigned,
    ChosenBy,
    DeadlineItem,
    FieldsChanged,
    LettersMoved,
    LettersTaken,
    LinkKind,
    MergeUndone,
    PriorityChanged,
    State,
    TagsChanged,
    TaskAdded,
    TaskDone,
    ThreadedBy,
    TicketAbsorbed,
    TicketAssigned,
    TicketClosed,
    TicketLinked,
    TicketMerged,
    TicketMoved,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketsEvent,
    TicketSolved,
    TicketUnlinked,
    WatchersChanged,
)
from services.gateway.read_model.summary import Summary, summarise
from services.gateway.representations.conversation import Entry
from services.gateway.tickets.conversation import Sources, conversation
from services.gateway.tickets.details import Details, details
from services.gateway.tickets.holds import end_of
from services.gateway.tickets.mentions import mentioned
from tests import events
from tests.events import ANNA, BELA, NOON, recorded

FIRST = events.letter()
SECOND = events.letter(NOON + timedelta(hours=1))
TICKET, OTHER = events.ticket_of(FIRST), uuid4()
OPENED = events.opened(FIRST)
HOUR = timedelta(hours=1)
SOURCES = Sources(people={ANNA: "Anna", BELA: "Bela"})


def line(*then: Event) -> Summary:
    summary = summarise(recorded(OPENED, *then))
    assert summary is not None
    return summary


def page(*then: Event) -> Details:
    return details(recorded(OPENED, *then))


def entries(*then: Event) -> list[Entry]:
    return conversation(recorded(OPENED, *then), SOURCES)


def sentences(*then: Event) -> list[str]:
    return [f"{one.actor.name} {one.sentence}" if one.actor else one.sentence for one in entries(*then)[1:]]


PENDING = TicketSetPending(ticket_id=TICKET, set_by=ANNA)
SOLVED = TicketSolved(ticket_id=TICKET, solved_by=ANNA)


def test_nobody_waits_for_us_while_the_ticket_waits_for_the_customer() -> None:
    assert (line(PENDING).state, line(PENDING).waiting_since) == (State.PENDING, None)
    again = line(PENDING, events.replied(TICKET, SECOND), TicketReopened(ticket_id=TICKET))
    assert (again.state, again.waiting_since) == (State.OPEN, SECOND.received_at)


def test_a_hold_shows_its_end_until_it_ends() -> None:
    held = TicketPutOnHold(ticket_id=TICKET, until=NOON + HOUR, reason="Parts are on their way", set_by=ANNA)
    assert (line(held).state, line(held).held_until) == (State.ON_HOLD, NOON + HOUR)
    assert page(held).hold_reason == "Parts are on their way"
    ended = TicketReopened(ticket_id=TICKET, why="hold_ended")
    assert (line(held, ended).state, line(held, ended).held_until) == (State.OPEN, None)
    assert sentences(held, ended) == [
        "Anna put the ticket on hold until 02 Mar 2026, 13:00 UTC: Parts are on their way",
        "The hold ended, so the ticket is open again",
    ]


def test_thanks_make_nobody_wait_and_are_pointed_out_until_the_ticket_moves_on() -> None:
    thanks = events.replied(TICKET, SECOND).model_copy(update={"thanks": True})
    assert (line(SOLVED, thanks).state, line(SOLVED, thanks).waiting_since) == (State.SOLVED, None)
    assert line(SOLVED, thanks).letter_version == 3
    more = TicketReopened(ticket_id=TICKET, reopened_by=ANNA, why="person", thanks_id=SECOND.message_id)
    assert line(SOLVED, thanks, more).waiting_since == SECOND.received_at, "there is more to it"
    assert page(SOLVED, thanks).only_thanks
    assert not page(
        SOLVED, thanks, TicketReopened(ticket_id=TICKET, reopened_by=ANNA, why="person")
    ).only_thanks


def test_the_list_shows_priority_tags_and_ticketbox_as_they_are_now() -> None:
    box = uuid4()
    summary = line(
        PriorityChanged(ticket_id=TICKET, priority=Priority.URGENT, changed_by=ANNA),
        TagsChanged(ticket_id=TICKET, tags=("lamp", "vip"), changed_by=ANNA),
        TicketMoved(
            ticket_id=TICKET, ticketbox_id=box, ticketbox="Repairs", from_id=events.BOX, moved_by=ANNA
        ),
    )
    assert (summary.priority, summary.tags, summary.ticketbox_id) == (Priority.URGENT, ("lamp", "vip"), box)
    assert summary.version == 4


def due(target: str, at: datetime | None, left: int | None = None) -> DeadlineItem:
    return DeadlineItem(target=target, since=NOON, due_at=at, left_seconds=left)


def deadlines(*items: DeadlineItem) -> DeadlinesChanged:
    return DeadlinesChanged(ticket_id=TICKET, policy_id=uuid4(), policy="Standard", deadlines=items)


def test_the_deadline_that_comes_next_is_in_the_list() -> None:
    both = deadlines(due("resolution", NOON + 8 * HOUR), due("first_response", NOON + HOUR))
    assert (line(both).due_target, line(both).due_at) == ("first_response", NOON + HOUR)
    paused = deadlines(due("resolution", None, 18000), due("next_response", NOON + 2 * HOUR))
    assert (line(both, paused).due_target, line(both, paused).due_at) == ("next_response", NOON + 2 * HOUR)
    assert line(both, deadlines()).due_at is None
    assert page(both, paused).deadlines == paused.deadlines


def test_a_ticket_of_an_early_release_has_the_deadline_of_its_first_response() -> None:
    summary = summarise(recorded(events.opened(FIRST, due_at=NOON + HOUR)))
    assert summary is not None
    assert (summary.due_target, summary.due_at) == ("first_response", NOON + HOUR)


def test_warnings_and_breaches_are_kept_by_target() -> None:
    warned = SLAWarned(ticket_id=TICKET, target="next_response", due_at=NOON + HOUR, since=NOON)
    missed = SLABreached(ticket_id=TICKET, target="resolution", due_at=NOON + HOUR, since=NOON)
    assert (line(warned, missed).warned, line(warned, missed).missed) == (("next_response",), ("resolution",))
    assert line(warned, missed).breached
    assert line(warned, deadlines(due("resolution", NOON + HOUR))).warned == ()
    missed_too = SLABreached(ticket_id=TICKET, target="next_response", due_at=NOON + HOUR, since=NOON)
    assert line(warned, missed_too).warned == (), "it is no longer soon"


MERGED = TicketMerged(ticket_id=TICKET, into_id=OTHER, into_number=10019, merged_by=ANNA)
THEIRS = events.letter(NOON - HOUR, subject="Another question")
ABSORBED = TicketAbsorbed(
    ticket_id=TICKET, from_id=OTHER, from_number=10019, letters=(THEIRS,), merged_by=ANNA
)


def test_a_merged_ticket_leaves_the_lists_until_the_merge_is_undone() -> None:
    assert line(MERGED).merged_into == 10019
    assert line(MERGED, MergeUndone(ticket_id=TICKET, into_id=OTHER, undone_by=ANNA)).merged_into is None


def test_letters_of_an_absorbed_ticket_are_shown_until_the_merge_is_undone() -> None:
    _, said, theirs = entries(ABSORBED)
    assert (said.sentence, said.ticket) == ("merged ticket 10019 into this one", 10019)
    assert theirs.letter is not None
    assert (theirs.letter.message_id, theirs.ticket) == (THEIRS.message_id, 10019)
    undone = entries(ABSORBED, AbsorptionUndone(ticket_id=TICKET, from_id=OTHER, undone_by=ANNA))
    assert undone[2].letter is None
    assert undone[2].sentence == "A letter that came here has gone to ticket 10019"
    assert page(ABSORBED).absorbed == {OTHER: 10019}
    assert not page(ABSORBED, AbsorptionUndone(ticket_id=TICKET, from_id=OTHER, undone_by=ANNA)).absorbed


def test_a_letter_that_came_by_a_merge_says_so_also_if_it_had_been_split_off_before() -> None:
    back = ABSORBED.model_copy(update={"letters": (SECOND,)})
    for before in ((), (events.replied(TICKET, SECOND), moved(SECOND.message_id))):
        letter = entries(*before, back)[-1].letter
        assert letter is not None
        assert letter.threaded_by == "ticket 10019 was merged into this one"


def moved(*message_ids: UUID) -> LettersMoved:
    return LettersMoved(
        ticket_id=TICKET, to_id=OTHER, to_number=10019, message_ids=message_ids, moved_by=ANNA
    )


def test_a_letter_that_was_moved_away_is_shown_as_moved_and_where_it_came_back() -> None:
    gone = entries(events.replied(TICKET, SECOND), moved(SECOND.message_id))
    assert (gone[1].letter, gone[1].ticket) == (None, 10019)
    assert line(events.replied(TICKET, SECOND), moved(SECOND.message_id)).letters == 1
    taken = LettersTaken(ticket_id=TICKET, from_id=OTHER, from_number=10019, letters=(SECOND,), moved_by=ANNA)
    back = entries(events.replied(TICKET, SECOND), moved(SECOND.message_id), taken)
    shown = [entry.letter.message_id for entry in back if entry.letter]
    assert shown == [FIRST.message_id, SECOND.message_id]
    assert back[-1].letter is not None
    assert back[-1].letter.threaded_by == "a person put it there"


def test_a_letter_that_an_undone_merge_gave_back_says_so() -> None:
    parted = MergeUndone(ticket_id=TICKET, into_id=OTHER, undone_by=ANNA)
    taken = LettersTaken(ticket_id=TICKET, from_id=OTHER, from_number=10019, letters=(SECOND,), moved_by=ANNA)
    *before, undone, back = recorded(OPENED, MERGED, parted, taken)
    by_hand = conversation([*before, undone, back], SOURCES)[-1].letter
    at_once = replace(back, recorded_at=undone.recorded_at)
    given_back = conversation([*before, undone, at_once], SOURCES)[-1].letter
    assert by_hand is not None
    assert given_back is not None
    assert by_hand.threaded_by == "a person put it there"
    assert given_back.threaded_by == (
        "it was written to this ticket while that was merged into another one, and the merge was undone"
    )


FORGED = "the reply address that it was sent to does not have our signature"
NO_PART_IN_IT = "its sender takes no part in the ticket whose number its subject has"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"split_from_id": OTHER}, "a person made a ticket of it"),
        (
            {"follows_id": OTHER},
            "it began a new ticket: the one that it continues was done too long ago to be opened again",
        ),
        ({"passed_over": ()}, "it began a new ticket: it names no conversation of ours"),
        (
            {"passed_over": (ThreadedBy.IN_REPLY_TO,)},
            "it began a new ticket: its sender takes no part in the conversation that it answers",
        ),
        (
            {"passed_over": (ThreadedBy.REPLY_ADDRESS, ThreadedBy.SUBJECT_TOKEN)},
            f"it began a new ticket: {FORGED}, and {NO_PART_IN_IT}",
        ),
        ({}, None),
    ],
)
def test_the_letter_that_opened_a_ticket_says_why_it_did(told: dict[str, object], why: str | None) -> None:
    first = conversation(recorded(OPENED.model_copy(update=told)), SOURCES)[0].letter
    assert first is not None
    assert first.threaded_by == why


def test_a_letter_that_both_tickets_had_stays_when_a_merge_is_undone() -> None:
    both = ABSORBED.model_copy(update={"letters": (FIRST, THEIRS)})
    undone = entries(both, AbsorptionUndone(ticket_id=TICKET, from_id=OTHER, undone_by=ANNA))
    assert [entry.letter.message_id for entry in undone if entry.letter] == [FIRST.message_id]


def test_what_surrounds_a_ticket_is_as_its_events_left_it() -> None:
    task = uuid4()
    category = uuid4()
    found = page(
        FieldsChanged(ticket_id=TICKET, fields={"order": 7, "colour": "blue"}),
        FieldsChanged(ticket_id=TICKET, fields={"colour": None}),
        CategoryAssigned(ticket_id=TICKET, category_id=category),
        WatchersChanged(ticket_id=TICKET, watcher_ids=(ANNA,)),
        TaskAdded(ticket_id=TICKET, task_id=task, text="Call the workshop"),
        TaskDone(ticket_id=TICKET, task_id=task),
        TicketLinked(ticket_id=TICKET, other_id=OTHER, other_number=10019, link=LinkKind.PARENT),
        TicketLinked(ticket_id=TICKET, other_id=OTHER, other_number=10019, link=LinkKind.RELATED),
        TicketUnlinked(ticket_id=TICKET, other_id=OTHER, link=LinkKind.PARENT),
    )
    assert (found.fields, found.category_id, found.watcher_ids) == ({"order": 7}, category, (ANNA,))
    assert found.tasks[task].done
    assert found.links == {(OTHER, LinkKind.RELATED): 10019}


def test_every_event_of_a_ticket_is_shown_or_said() -> None:
    """What the types say of the conversation goes for all that there are."""
    events = {
        kind
        for kind in EVENTS.values()
        if issubclass(kind, TicketsEvent) and "ticket_id" in kind.model_fields
    }
    assert set(TicketEvent.__args__) == events


def test_who_added_a_task_or_a_link_is_named() -> None:
    task = TaskAdded(ticket_id=TICKET, task_id=uuid4(), text="Call the workshop", owner_id=BELA)
    link = TicketLinked(ticket_id=TICKET, other_id=OTHER, other_number=10019, link=LinkKind.RELATED)
    by_anna = [
        replace(item, meta=item.meta.model_copy(update={"actor": str(ANNA)}))
        for item in recorded(OPENED, task, link)
    ]
    assert [(one.actor and one.actor.name, one.sentence) for one in conversation(by_anna, SOURCES)[1:]] == [
        ("Anna", "added a task for Bela: Call the workshop"),
        ("Anna", "linked ticket 10019 as related"),
    ]


def test_of_a_ticket_that_was_taken_back_it_is_said_that_its_owner_is_not_there() -> None:
    taken_back = TicketAssigned(ticket_id=TICKET, agent_id=None, method=ChosenBy.TAKE_BACK)
    assert sentences(taken_back) == ["The ticket was given back: its owner is not there"]


def test_what_a_machine_did_is_said_without_a_person() -> None:
    assert sentences(SOLVED, TicketClosed(ticket_id=TICKET), TagsChanged(ticket_id=TICKET, tags=())) == [
        "Anna solved the ticket",
        "The ticket closed by itself",
        "The tags were removed",
    ]


def test_a_hold_that_is_chosen_in_words_ends_in_the_morning_where_the_ticketbox_works() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    friday = datetime(
        2026, 3, 27, 22, 30, tzinfo=UTC
    )  # Friday at 23:30 in Berlin, two days before summer time
    assert end_of("tomorrow", friday, berlin) == datetime(2026, 3, 28, 7, tzinfo=UTC)
    assert end_of("monday", friday, berlin) == datetime(2026, 3, 30, 6, tzinfo=UTC)
    assert end_of("week", friday, berlin) == datetime(2026, 4, 3, 6, tzinfo=UTC)


def test_a_note_mentions_people_by_name_and_of_two_names_the_longer() -> None:
    known = {"Anna": ANNA, "Anna Berg": BELA}
    assert mentioned("@anna berg, and @Anna!", known) == [BELA, ANNA]
    assert mentioned("mail anna@anna.example to @Annabel", known) == []
    assert mentioned("@Anna", {}) == []
