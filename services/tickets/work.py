"""Tickets as they change during one transaction, and what is to be written at its end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chassis import log
from chassis.database import Connection
from chassis.log import Answer, Head
from contracts.desk import Target
from contracts.event import Event, Meta, Recorded
from contracts.mail import LetterHead
from contracts.stream_ids import ticket_stream
from contracts.tickets import (
    AutomaticReplyReceived,
    CustomerReplied,
    DeadlinesChanged,
    LettersMoved,
    LettersTaken,
    Released,
    ReplyBounced,
    TicketEvent,
    TicketOpened,
)
from rules.hours import hours_of
from services.tickets import acknowledging, alarms, service_level, tables, ticket
from services.tickets.desk import Desk
from services.tickets.threading import Known
from services.tickets.ticket import Ticket


@dataclass(slots=True)
class Work:
    """One transaction at work. Whatever happens to a ticket, its clocks are looked at before and after."""

    now: datetime
    desk: Desk
    tickets: dict[UUID, Ticket] = field(default_factory=dict)
    heads: dict[UUID, Head] = field(default_factory=dict)
    histories: dict[UUID, Sequence[Recorded[Event]]] = field(default_factory=dict)
    """What had happened to them before."""
    index: dict[str, list[Known]] = field(default_factory=dict)
    automatic_mail: dict[str, list[datetime]] = field(default_factory=dict)
    """When automatic mail went to people lately."""
    answers: list[Answer] = field(default_factory=list)
    indexed: list[tuple[str, Known]] = field(default_factory=list)
    unindexed: list[tuple[str, Known]] = field(default_factory=list)
    acknowledged: dict[UUID, str] = field(default_factory=dict)
    """Whom automatic mail goes to now, by ticket."""
    changed: set[UUID] = field(default_factory=set)

    async def load(self, db: Connection, ticket_ids: Iterable[UUID]) -> None:
        """Read tickets from the log, and those that they were merged into."""
        wanted = {one for one in ticket_ids if one not in self.tickets}
        while wanted:
            histories = await log.load(db, [ticket_stream(ticket_id) for ticket_id in wanted])
            wanted = set()
            for history in histories.values():
                if (loaded := ticket.load(history.events)) is not None:
                    self.tickets[loaded.ticket_id] = loaded
                    self.heads[loaded.ticket_id] = history.head
                    self.histories[loaded.ticket_id] = history.events
                    if loaded.merged_into_id not in {None, *self.tickets}:
                        wanted.add(loaded.merged_into_id)  # type: ignore[arg-type]  # it is not None

    def open(self, opened: TicketOpened, cause: UUID, meta: Meta) -> None:
        """A ticket begins, with its deadlines."""
        begun = ticket.opened(opened, meta.traceparent)
        deadlines = service_level.deadlines(begun, self._level(begun))
        first_response = next(
            (item.due_at for item in deadlines if item.target == Target.FIRST_RESPONSE), None
        )
        opened = opened.model_copy(update={"deadlines": deadlines, "first_response_due_at": first_response})
        self._answer(opened.ticket_id, [opened], cause, meta, self.now)
        self.tickets[opened.ticket_id] = ticket.opened(opened, meta.traceparent)
        self._index(opened)

    def add(
        self,
        current: Ticket,
        events: Sequence[TicketEvent],
        cause: UUID,
        meta: Meta,
        at: datetime | None = None,
    ) -> None:
        """A ticket goes on. `at` is when it truly happened, if that was before now.

        Without `events`, what its clocks say is written down, if they say anything new.
        """
        at = at or self.now
        happened: list[TicketEvent] = []
        for event in (*alarms.breaches(current, at), *events):
            current = ticket.evolve(current, event, current.version + 1, at, meta.traceparent)
            happened.append(event)
            self._index(event)
        if (changed := self._deadlines_changed(current)) is not None:
            current = ticket.evolve(current, changed, current.version + 1, at, meta.traceparent)
            happened.append(changed)
        self.changed.add(current.ticket_id)
        if happened:
            self._answer(current.ticket_id, happened, cause, meta, at)
            self.tickets[current.ticket_id] = current

    def _deadlines_changed(self, current: Ticket) -> DeadlinesChanged | None:
        level = self._level(current)
        deadlines = service_level.deadlines(current, level)
        if deadlines == current.deadlines:
            return None
        return DeadlinesChanged(
            ticket_id=current.ticket_id, policy_id=level.policy_id, policy=level.policy, deadlines=deadlines
        )

    def _level(self, current: Ticket) -> service_level.Level:
        return service_level.level_of(current, self.desk, hours_of)

    def _answer(
        self, ticket_id: UUID, events: Sequence[TicketEvent], cause: UUID, meta: Meta, at: datetime
    ) -> None:
        head = self.heads.get(ticket_id, log.EMPTY)
        self.answers.append(Answer(ticket_stream(ticket_id), tuple(events), cause, meta, at, head))
        self.changed.add(ticket_id)

    def _index(self, event: TicketEvent) -> None:
        """Remember which conversation a message belongs to."""
        heads: tuple[LetterHead, ...] = ()
        match event:
            case LettersTaken(letters=letters, by_way_of=ways):
                for letter in letters:
                    first, *_ = (*ways.get(letter.message_id, ()), event.ticket_id)
                    self._remember(letter.internet_message_id, Known(first, None))
            case LettersMoved(ticket_id=ticket_id, message_ids=message_ids):
                before = self.tickets[ticket_id]
                for message_id in message_ids:
                    first, *_ = (*before.by_way_of.get(message_id, ()), ticket_id)
                    if identity := before.letters[message_id].internet_message_id:
                        self.unindexed.append((identity, Known(first, None)))
            case Released(letter=outgoing, reply_id=reply_id):
                self._remember(outgoing.internet_message_id, Known(event.ticket_id, reply_id))
            case CustomerReplied(letter=letter, by_way_of=(first, *_)):
                # By the ticket that it was written to: its answers follow it when the merge is undone.
                self._remember(letter.internet_message_id, Known(first, None))
            case TicketOpened() | CustomerReplied() | AutomaticReplyReceived() | ReplyBounced():
                heads = (event.letter,)
            case _:
                pass
        for head in heads:
            self._remember(head.internet_message_id, Known(event.ticket_id, None))

    def _remember(self, internet_message_id: str | None, known: Known) -> None:
        if internet_message_id:
            self.index.setdefault(internet_message_id, []).append(known)
            self.indexed.append((internet_message_id, known))

    async def save(self, db: Connection) -> int:
        """Write it all; the append comes last."""
        await tables.forget_messages(db, self.unindexed)
        await tables.index_messages(db, self.indexed)
        opened = [
            event for answer in self.answers for event in answer.events if isinstance(event, TicketOpened)
        ]
        await tables.keep_numbers(db, {event.number: event.ticket_id for event in opened})
        await tables.set_alarms(
            db,
            {ticket_id: alarms.next_alarm(self.tickets[ticket_id], self.desk) for ticket_id in self.changed},
        )
        await tables.keep_automatic_mail(
            db, self.acknowledged, self.now, self.now - acknowledging.LONGEST_SPAN
        )
        return await log.append(db, self.answers, self.now)
