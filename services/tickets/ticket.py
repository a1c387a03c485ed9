"""The ticket: what it is, as its events made it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

from contracts.correspondence import OutgoingLetter
from contracts.mail import Address, LetterHead
from contracts.router import Priority
from contracts.tickets import (
    DeadlineItem,
    FieldValue,
    LinkKind,
    Spell,
    State,
    TicketAbsorbed,
    TicketPutOnHold,
)

NEVER = datetime.min.replace(tzinfo=UTC)
MOST_RUNS = 20
"""Runs of automations that one ticket gets within a day."""


class ReplyState(StrEnum):
    RELEASED = "released"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of ours: what left, and what became of it."""

    letter: OutgoingLetter
    author_id: UUID
    attempt: int
    state: ReplyState = ReplyState.RELEASED


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done."""

    text: str
    owner_id: UUID | None
    due_on: date | None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """How a ticket stood that a merge, or letters that were moved to it, opened."""

    state: State
    hold: TicketPutOnHold | None
    ended_for: frozenset[UUID]
    """What opened it, the ticket or the letters; and the tickets that were merged into it since."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A letter that wants an answer, which starts clocks."""

    since: datetime
    """When it was received."""
    came_at: datetime
    """Since when it waits through the spells of this ticket; that is later if it came from another one."""
    before: tuple[Spell, ...] = ()
    """What it had waited through until then."""
    round: int = 0
    """Who writes when all was done asks anew, in a round of their own."""
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """How a letter stood in a ticket when it left for another one."""

    asked: Asked | None
    """None: it wanted no answer, as one of a machine."""
    settled: bool
    """It wanted none any more: it had got one, or all was done."""
    began: bool
    """It had started the clock of the resolution."""


@dataclass(frozen=True)
class Ticket:
    """A conversation as it stands. `version` counts its events.

    It has no slots: `chassis.frozen.but` copies it whole.
    """

    ticket_id: UUID
    number: int
    ticketbox_id: UUID
    subject: str
    contact: Address
    state: State
    version: int
    participants: frozenset[str]
    """Addresses that wrote or were written to in it, in lower case."""
    message_ids: tuple[str, ...]
    """Message-IDs of the conversation, ours too, in order."""
    letters: Mapping[UUID, LetterHead]
    """What customers and their machines wrote, in order."""
    last_letter_version: int
    """The version at which a letter of the customer last came into it."""
    last_message_version: int
    """The version at which a letter, of the customer or of ours, last came into it: an answer must have seen it."""
    answers_id: UUID | None
    """The letter that an answer answers: the last that a person wrote."""
    trace: str | None
    """Of the customer's last letter; an answer belongs to it."""
    priority: Priority = Priority.NORMAL
    tags: tuple[str, ...] = ()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    category_id: UUID | None = None
    assignee_id: UUID | None = None
    watcher_ids: tuple[UUID, ...] = ()
    tasks: Mapping[UUID, Task] = field(default_factory=dict)
    removed_tasks: Mapping[UUID, Task] = field(default_factory=dict)
    """As they were when they were removed last, for who brings them back."""
    links: frozenset[tuple[UUID, LinkKind]] = frozenset()
    follows_id: UUID | None = None
    """The ticket that was done for too long when the letter came that opened this one."""
    hold: TicketPutOnHold | None = None
    """What put it on hold; None: it is not."""
    done_at: datetime | None = None
    """When it was last solved, or closed without that; None while it is neither."""
    merged_into_id: UUID | None = None
    absorbed: Mapping[UUID, TicketAbsorbed] = field(default_factory=dict)
    """Tickets that go on in this one, and what they brought."""
    rest: Rest | None = None
    """What comes back when all that opened it has left; None: something else keeps it open, or it is not."""
    by_way_of: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    """Letters that were written to such a ticket, and the way by which they came."""
    state_since: datetime = NEVER
    """When it came into its state; a merge, and undoing it, changes nothing of that."""
    spells: tuple[Spell, ...] = ()
    asked: Mapping[UUID, Asked] = field(default_factory=dict)
    """Letters in it that want an answer, or got one; not those of machines, and no thanks."""
    left: Mapping[UUID, Left] = field(default_factory=dict)
    """Letters that people moved or split off, by message; if one comes back, it stands as before."""
    began_by: UUID | None = None
    """The letter that started the clock of the resolution; None: no person has written."""
    had_first_response: bool = False
    """Here, or before its letter was split off."""
    deadlines: tuple[DeadlineItem, ...] = ()
    warned: frozenset[tuple[str, datetime]] = frozenset()
    breached: frozenset[tuple[str, datetime | None]] = frozenset()
    """Targets with the beginning of their clock."""
    changed_at: datetime = NEVER
    """When something last happened to it. Nothing happens by itself before that."""
    automatic_at: datetime | None = None
    """When automatic mail last left for the customer."""
    thanks_id: UUID | None = None
    """The customer's last letter, if it was taken for thanks and nothing was said of the state since."""
    came_back: bool = False
    """Whether the last letter of ours came back, and no person has written since."""
    ran: frozenset[tuple[UUID, str, datetime]] = frozenset()
    """Automations that had their time, each with the moment and when what it waited for began."""
    runs: tuple[datetime, ...] = ()
    """When the last `MOST_RUNS` automations ran."""
    replies: Mapping[UUID, Reply] = field(default_factory=dict)
    readdressed_version: int = 1
    """The version at which letters that came or left last changed which one an answer answers."""
    told_at: datetime | None = None
    """When its watchers last heard of a letter."""
    placed_version: int = 1
    """The last version at which something happened that distribution decides by."""

    @property
    def held_until(self) -> datetime | None:
        """When its hold ends by itself."""
        return self.hold.until if self.hold else None

    @property
    def held_for_id(self) -> UUID | None:
        """The ticket that must be solved before this one goes on."""
        return self.hold.until_solved_id if self.hold else None

    @property
    def answer_to(self) -> str | None:
        """The Message-ID of the letter that an answer answers."""
        return self.letters[self.answers_id].internet_message_id if self.answers_id else None

    @property
    def reply_address(self) -> Address:
        """Where an answer goes."""
        asked_for = self.letters[self.answers_id].answers_go_to if self.answers_id else None
        return asked_for or self.contact

    @property
    def began(self) -> Asked | None:
        """What started the clock of the resolution."""
        return None if self.began_by is None else self.asked[self.began_by]

    @property
    def unanswered(self) -> dict[UUID, Asked]:
        """Letters that wait for an answer: those of the last round in which there are any."""
        waiting = {one: asked for one, asked in self.asked.items() if not asked.answered}
        last = max((asked.round for asked in waiting.values()), default=0)
        return {one: asked for one, asked in waiting.items() if asked.round == last}

    @property
    def waiting(self) -> Asked | None:
        """What has waited longest for an answer."""
        return min(self.unanswered.values(), key=attrgetter("since"), default=None)

    def waited(self, asked: Asked) -> tuple[Spell, ...]:
        """What a letter has waited through, here and before."""
        ends = (*(spell.since for spell in self.spells[1:]), None)
        here = (
            spell if spell.since >= asked.came_at else spell.model_copy(update={"since": asked.came_at})
            for spell, end in zip(self.spells, ends, strict=True)
            if end is None or end > asked.came_at
        )
        return (*asked.before, *here)


def awaited(ticket: Ticket, tickets: Mapping[UUID, Ticket]) -> Iterator[UUID]:
    """What a ticket on hold waits for, what that is merged into or waits for, and so on; each once.

    It goes on as far as the tickets are known, and whoever iterates may read the next one meanwhile.
    """
    seen: set[UUID] = set()
    next_id = ticket.held_for_id
    while next_id is not None and next_id not in seen:
        seen.add(next_id)
        yield next_id
        known = tickets.get(next_id)
        next_id = (known.merged_into_id or known.held_for_id) if known else None


def addresses(letter: LetterHead) -> frozenset[str]:
    """Everyone whom a letter names, in lower case."""
    people = (*((letter.from_,) if letter.from_ else ()), *letter.to, *letter.cc, *letter.reply_to)
    return frozenset(person.address.lower() for person in people)
