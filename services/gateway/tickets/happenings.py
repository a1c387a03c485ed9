"""What happened to a ticket, each event in a plain sentence: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.automations import AutomationHeldBack, AutomationRan
from contracts.service_levels import DeadlinesChanged, SLABreached, SLAWarned
from contracts.ticket_events import Happening
from contracts.tickets import (
    AbsorptionUndone,
    CategoryAssigned,
    ChosenBy,
    CustomerErased,
    DistributionDropped,
    FieldsChanged,
    LettersMoved,
    LettersTaken,
    LinkKind,
    MergeUndone,
    PriorityChanged,
    TagsChanged,
    TaskAdded,
    TaskChanged,
    TaskDone,
    TaskRemoved,
    TicketAbsorbed,
    TicketAssigned,
    TicketClosed,
    TicketLinked,
    TicketMerged,
    TicketMoved,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
    TicketUnlinked,
    WatchersChanged,
)

TARGETS = {"first_response": "first response", "next_response": "next response", "resolution": "resolution"}
LINKS = {
    LinkKind.PARENT: "its parent",
    LinkKind.CHILD: "its child",
    LinkKind.RELATED: "related",
    LinkKind.DUPLICATE: "its duplicate",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence; with an `actor` it goes on after their name. `ticket` is the number of another ticket in it."""

    sentence: str
    actor: UUID | None = None
    at: datetime | None = None
    """When it truly happened, if that was before it was noticed."""
    ticket: int | None = None


Names = Mapping[UUID, str]
"""Of people, teams and categories."""


def said(event: Happening, names: Names, actor: UUID | None) -> Said | None:
    """The sentence; None for what the page shows elsewhere. `actor` is the person who did it, if one did."""
    match event:
        case TicketAssigned():
            return _assigned(event, names)
        case DistributionDropped(why=why):
            return Said(f"Distribution looks for somebody again: {why}")
        case TicketSolved() | TicketReopened() | TicketSetPending() | TicketPutOnHold() | TicketClosed():
            return _stands(event)
        case TaskAdded() | TaskDone() | TaskChanged() | TaskRemoved():
            return _of_task(event, names, actor)
        case TicketLinked() | TicketUnlinked() | WatchersChanged():
            return _around(event, names, actor)
        case LettersMoved() | LettersTaken() | TicketMerged() | TicketAbsorbed():
            return _rearranged(event)
        case MergeUndone(undone_by=by) | AbsorptionUndone(undone_by=by):
            return Said("undid the merge", by)
        case CustomerErased(erased_by=by):
            return Said("erased the customer's data", by)
        case DeadlinesChanged():
            return None  # shown beside the conversation
        case SLAWarned(target=target):
            return Said(f"The {TARGETS.get(target, target)} will soon be late")
        case SLABreached(target=target, due_at=due_at):
            return Said(f"The target for the {TARGETS.get(target, target)} was missed", at=due_at)
        case AutomationRan() | AutomationHeldBack():
            return _automated(event, names)
        case _:
            return _described(event, names)


MOMENTS = {
    "open": "open since {}",
    "pending": "waiting for the customer since {}",
    "on_hold": "on hold since {}",
    "solved": "solved since {}",
    "unanswered": "unanswered since {}",
}


def _automated(event: AutomationRan | AutomationHeldBack, names: Names) -> Said:
    match event:
        case AutomationHeldBack(automation=name, detail=detail):
            return Said(f"The automation “{name}” was held back: {detail}")
        case AutomationRan(automation=name, moment=moment, since=since, told=told, left_out=left_out):
            why = MOMENTS.get(moment, moment.replace("_", " ")).format(f"{since:%d %b %Y, %H:%M} UTC")
            people = ", ".join(names.get(one, "somebody") for one in told)
            more = [f" Told: {people}." if told else "", *(f" {one}" for one in left_out)]
            return Said(f"The automation “{name}” ran ({why}).{''.join(more)}")
        case _:
            assert_never(event)


def _assigned(event: TicketAssigned, names: Names) -> Said:
    name = names.get(event.agent_id, "somebody") if event.agent_id else "nobody"
    match event:
        case TicketAssigned(agent_id=None, assigned_by=None, method=ChosenBy.AUTOMATION):
            return Said("The ticket has no owner any more")
        case TicketAssigned(agent_id=None, assigned_by=None):
            return Said("The ticket was given back: its owner is not there")
        case TicketAssigned(agent_id=None, assigned_by=by):
            return Said("gave the ticket back", by)
        case TicketAssigned(assigned_by=None):
            why = f": {event.evidence.why}" if event.evidence else ""
            return Said(f"The ticket went to {name} {_METHODS.get(event.method, 'by itself')}{why}")
        case TicketAssigned(agent_id=agent_id, assigned_by=by):
            return Said("took the ticket" if by == agent_id else f"gave the ticket to {name}", by)
        case _:
            assert_never(event)


_METHODS = {
    "round_robin": "in turn",
    "least_loaded": "as the one with the most time",
    "skills": "for skill and language",
    "pull": "who asked for the next one",
    "last_agent": "as the one who answered this customer last",
}


def _stands(
    event: TicketSolved | TicketReopened | TicketSetPending | TicketPutOnHold | TicketClosed,
) -> Said:
    match event:
        case TicketSolved(solved_by=by):
            return _by("solved the ticket", "The ticket was solved", by)
        case TicketReopened(reopened_by=None, why="hold_ended"):
            return Said("The hold ended, so the ticket is open again")
        case TicketReopened(reopened_by=None, why="letter"):
            return Said("The customer's message opened the ticket again")
        case TicketReopened(reopened_by=None):
            return Said("The ticket was opened again by itself")
        case TicketReopened(reopened_by=by, thanks_id=UUID()):
            return Said("opened the ticket again: the customer's letter says more than thanks", by)
        case TicketReopened(reopened_by=by):
            return Said("opened the ticket again", by)
        case TicketSetPending(set_by=by):
            return _by("waits for the customer", "The ticket waits for the customer", by)
        case TicketPutOnHold(until=until, until_solved_number=number, reason=reason, set_by=by):
            end = f" until {until:%d %b %Y, %H:%M} UTC" if until else ""
            end = f" until ticket {number} is solved" if number else end
            why = f": {reason}" if reason else ""
            held = _by(f"put the ticket on hold{end}{why}", f"The ticket was put on hold{end}{why}", by)
            return replace(held, ticket=number)
        case TicketClosed(closed_by=by):
            return _by("closed the ticket", "The ticket closed by itself", by)
        case _:
            assert_never(event)


def _by(active: str, passive: str, by: UUID | None) -> Said:
    """People do things; what has no actor is done."""
    return Said(active, by) if by else Said(passive)


def _of_task(event: TaskAdded | TaskDone | TaskChanged | TaskRemoved, names: Names, by: UUID | None) -> Said:
    match event:
        case (
            TaskAdded(text=text, owner_id=owner_id, due_on=due_on)
            | TaskChanged(text=text, owner_id=owner_id, due_on=due_on)
        ):
            whose = f" for {names.get(owner_id, 'somebody')}" if owner_id else ""
            due = f", due {due_on:%d %b %Y}" if due_on else ""
            did = "changed"
            if isinstance(event, TaskAdded):
                did = "brought back" if event.restored else "added"
            return _by(f"{did} a task{whose}{due}: {text}", f"A task was {did}{whose}{due}: {text}", by)
        case TaskRemoved():
            return _by("removed a task", "A task was removed", by)
        case TaskDone(done=True):
            return _by("did a task", "A task is done", by)
        case TaskDone():
            return _by("took back that a task is done", "A task is to be done after all", by)
        case _:
            assert_never(event)


def _around(event: TicketLinked | TicketUnlinked | WatchersChanged, names: Names, by: UUID | None) -> Said:
    match event:
        case TicketLinked(other_number=number, link=link):
            return replace(
                _by(
                    f"linked ticket {number} as {LINKS[link]}",
                    f"Linked as {LINKS[link]}: ticket {number}",
                    by,
                ),
                ticket=number,
            )
        case TicketUnlinked(link=link):
            return _by(f"removed a link ({LINKS[link]})", f"A link was removed ({LINKS[link]})", by)
        case WatchersChanged(watcher_ids=ids):
            watchers = ", ".join(names.get(one, "somebody") for one in ids) or "nobody"
            return _by(f"changed who watches it: {watchers}", f"It is watched by {watchers}", by)
        case _:
            assert_never(event)


def _rearranged(event: LettersMoved | LettersTaken | TicketMerged | TicketAbsorbed) -> Said:
    match event:
        case LettersMoved(message_ids=message_ids, to_number=number, moved_by=by):
            return Said(f"moved {_letters(len(message_ids))} to ticket {number}", by, ticket=number)
        case LettersTaken(letters=letters, from_number=number, moved_by=by):
            return Said(f"moved {_letters(len(letters))} here from ticket {number}", by, ticket=number)
        case TicketMerged(into_number=number, merged_by=by):
            return Said(f"merged this ticket into ticket {number}", by, ticket=number)
        case TicketAbsorbed(from_number=number, merged_by=by):
            return Said(f"merged ticket {number} into this one", by, ticket=number)
        case _:
            assert_never(event)


def _letters(number: int) -> str:
    return "1 letter" if number == 1 else f"{number} letters"


def _described(
    event: PriorityChanged | TagsChanged | FieldsChanged | CategoryAssigned | TicketMoved, names: Names
) -> Said:
    match event:
        case PriorityChanged(priority=priority, changed_by=by):
            return _by(f"made the priority {priority}", f"The priority became {priority}", by)
        case TagsChanged(tags=tags, changed_by=by):
            now = ", ".join(tags)
            if not now:
                return _by("removed the tags", "The tags were removed", by)
            return _by(f"set the tags: {now}", f"The tags are now: {now}", by)
        case FieldsChanged(fields=fields, changed_by=by):
            now = "; ".join(
                f"{key.replace('_', ' ')} {'nothing' if value is None else value}"
                for key, value in fields.items()
            )
            return _by(f"filled in: {now}", f"Filled in: {now}", by)
        case CategoryAssigned(category_id=category_id, changed_by=by):
            name = names.get(category_id, "another one") if category_id else "none"
            return _by(f"set the category: {name}", f"The category is now: {name}", by)
        case TicketMoved(ticketbox=box, why="correction", moved_by=by):
            wrong = "it had been sent to the wrong ticketbox"
            return _by(f"moved the ticket to {box}: {wrong}", f"Moved to {box}: {wrong}", by)
        case TicketMoved(ticketbox=box, why="overflow"):
            return Said(f"Nobody took it in time, so it went to {box}")
        case TicketMoved(ticketbox=box, moved_by=by):
            return _by(f"moved the ticket to {box}", f"The ticket was moved to {box}", by)
        case _:
            assert_never(event)
