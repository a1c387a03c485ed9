"""Tickets under automations, for tests: what happens, and what happens by itself in between."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from contracts.automations import Automation, AutomationRan
from contracts.correspondence import CustomerReplied, OutgoingLetter, ReplyReleased
from contracts.desk import Ticketbox
from contracts.event import Meta
from contracts.mail import Address, Kind, LetterHead
from contracts.people import Person, Role
from contracts.service_levels import Policy, Target
from contracts.things import Thing
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    MergeUndone,
    ThreadedBy,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket
from services.tickets.work import Work

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKET, OTHER, BOX, ORDERS, ANNA, BELA, CARLA = (uuid4() for _ in range(7))
META = Meta(correlation_id=TICKET, causation_id=TICKET)
KIM = Address(name="Kim", address="kim@customers.example")


def automation(name: str = "Automatic", **about: object) -> Automation:
    return Automation.model_validate({"id": uuid5(TICKET, name), "name": name, **about})


def pending_for(minutes: int, name: str = "Automatic", **then: object) -> Automation:
    """After so many minutes of the wall clock in the state pending."""
    when = {"minutes": minutes, "moment": "pending", "clock": "wall"}
    return automation(name, when=when, then=then)


def desk_of(*things: Thing) -> Desk:
    policy = Policy(
        id=uuid5(TICKET, "policy"),
        name="Standard",
        targets={Target.FIRST_RESPONSE: 60, Target.NEXT_RESPONSE: 120, Target.RESOLUTION: 480},
    )
    standing: tuple[Thing, ...] = (
        Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)),
        Ticketbox(id=ORDERS, name="Orders", addresses=("orders@example.com",)),
        Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
        Person(id=BELA, name="Béla", email="bela@example.com", role=Role.AGENT),
        Person(id=CARLA, name="Carla", email="carla@example.com", role=Role.SUPERVISOR),
        policy,
    )
    return Desk({thing.id: thing for thing in (*standing, *things)}, secret=b"secret")


@dataclass
class Story:
    """A ticket to which things happen; clocks are looked at before each, and whenever `noticed` is called."""

    desk: Desk
    first: LetterHead | None = None
    now: datetime = MONDAY
    appended: list[tuple[datetime, TicketEvent]] = field(default_factory=list)
    mail: dict[str, list[datetime]] = field(default_factory=dict)
    ticket: Ticket = field(init=False)

    def __post_init__(self) -> None:
        work = self._work({})
        work.open(opened(self.first or letter(self.now)), uuid4(), META)
        self._take(work)

    def noticed(self, minutes: float = 0) -> "Story":
        """So much later the clock looks at the ticket."""
        return self.after(minutes)

    def after(self, minutes: float, *events: TicketEvent) -> "Story":
        """So much later something happens to the ticket."""
        self.now += timedelta(minutes=minutes)
        work = self._work({TICKET: self.ticket})
        work.ring(TICKET)
        work.add(work.tickets[TICKET], events, uuid4(), META)
        self._take(work)
        return self

    def changes(self, *things: Thing) -> "Story":
        """The desk is another from now on."""
        self.desk = Desk(
            {**self.desk.things, **{thing.id: thing for thing in things}},
            self.desk.secret,
            since={**self.desk.since, **{thing.id: self.now for thing in things}},
        )
        return self

    def _work(self, tickets: Mapping[UUID, Ticket]) -> Work:
        return Work(self.now, self.desk, dict(tickets), automatic_mail=self.mail)

    def _take(self, work: Work) -> None:
        for answer in work.answers:
            self.appended += [(answer.occurred_at, event) for event in answer.events]  # type: ignore[misc]
        self.ticket = work.tickets[TICKET]
        for person, _ in work.automatic_letters:
            self.mail.setdefault(person, []).append(self.now)

    def happened(self, kind: type[TicketEvent]) -> list[TicketEvent]:
        return [event for _, event in self.appended if isinstance(event, kind)]

    def runs(self) -> list[tuple[str, float]]:
        """The automations that ran, and when by the minutes after the beginning."""
        return [
            (event.automation, (at - MONDAY) / timedelta(minutes=1))
            for at, event in self.appended
            if isinstance(event, AutomationRan)
        ]

    def since(self, begin: int) -> Sequence[TicketEvent]:
        return [event for _, event in self.appended[begin:]]


def letter(at: datetime, *, automatic: bool = False, kind: Kind = Kind.CUSTOMER) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=f"<{uuid4()}@customers.example>",
        received_at=at,
        from_=KIM,
        automatic=automatic,
        kind=kind,
        excerpt="Where is my lamp?",
    )


def opened(head: LetterHead) -> TicketOpened:
    return TicketOpened(
        ticket_id=TICKET,
        number=10009,
        ticketbox_id=BOX,
        ticketbox="Support",
        subject="Where is my lamp?",
        contact=KIM,
        letter=head,
    )


def wrote(at: datetime) -> CustomerReplied:
    return CustomerReplied(ticket_id=TICKET, letter=letter(at), threaded_by=ThreadedBy.IN_REPLY_TO)


def answered() -> ReplyReleased:
    outgoing = OutgoingLetter(
        internet_message_id=f"<{uuid4()}@example.com>",
        date=MONDAY,
        from_=Address(address="support@example.com"),
        to=(KIM,),
        subject="Re: Where is my lamp?",
        text="Soon.",
    )
    return ReplyReleased(ticket_id=TICKET, reply_id=uuid4(), author_id=ANNA, letter=outgoing)


PENDING = TicketSetPending(ticket_id=TICKET, set_by=ANNA)
SOLVED = TicketSolved(ticket_id=TICKET, solved_by=ANNA)
MERGED = TicketMerged(ticket_id=TICKET, into_id=OTHER, into_number=10017, merged_by=ANNA)
UNMERGED = MergeUndone(ticket_id=TICKET, into_id=OTHER, undone_by=ANNA)
REOPENED = TicketReopened(ticket_id=TICKET, why="person", reopened_by=ANNA)


def kinds(events: Iterable[TicketEvent]) -> list[str]:
    return [type(event).__name__ for event in events]
