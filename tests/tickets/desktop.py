"""Tickets in memory to which letters and commands come as they come to the shell; for tests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from chassis.log import Answer
from contracts.commands import (
    AnyTicketCommand,
    AnyTwoTicketsCommand,
    HoldForTicket,
    LinkTickets,
    MergeTicket,
    MoveLetters,
    SplitTicket,
    UndoMerge,
    UnlinkTickets,
)
from contracts.desk import Ticketbox
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.people import BoxRight, Person, Right, Role
from contracts.router import MessageRouted, RoutingEvidence
from contracts.stream_ids import ticket_stream
from contracts.ticket_events import TicketEvent
from contracts.tickets import LinkKind, State, TicketOpened, TicketSolved
from services.tickets import commands, intake, rearranging
from services.tickets.desk import Desk
from services.tickets.threading import Known, Tokens, find_place
from services.tickets.ticket import Ticket, awaited
from services.tickets.work import Work

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday."""
MINUTE = timedelta(minutes=1)
BOX, ORDERS, ANNA, BELA = (uuid4() for _ in range(4))
DESK = Desk(
    {
        BOX: Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)),
        ORDERS: Ticketbox(id=ORDERS, name="Orders", addresses=("orders@example.com",)),
        ANNA: Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
        BELA: Person(
            id=BELA,
            name="Bela",
            email="bela@example.com",
            role=Role.AGENT,
            rights=(BoxRight(ticketbox_id=ORDERS, right=Right.ANSWER),),
        ),
    }
)
TOKENS = Tokens(DESK.secret)
META = Meta(correlation_id=ANNA, causation_id=ANNA)


def letter(
    number: int,
    sender: str = "kim@customers.example",
    answers: str | None = None,
    at: datetime = NOON,
    **about: object,
) -> LetterHead:
    head = LetterHead(
        message_id=UUID(int=number),
        internet_message_id=f"<{number}@customers.example>",
        in_reply_to=answers,
        subject=f"Letter {number}",
        received_at=at,
        from_=Address(address=sender),
    )
    return head.model_copy(update=about)


@dataclass
class Desktop:
    """Tickets in memory, and the index of their messages."""

    tickets: dict[UUID, Ticket]
    index: dict[str, list[Known]]
    numbers: int = 1000
    desk: Desk = DESK
    now: datetime = NOON
    answers: list[Answer] = field(default_factory=list)
    """All that was appended."""

    @classmethod
    def empty(cls, desk: Desk = DESK) -> "Desktop":
        return cls({}, {}, desk=desk)

    def work(self) -> Work:
        return Work(self.now, self.desk, self.tickets, index=self.index)

    def take(self, head: LetterHead, box: UUID = BOX) -> Ticket:
        """What the shell does with a routed message."""
        routed = MessageRouted(
            letter=head,
            ticketbox_id=box,
            ticketbox="",
            evidence=RoutingEvidence(ruleset_version=1, rule=None),
        )
        work, place = self.work(), find_place(head, self.index, TOKENS, self.tickets)
        if place is not None:
            current = self.tickets[place.ticket_id]
            work.add(current, intake.continue_ticket(routed, current, place), uuid4(), META)
            self._keep(work)
            return self.tickets[place.ticket_id]
        self.numbers += 1
        opened = intake.open_ticket(routed, self.numbers, DESK)
        work.open(opened, uuid4(), META)
        self._keep(work)
        return self.tickets[opened.ticket_id]

    def do(self, command: AnyTwoTicketsCommand | SplitTicket) -> rearranging.Events:
        ticket = self.tickets[command.ticket_id]
        if isinstance(command, SplitTicket):
            self.numbers += 1
            events = rearranging.split(command, ticket, DESK, self.numbers, self.now, self.inside(ticket))
        else:
            other = self.tickets[command.other_id]
            waits_for = {*awaited(other, self.tickets)}
            events = rearranging.decide(command, ticket, other, DESK, self.inside(ticket), waits_for)
        work = self.work()
        for ticket_id, happened in events.items():
            openings = [event for event in happened if isinstance(event, TicketOpened)]
            for event in openings:
                work.open(event, uuid4(), META)
            work.add(self.tickets[ticket_id], happened[len(openings) :], uuid4(), META)
        for identity, known in work.unindexed:
            kept = [one for one in self.index.get(identity, []) if one.ticket_id != known.ticket_id]
            self.index[identity] = kept
        for identity, known in work.indexed:
            if known not in self.index[identity]:
                self.index[identity].append(known)
        self._keep(work)
        return events

    def ask(self, command: AnyTicketCommand) -> None:
        """What the shell does with a command about one ticket."""
        self.happen(
            command.ticket_id,
            *commands.decide(command, self.tickets[command.ticket_id], self.desk, self.now),
        )

    def ring(self, ticket_id: UUID) -> None:
        """What happens before anything else does to a ticket."""
        work = self.work()
        work.ring(ticket_id)
        self._keep(work)

    def look(self, ticket_id: UUID) -> None:
        """What the clock does when a ticket's turn has come."""
        self.ring(ticket_id)
        self.happen(ticket_id)

    def _keep(self, work: Work) -> None:
        work.end_holds()
        self.answers += work.answers

    def steps(self, ticket_id: UUID) -> list[tuple[datetime, list[TicketEvent]]]:
        """What happened to a ticket, step by step, with the true times."""
        return [
            (answer.occurred_at, list(answer.events))  # type: ignore[arg-type]  # its stream has no others
            for answer in self.answers
            if answer.stream_id == ticket_stream(ticket_id)
        ]

    def happened(self, ticket_id: UUID) -> list[tuple[datetime, TicketEvent]]:
        return [(at, event) for at, events in self.steps(ticket_id) for event in events]

    def inside(self, ticket: Ticket) -> list[Ticket]:
        """The tickets that go on in one."""
        into = [self.tickets[one] for one in ticket.absorbed]
        return into + [far for near in into for far in self.inside(near)]

    def solve(self, ticket: Ticket) -> None:
        self.happen(ticket.ticket_id, TicketSolved(ticket_id=ticket.ticket_id, solved_by=ANNA))

    def happen(self, ticket_id: UUID, *events: TicketEvent) -> None:
        work = self.work()
        work.add(self.tickets[ticket_id], events, uuid4(), META)
        self._keep(work)

    def letters(self, ticket: Ticket) -> set[int]:
        return {message_id.int for message_id in self.tickets[ticket.ticket_id].letters}

    def state(self, ticket: Ticket) -> State:
        return self.tickets[ticket.ticket_id].state


def merge(ticket: Ticket, other: Ticket, actor: UUID = ANNA) -> MergeTicket:
    return MergeTicket(
        command_id=uuid4(), actor_id=actor, ticket_id=ticket.ticket_id, other_id=other.ticket_id
    )


def undo(ticket: Ticket, other: Ticket) -> UndoMerge:
    return UndoMerge(command_id=uuid4(), actor_id=ANNA, ticket_id=ticket.ticket_id, other_id=other.ticket_id)


def link(ticket: Ticket, other: Ticket) -> LinkTickets:
    return LinkTickets(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=ticket.ticket_id,
        other_id=other.ticket_id,
        link=LinkKind.RELATED,
    )


def unlink(ticket: Ticket, other: Ticket) -> UnlinkTickets:
    return UnlinkTickets.model_validate(link(ticket, other).model_dump())


def hold_for(ticket: Ticket, other: Ticket, reason: str = "") -> HoldForTicket:
    return HoldForTicket(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=ticket.ticket_id,
        other_id=other.ticket_id,
        reason=reason,
    )


def move(ticket: Ticket, other: Ticket, *letters: int) -> MoveLetters:
    return MoveLetters(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=ticket.ticket_id,
        other_id=other.ticket_id,
        message_ids=tuple(UUID(int=number) for number in letters),
    )


def split(ticket: Ticket, *letters: int) -> SplitTicket:
    return SplitTicket(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=ticket.ticket_id,
        message_ids=tuple(UUID(int=number) for number in letters),
    )
