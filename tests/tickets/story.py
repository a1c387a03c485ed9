"""A ticket to which things happen, as in a transaction each; for tests of its clocks."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from contracts.correspondence import (
    AutomaticReplyReceived,
    CustomerReplied,
    NoteAdded,
    OutgoingLetter,
    ReplyReleased,
)
from contracts.desk import Organisation, Ticketbox
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.people import Person, Role
from contracts.router import Priority
from contracts.service_levels import Calendar, Policy, SLABreached, Span, Target, Weekday
from contracts.things import Thing
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    MergeUndone,
    PriorityChanged,
    State,
    TagsChanged,
    ThreadedBy,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket
from services.tickets.work import Work

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKET, OTHER, BOX, ORDERS, ANNA = (uuid4() for _ in range(5))
MINUTE = timedelta(minutes=1)
TARGETS = {Target.FIRST_RESPONSE: 60, Target.NEXT_RESPONSE: 120, Target.RESOLUTION: 480}


def policy(**about: object) -> Policy:
    return Policy.model_validate({"id": uuid4(), "name": "Standard", "targets": TARGETS, **about})


def desk_of(*things: Policy | Calendar | Organisation | Ticketbox) -> Desk:
    standing = (
        Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)),
        Ticketbox(id=ORDERS, name="Orders", addresses=("orders@example.com",)),
        Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
    )
    return Desk({thing.id: thing for thing in (*standing, *things)})


@dataclass
class Story:
    """A ticket to which things happen, as in a transaction each."""

    desk: Desk
    automatic: bool = False
    now: datetime = MONDAY
    steps: list[tuple[datetime, list[TicketEvent]]] = field(default_factory=list)
    """What was appended by each step, and when."""
    ticket: Ticket = field(init=False)

    def __post_init__(self) -> None:
        work = Work(self.now, self.desk)
        head = letter(self.now, automatic=self.automatic)
        work.open(opened(head), uuid4(), META)
        self._take(work)

    def after(self, minutes: float, *events: TicketEvent) -> "Story":
        self.now += timedelta(minutes=minutes)
        work = Work(self.now, self.desk, {TICKET: self.ticket})
        work.ring(TICKET)  # what has come due happens before anything else does
        work.add(work.tickets[TICKET], events, uuid4(), META)
        self._take(work)
        return self

    def writes(self, minutes: float, *, thanks: bool = False) -> "Story":
        head = letter(self.now + timedelta(minutes=minutes))
        said = CustomerReplied(
            ticket_id=TICKET, letter=head, threaded_by=ThreadedBy.IN_REPLY_TO, thanks=thanks
        )
        return self.after(minutes, said)

    def _take(self, work: Work) -> None:
        self.steps += [(answer.occurred_at, list(answer.events)) for answer in work.answers]  # type: ignore[arg-type]
        self.ticket = work.tickets[TICKET]

    @property
    def began_at(self) -> datetime:
        return self.steps[0][0]

    @property
    def appended(self) -> list[TicketEvent]:
        return [event for _, events in self.steps for event in events]

    def configure(self, *things: Thing) -> None:
        """The desk changes, and the ticket is looked at because of it."""
        self.after(0)
        self.desk = replace(self.desk, things={**self.desk.things, **{thing.id: thing for thing in things}})
        self.after(0)

    def join(self, organisation: Organisation | None) -> None:
        """Somebody says to which organisation the customer belongs."""
        self.after(0)
        chosen = {self.ticket.contact.address: organisation.id} if organisation else {}
        self.desk = replace(self.desk, chosen_organisations=chosen)
        self.after(0)

    def due(self, target: Target) -> float | None:
        """Minutes after the beginning at which a target is due; None if its clock stands still or is not running."""
        item = next((item for item in self.ticket.deadlines if item.target == target), None)
        return None if item is None or item.due_at is None else (item.due_at - MONDAY) / MINUTE

    def running(self) -> set[str]:
        return {item.target for item in self.ticket.deadlines}

    def breaches(self) -> list[tuple[str, float]]:
        return [
            (event.target, (event.due_at - MONDAY) / MINUTE)
            for event in self.appended
            if isinstance(event, SLABreached)
        ]


META = Meta(correlation_id=TICKET, causation_id=TICKET)


def letter(at: datetime, *, automatic: bool = False) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=None,
        received_at=at,
        from_=Address(address="kim@customers.example"),
        automatic=automatic,
    )


def opened(head: LetterHead) -> TicketOpened:
    return TicketOpened(
        ticket_id=TICKET,
        number=10009,
        ticketbox_id=BOX,
        ticketbox="Support",
        subject="Where is my lamp?",
        contact=Address(address="kim@customers.example"),
        letter=head,
    )


def answered() -> ReplyReleased:
    outgoing = OutgoingLetter(
        internet_message_id=f"<{uuid4()}@example.com>",
        date=MONDAY,
        from_=Address(address="support@example.com"),
        to=(Address(address="kim@customers.example"),),
        subject="Re: Where is my lamp?",
        text="Soon.",
    )
    return ReplyReleased(ticket_id=TICKET, reply_id=uuid4(), author_id=ANNA, letter=outgoing)


SOLVED = TicketSolved(ticket_id=TICKET, solved_by=ANNA)
PENDING = TicketSetPending(ticket_id=TICKET, set_by=ANNA)
HELD = TicketPutOnHold(ticket_id=TICKET, set_by=ANNA)
REOPENED = TicketReopened(ticket_id=TICKET)
LATE_BY = timedelta(minutes=90)
"""So long a letter may have been on its way to its ticket."""
NOTED = NoteAdded(ticket_id=TICKET, note_id=uuid4(), author_id=ANNA, text="He called.")
MERGED = TicketMerged(ticket_id=TICKET, into_id=OTHER, into_number=10017, merged_by=ANNA)
UNMERGED = MergeUndone(ticket_id=TICKET, into_id=OTHER, undone_by=ANNA)


OFFICE = Calendar(
    id=uuid4(),
    name="Office",
    time_zone="Europe/Berlin",
    week=dict.fromkeys(
        tuple(Weekday)[:5], (Span(begin="09:00", end="12:00"), Span(begin="13:00", end="17:00"))
    ),
)


def events_of(name: str, story: Story) -> list[TicketEvent]:
    """What a person would do; what makes no sense as things stand does nothing."""
    ticket = story.ticket
    merged = ticket.merged_into_id is not None
    match name:
        case "unmerge" if merged:
            return [UNMERGED]
        case "merge" if not merged:
            return [MERGED]
        case _ if merged:
            return []
        case "answer":
            return [answered()]
        case "letter" | "late letter" | "thanks":
            thanks = name == "thanks" and ticket.state.done
            said = CustomerReplied(
                ticket_id=TICKET,
                letter=letter(
                    max(story.began_at, story.now - LATE_BY) if name == "late letter" else story.now
                ),
                threaded_by=ThreadedBy.IN_REPLY_TO,
                thanks=thanks,
            )
            return [said] if thanks or ticket.state is State.OPEN else [said, REOPENED]
        case "machine":
            head = letter(story.now, automatic=True)
            return [AutomaticReplyReceived(ticket_id=TICKET, letter=head, threaded_by=ThreadedBy.IN_REPLY_TO)]
        case "hold 40" | "hold 400":
            minutes = int(name.removeprefix("hold "))
            return [TicketPutOnHold(ticket_id=TICKET, set_by=ANNA, until=story.now + minutes * MINUTE)]
        case "vip" | "plain":
            return [TagsChanged(ticket_id=TICKET, tags=("vip",) if name == "vip" else ())]
        case "pending":
            return [PENDING]
        case "hold":
            return [HELD]
        case "reopen":
            return [REOPENED]
        case "solve":
            return [SOLVED]
        case "urgent" | "normal":
            return [PriorityChanged(ticket_id=TICKET, priority=Priority(name))]
        case "orders" | "support":
            box, other = (ORDERS, BOX) if name == "orders" else (BOX, ORDERS)
            return [TicketMoved(ticket_id=TICKET, ticketbox_id=box, ticketbox=name, from_id=other)]
        case _:
            return [NOTED]
