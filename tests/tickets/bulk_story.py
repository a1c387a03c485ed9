"""A ticket's history as it is written by people, by jobs and by what undoes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from contracts.bulk import BulkAction
from contracts.commands import AnyTicketCommand
from contracts.desk import Category, CustomField, Ticketbox
from contracts.event import Event, Meta, Recorded
from contracts.mail import Address, LetterHead
from contracts.people import BoxRight, Person, Right, Role
from contracts.stream_ids import job_actor
from contracts.ticket_events import TicketEvent
from contracts.tickets import TicketOpened
from services.tickets import bulk, commands, undoing
from services.tickets.desk import Desk
from services.tickets.evolve import load
from services.tickets.ticket import Ticket

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKET, BOX, ORDERS, ANNA, BELA, LAMPS, JOB = (uuid4() for _ in range(7))
DESK = Desk(
    {
        BOX: Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)),
        ORDERS: Ticketbox(
            id=ORDERS, name="Orders", addresses=("orders@example.com",), required_fields=("order",)
        ),
        ANNA: Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
        BELA: Person(
            id=BELA,
            name="Bela",
            email="bela@example.com",
            role=Role.AGENT,
            rights=(BoxRight(ticketbox_id=ORDERS, right=Right.ANSWER),),
        ),
        LAMPS: Category(id=LAMPS, name="Lamps"),
        (field := CustomField(id=uuid4(), name="Order", key="order")).id: field,
    }
)


def letter(subject: str) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=None,
        subject=subject,
        received_at=NOON,
        from_=Address(address="kim@customers.example"),
    )


OPENED = TicketOpened(
    ticket_id=TICKET,
    number=10009,
    ticketbox_id=BOX,
    ticketbox="Support",
    subject="Where is my lamp?",
    contact=Address(address="kim@customers.example"),
    tags=("lamp",),
    letter=letter("Where is my lamp?"),
)


class Story:
    """A ticket's history as it is written, by whom."""

    def __init__(self, *events: TicketEvent) -> None:
        self.history: list[Recorded[Event]] = []
        self.add([OPENED, *events], "postroom")

    def add(self, events: Sequence[TicketEvent], actor: str, cause: UUID = TICKET) -> None:
        for event in events:
            self.history.append(
                Recorded(
                    event=event,
                    event_id=uuid4(),
                    stream_id=f"ticket-{TICKET}",
                    version=len(self.history) + 1,
                    position=len(self.history) + 1,
                    after=len(self.history),
                    meta=Meta(correlation_id=TICKET, causation_id=cause, actor=actor),
                    occurred_at=NOON + timedelta(minutes=len(self.history)),
                    recorded_at=NOON,
                )
            )

    @property
    def ticket(self) -> Ticket:
        ticket = load(self.history)
        assert ticket is not None
        return ticket

    def job(self, *actions: BulkAction, seen_version: int | None = None, by: object = ANNA) -> None:
        seen = self.ticket.version if seen_version is None else seen_version
        turn = bulk.Turn(uuid4(), by, seen, NOON)  # type: ignore[arg-type]  # a UUID
        self.add(bulk.decide(actions, self.ticket, DESK, turn), job_actor(JOB))

    def undo(self, now: datetime = NOON, by: object = ANNA, actor: str = "job:undo") -> None:
        turn = bulk.Turn(uuid4(), by, self.ticket.version, now)  # type: ignore[arg-type]  # a UUID
        self.add(undoing.undo(undoing.by_job(JOB), self.history, self.ticket, DESK, turn), actor)

    def does(self, command: AnyTicketCommand) -> None:
        """What a person asks of this one ticket."""
        events = commands.decide(command, self.ticket, DESK, NOON)
        self.add(events, str(command.actor_id), command.command_id)

    def undo_command(self, command: AnyTicketCommand, now: datetime = NOON) -> None:
        turn = bulk.Turn(uuid4(), command.actor_id, self.ticket.version, now)
        undone = undoing.by_command(command.command_id)
        self.add(undoing.undo(undone, self.history, self.ticket, DESK, turn), str(command.actor_id))


def standing(ticket: Ticket) -> tuple[object, ...]:
    """All that can be undone; last the tags, of which each stands for itself."""
    return (
        ticket.ticketbox_id,
        ticket.assignee_id,
        ticket.priority,
        ticket.category_id,
        ticket.state,
        ticket.held_until,
        dict(ticket.fields),
        set(ticket.tags),
    )
