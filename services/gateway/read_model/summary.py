"""A ticket as one line of a list: what its events made of it. Pure, so it serves any past moment too."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import assert_never
from uuid import UUID

from chassis.frozen import but
from contracts.correspondence import (
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    ReplyBounced,
    ReplyReleased,
)
from contracts.event import Event, Recorded
from contracts.mail import LetterHead
from contracts.service_levels import DeadlinesChanged, SLABreached, SLAWarned
from contracts.stream_ids import acknowledgement_id
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    AbsorptionUndone,
    CategoryAssigned,
    DeadlineItem,
    LettersMoved,
    LettersTaken,
    MergeUndone,
    PriorityChanged,
    State,
    TagsChanged,
    TicketAbsorbed,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
    WatchersChanged,
)
from services.gateway.read_model.whereabouts import letters_here

FIRST_RESPONSE = "first_response"


@dataclass(frozen=True)
class Summary:
    """The line. `letter_version` is the version of the ticket at the customer's last letter.

    It has no slots, so that `but` can copy it.
    """

    ticket_id: UUID
    number: int
    ticketbox_id: UUID
    subject: str
    contact_name: str
    contact_address: str
    state: str
    priority: str
    tags: tuple[str, ...]
    category_id: UUID | None
    assignee_id: UUID | None
    watcher_ids: tuple[UUID, ...]
    """People and teams."""
    version: int
    letter_version: int
    opened_at: datetime
    changed_at: datetime
    waiting_since: datetime | None
    """When the customer began to wait for us; None while nobody waits."""
    held_until: datetime | None
    merged_into: int | None
    """The number of the ticket that it goes on in."""
    due_target: str | None
    due_at: datetime | None
    """What is to be done next, and when; None while no clock runs."""
    warned: tuple[str, ...]
    """Running targets that will soon be missed."""
    missed: tuple[str, ...]
    """Targets that were missed."""
    first_response_due_at: datetime | None
    first_response_at: datetime | None
    breached: bool
    letters: int
    replies: int
    undelivered: tuple[UUID, ...]
    """Answers that failed, bounced or are uncertain: a person must look."""
    excerpt: str


def summarise(history: Iterable[Recorded[Event]], before: Summary | None = None) -> Summary | None:
    """Take the next events of one ticket into its line. None if it has not begun.

    Where letters changed their ticket, only the whole history tells which wait there: see `rearranges`.
    """
    summary, events = before, list(history)
    for recorded in events:
        event = recorded.event
        if isinstance(event, TicketOpened):
            summary = opened(event, recorded.occurred_at)
        elif summary is not None and isinstance(event, TicketEvent):
            summary = evolve(summary, event, recorded.version, recorded.occurred_at)
    if summary is None or before is not None or not any(rearranges(item.event) for item in events):
        return summary
    here = sorted(letters_here(events), key=attrgetter("received_at"))
    return but(
        summary,
        letters=len(here),
        excerpt=here[-1].excerpt if here else "",
        waiting_since=_waiting_since(events, here),
    )


def _waiting_since(history: Iterable[Recorded[Event]], here: Iterable[LetterHead]) -> datetime | None:
    """Since when the first of the letters waits that are here and were not answered; None while nobody waits."""
    waiting: set[UUID] = set()
    reopened_at: datetime | None = None
    for item in history:
        match item.event:
            case TicketOpened(letter=letter, settled=False) | CustomerReplied(letter=letter, thanks=False):
                waiting.add(letter.message_id)
            case LettersTaken(waited=waited) | TicketAbsorbed(waited=waited):
                waiting.update(waited)
            case TicketReopened(thanks_id=UUID() as message_id):
                waiting.add(message_id)
            case TicketReopened(reopened_by=UUID()):
                reopened_at = item.occurred_at
            case ReplyReleased() | TicketSolved() | TicketClosed() | TicketSetPending():
                waiting, reopened_at = set(), None
            case _:
                pass
    return min((one.received_at for one in here if one.message_id in waiting), default=reopened_at)


def rearranges(event: Event) -> bool:
    """Whether letters come or go with an event, or one wants an answer after all.

    Then the line is made anew of all that happened to the ticket.
    """
    return type(event) in _REARRANGING or (isinstance(event, TicketReopened) and event.thanks_id is not None)


_REARRANGING = frozenset({LettersTaken, LettersMoved, TicketAbsorbed, AbsorptionUndone})


def opened(event: TicketOpened, at: datetime) -> Summary:
    """The line of a new ticket."""
    target, due_at = _next(event.deadlines)
    if not event.deadlines and event.first_response_due_at is not None:  # written by an early release
        target, due_at = FIRST_RESPONSE, event.first_response_due_at
    return Summary(
        ticket_id=event.ticket_id,
        number=event.number,
        ticketbox_id=event.ticketbox_id,
        subject=event.subject,
        contact_name=event.contact.name,
        contact_address=event.contact.address.lower(),
        state=State.OPEN,
        priority=event.priority,
        tags=event.tags,
        category_id=None,
        assignee_id=None,
        watcher_ids=(),
        version=1,
        letter_version=1,
        opened_at=event.letter.received_at,
        changed_at=at,
        waiting_since=None if event.settled else event.letter.received_at,
        held_until=None,
        merged_into=None,
        due_target=target,
        due_at=due_at,
        warned=(),
        missed=(),
        first_response_due_at=event.first_response_due_at,
        first_response_at=None,
        breached=False,
        letters=1,
        replies=0,
        undelivered=(),
        excerpt=event.letter.excerpt,
    )


def evolve(summary: Summary, event: TicketEvent, version: int, at: datetime) -> Summary:
    """The line after one more event; most say nothing that a list shows."""
    line = but(summary, version=version, changed_at=at)
    match event:
        case CustomerReplied() | AutomaticReplyReceived() | ReplyBounced():
            return _heard(line, event)
        case ReplyReleased() | DeliveryRecorded():
            return _answered(line, event, at)
        case TicketSolved() | TicketClosed() | TicketReopened() | TicketSetPending() | TicketPutOnHold():
            return _stands(line, event, at)
        case DeadlinesChanged() | SLAWarned() | SLABreached():
            return _clocks(line, event, at)
        case TicketAssigned(agent_id=agent_id):
            return but(line, assignee_id=agent_id)
        case PriorityChanged(priority=priority):
            return but(line, priority=priority)
        case TagsChanged(tags=tags):
            return but(line, tags=tags)
        case CategoryAssigned(category_id=category_id):
            return but(line, category_id=category_id)
        case WatchersChanged(watcher_ids=watcher_ids):
            return but(line, watcher_ids=watcher_ids)
        case TicketMoved(ticketbox_id=ticketbox_id):
            return but(line, ticketbox_id=ticketbox_id)
        case TicketMerged(into_number=number):
            return but(line, merged_into=number)
        case MergeUndone():
            return but(line, merged_into=None)
        case _:
            return line


Heard = CustomerReplied | AutomaticReplyReceived | ReplyBounced


def _heard(line: Summary, event: Heard) -> Summary:
    match event:
        case CustomerReplied(letter=letter, thanks=True):
            return but(_with_letter(line, letter), letter_version=line.version)
        case CustomerReplied(letter=letter):
            since = line.waiting_since or letter.received_at
            return but(_with_letter(line, letter), letter_version=line.version, waiting_since=since)
        case AutomaticReplyReceived(letter=letter):
            return _with_letter(line, letter)
        case ReplyBounced(reply_id=reply_id, letter=letter):
            return but(_with_letter(line, letter), undelivered=(*_without(line, reply_id), reply_id))
        case _:
            assert_never(event)


def _answered(line: Summary, event: ReplyReleased | DeliveryRecorded, at: datetime) -> Summary:
    match event:
        case ReplyReleased(reply_id=reply_id, attempt=attempt):
            answered = line.due_target == FIRST_RESPONSE
            return but(
                line,
                waiting_since=None,
                first_response_at=line.first_response_at or at,
                due_target=None if answered else line.due_target,
                due_at=None if answered else line.due_at,
                replies=line.replies + (attempt == 1),
                undelivered=_without(line, reply_id),
            )
        case DeliveryRecorded(automatic=True):
            return line  # nobody sends it again
        case DeliveryRecorded(reply_id=reply_id) if reply_id == acknowledgement_id(line.ticket_id):
            return line  # as early releases wrote it
        case DeliveryRecorded(reply_id=reply_id, outcome=outcome):
            failed = () if outcome is DeliveryOutcome.SENT else (reply_id,)
            return but(line, undelivered=_without(line, reply_id) + failed)
        case _:
            assert_never(event)


Stands = TicketSolved | TicketClosed | TicketReopened | TicketSetPending | TicketPutOnHold


def _stands(line: Summary, event: Stands, at: datetime) -> Summary:
    line = but(line, held_until=None)
    match event:
        case TicketSolved():
            return but(line, state=State.SOLVED, waiting_since=None, due_target=None, due_at=None)
        case TicketClosed():
            return but(line, state=State.CLOSED, waiting_since=None, due_target=None, due_at=None)
        case TicketSetPending():
            return but(line, state=State.PENDING, waiting_since=None)
        case TicketPutOnHold(until=until):
            return but(line, state=State.ON_HOLD, held_until=until)
        case TicketReopened(reopened_by=None):
            return but(line, state=State.OPEN)  # the customer's letter before it says since when he waits
        case TicketReopened():
            return but(line, state=State.OPEN, waiting_since=line.waiting_since or at)
        case _:
            assert_never(event)


def _clocks(line: Summary, event: DeadlinesChanged | SLAWarned | SLABreached, at: datetime) -> Summary:
    match event:
        case DeadlinesChanged(deadlines=deadlines):
            target, due_at = _next(deadlines)
            soon = {item.target for item in deadlines if _may_be_missed_soon(item, at)}
            warned = tuple(one for one in line.warned if one in soon)
            first = next((item.due_at for item in deadlines if item.target == FIRST_RESPONSE), None)
            return but(
                line,
                due_target=target,
                due_at=due_at,
                warned=warned,
                first_response_due_at=first or line.first_response_due_at,
            )
        case SLAWarned(target=target):
            return but(line, warned=(*(one for one in line.warned if one != target), target))
        case SLABreached(target=target):
            missed = (*(one for one in line.missed if one != target), target)
            warned = tuple(one for one in line.warned if one != target)
            return but(line, breached=True, warned=warned, missed=missed)
        case _:
            assert_never(event)


def _may_be_missed_soon(item: DeadlineItem, at: datetime) -> bool:
    """Whether an earlier warning still holds: the clock stands still, or its deadline did not move out of reach."""
    return item.due_at is None or (item.warn_at is not None and item.warn_at <= at)


def _next(deadlines: Iterable[DeadlineItem]) -> tuple[str | None, datetime | None]:
    """The target that is due next; none whose clock stands still."""
    running = [(item.due_at, item.target) for item in deadlines if item.due_at is not None]
    due_at, target = min(running, default=(None, None))
    return target, due_at


def _with_letter(line: Summary, letter: LetterHead) -> Summary:
    return but(line, letters=line.letters + 1, excerpt=letter.excerpt)


def _without(line: Summary, reply_id: UUID) -> tuple[UUID, ...]:
    return tuple(one for one in line.undelivered if one != reply_id)
