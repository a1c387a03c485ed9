"""Runs the examples of docs/service-levels.md: what happens minute by minute, and what is due then."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from contracts import commands
from contracts.commands import AnyTicketCommand
from contracts.correspondence import DeliveryOutcome, DeliveryRecorded
from contracts.desk import Organisation, Ticketbox
from contracts.router import Priority
from contracts.service_levels import Calendar, Policy, SLABreached, SLAWarned, Span, Target, Weekday
from contracts.things import Thing
from contracts.tickets import TicketClosed, TicketReopened
from services.tickets.ticket import Ticket
from tests.tickets.desktop import (
    ANNA,
    BOX,
    DESK,
    MINUTE,
    NOON,
    ORDERS,
    Desktop,
    hold_for,
    letter,
    link,
    merge,
    move,
    split,
    undo,
)

RETURNS = uuid4()
KORNBLUME = Organisation(id=uuid4(), name="Kornblume", domains=("kornblume.example",))


def office(opens: int) -> Calendar:
    spans = (Span(begin=f"{opens:02}:00", end="17:00"),)
    return Calendar(id=OFFICE_ID, name="Office", time_zone="UTC", week=dict.fromkeys([*Weekday][:5], spans))


OFFICE_ID = uuid4()
STANDARD = Policy(
    id=uuid4(),
    name="Standard",
    ticketbox_ids=(BOX,),
    targets={Target.FIRST_RESPONSE: 60, Target.NEXT_RESPONSE: 120, Target.RESOLUTION: 480},
)
THINGS: tuple[Thing, ...] = (
    Ticketbox(id=ORDERS, name="Orders", addresses=("orders@example.com",), calendar_id=OFFICE_ID),
    Ticketbox(id=RETURNS, name="Returns", addresses=("returns@example.com",), first_response_seconds=90 * 60),
    office(opens=13),
    KORNBLUME,
    STANDARD,
    Policy(
        id=uuid4(),
        name="Urgent",
        order=1,
        priorities=(Priority.URGENT,),
        targets={Target.RESOLUTION: 100},
        pause_in=(),
    ),
    Policy(
        id=uuid4(),
        name="Kornblume",
        order=2,
        organisation_ids=(KORNBLUME.id,),
        targets={Target.RESOLUTION: 30},
    ),
    Policy(
        id=uuid4(),
        name="VIP",
        order=3,
        tags=("vip",),
        targets={Target.FIRST_RESPONSE: 20},
        warn_minutes_before=15,
    ),
    Policy(
        id=uuid4(),
        name="Orders",
        order=4,
        ticketbox_ids=(ORDERS,),
        targets={Target.FIRST_RESPONSE: 30, Target.RESOLUTION: 240},
    ),
)
"""As the document says above its table."""
BOXES = {None: BOX, "Orders": ORDERS, "Returns": RETURNS}
OTHER = "other"


@dataclass
class Timeline:
    """The example's ticket, the other one, and what happens to them."""

    desktop: Desktop = field(
        default_factory=lambda: Desktop.empty(
            replace(DESK, things={**DESK.things, **{thing.id: thing for thing in THINGS}})
        )
    )
    ids: dict[str, UUID] = field(default_factory=dict)
    first_letters: dict[str, int] = field(default_factory=dict)
    letters: dict[int, int] = field(default_factory=dict)
    """The number of each letter, by the minute in which it came."""
    reply_id: UUID | None = None
    """Of the last answer."""

    @classmethod
    def told(cls, example: str) -> "Timeline":
        """What happened, as in `0 letter, 10 answered, 20 other: letter`."""
        timeline = cls()
        for happening in example.split(", "):
            minute, other, words = re.fullmatch(r"(\d+) (other: )?(.+)", happening).groups()  # type: ignore[union-attr]
            timeline.happen(int(minute), OTHER if other else "", words)
        return timeline

    def happen(self, minute: int, whose: str, words: str) -> None:
        self.desktop.now = at(minute)
        for ticket_id in self.ids.values():
            self.desktop.ring(ticket_id)
        match words.split():
            case ["letter", "of", came, "moved"]:
                self.desktop.do(
                    move(self._ticket(whose), self._ticket(self._far(whose)), self.letters[int(came)])
                )
            case ["letter", "of", came, "split", "off"]:
                *_, self.ids[OTHER] = self.desktop.do(split(self._ticket(whose), self.letters[int(came)]))
                self.first_letters[OTHER] = self.letters[int(came)]
            case ["letter" | "machine's" | "thanks", *_]:
                self._letter(minute, whose, words)
            case ["merged"]:
                self.desktop.do(merge(self._ticket(whose), self._ticket(self._far(whose))))
            case ["on", "hold", "until", "other", "is", "solved"]:
                self.desktop.do(link(self._ticket(whose), self._ticket(self._far(whose))))
                self.desktop.do(hold_for(self._ticket(whose), self._ticket(self._far(whose))))
            case ["merge", "undone"]:
                self.desktop.do(undo(self._ticket(whose), self._ticket(self._far(whose))))
            case ["looked", "at"]:
                self.desktop.look(self.ids[whose])
            case ["answer", "fails"]:
                self._fails(whose)
            case ["policy", "asks", "for", "a", "first", "response", "in", minutes]:
                targets = {**STANDARD.targets, Target.FIRST_RESPONSE: int(minutes)}
                self._configure(STANDARD.model_copy(update={"targets": targets}))
            case ["office", "opens", "at", hour]:
                self._configure(office(int(hour)))
            case ["customer", "joins", "Kornblume"]:
                chosen = {self._ticket(whose).contact.address: KORNBLUME.id}
                self.desktop.desk = replace(self.desktop.desk, chosen_organisations=chosen)
            case _:
                self.desktop.ask(self._command(self._ticket(whose), words))

    def _far(self, whose: str) -> str:
        return "" if whose == OTHER else OTHER

    def _ticket(self, whose: str) -> Ticket:
        return self.desktop.tickets[self.ids[whose]]

    def _letter(self, minute: int, whose: str, words: str) -> None:
        late = re.search(r" of (\d+)", words)
        came = int(late[1]) if late else minute
        number = self.letters[came] = len(self.letters) + 1
        home = re.search(r" to (\w+)", words)
        head = letter(
            number,
            sender="maren@kornblume.example" if "Kornblume" in words else "kim@customers.example",
            answers=f"<{self.first_letters[whose]}@customers.example>" if whose in self.ids else None,
            at=at(came),
            automatic=words.startswith("machine's"),
            subject="My lamp",
            excerpt="Thank you!" if words == "thanks" else "Where is my lamp?",
        )
        ticket = self.desktop.take(head, BOXES[home[1] if home else None])
        if whose not in self.ids:
            self.ids[whose], self.first_letters[whose] = ticket.ticket_id, number

    def _fails(self, whose: str) -> None:
        assert self.reply_id is not None
        failed = DeliveryRecorded(
            ticket_id=self.ids[whose], reply_id=self.reply_id, outcome=DeliveryOutcome.FAILED, answer="550 no"
        )
        self.desktop.happen(self.ids[whose], failed)

    def _configure(self, thing: Thing) -> None:
        desk, now = self.desktop.desk, self.desktop.now
        self.desktop.desk = replace(
            desk, things={**desk.things, thing.id: thing}, since={thing.id: now}, service_levels_since=now
        )

    def _command(self, ticket: Ticket, words: str) -> AnyTicketCommand:
        about = {"command_id": uuid4(), "actor_id": ANNA, "ticket_id": ticket.ticket_id}
        match words.split():
            case ["answered"]:
                self.reply_id = uuid4()
                return commands.SubmitReply(
                    **about, reply_id=self.reply_id, text="Soon.", seen_version=ticket.version
                )
            case ["sent", "again"]:
                assert self.reply_id is not None
                return commands.RetryReply(**about, reply_id=self.reply_id)
            case ["note"]:
                return commands.AddNote(**about, note_id=uuid4(), text="He called.")
            case ["pending"]:
                return commands.SetPending(**about)
            case ["on", "hold", *until]:
                return commands.PutOnHold(**about, until=at(int(until[1])) if until else None)
            case ["reopened"]:
                return commands.ReopenTicket(**about)
            case ["more", "than", "thanks"]:
                return commands.ReopenTicket(**about, more_than_thanks=True)
            case ["solved"]:
                return commands.SolveTicket(**about)
            case ["closed"]:
                return commands.CloseTicket(**about)
            case ["urgent"]:
                return commands.SetPriority(**about, priority=Priority.URGENT)
            case ["tagged", tag]:
                return commands.ChangeTags(**about, add=(tag,))
            case ["moved", "to", box]:
                return commands.MoveTicket(**about, ticketbox_id=BOXES[box])
            case _:
                raise AssertionError(f"The document says “{words}”, which no example knows.")

    def due(self) -> str:
        """What runs and what was missed, in the words of the document."""
        tickets = {"": self.ids[""], **self.ids}
        return "; ".join(
            f"{name}: {told}" if name else told
            for name, ticket_id in tickets.items()
            for told in [", ".join(self._due(self.desktop.tickets[ticket_id])) or "nothing"]
        )

    def _due(self, ticket: Ticket) -> Iterator[str]:
        for item in ticket.deadlines:
            target = item.target.replace("_", " ")
            if item.due_at is None:
                assert item.left_seconds is not None
                yield f"{target} with {item.left_seconds // 60} left"
            else:
                yield f"{target} {minute_of(item.due_at)}"
        for moment, event in self.desktop.happened(ticket.ticket_id):
            match event:
                case SLAWarned(target=target):
                    yield f"warned of {target.replace('_', ' ')} {minute_of(moment)}"
                case SLABreached(target=target, due_at=due_at):
                    yield f"missed {target.replace('_', ' ')} {minute_of(due_at)}"
                case TicketReopened(why="hold_ended"):
                    yield f"hold ended {minute_of(moment)}"
                case TicketClosed(closed_by=None):
                    yield f"closed by itself {minute_of(moment)}"
                case _:
                    pass


def at(minute: int) -> datetime:
    return NOON + minute * MINUTE


def minute_of(moment: datetime) -> int:
    return int((moment - NOON) / MINUTE)
