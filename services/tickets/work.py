"""Tickets as they change during one transaction, and what is to be written at its end."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from chassis import log, telemetry
from chassis.database import Connection
from chassis.log import Answer, Head
from contracts.automations import Automation
from contracts.correspondence import (
    AutomaticReplyReceived,
    CustomerReplied,
    NoticeReleased,
    Released,
    ReminderReleased,
    ReplyBounced,
)
from contracts.event import Event, Meta, Recorded
from contracts.ids import derived
from contracts.mail import LetterHead
from contracts.service_levels import DeadlinesChanged, Target
from contracts.stream_ids import ticket_stream
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    LettersMoved,
    LettersTaken,
    LinkKind,
    MergeUndone,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
)
from mail.answering import person_behind
from services.tickets import (
    acknowledging,
    actions,
    alarm_tables,
    alarms,
    automatic_mail_tables,
    automations,
    contact_tables,
    notices,
    service_level,
    ticket_tables,
)
from services.tickets.automations import Occasion
from services.tickets.contact_tables import Belonging
from services.tickets.desk import Desk
from services.tickets.evolve import begin, evolve, load
from services.tickets.threading import Known
from services.tickets.ticket import NEVER, Ticket, awaited


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
    belongings: dict[str, Belonging] = field(default_factory=dict)
    """The contacts of addresses that were looked up, where people spoke of them."""
    automatic_mail: dict[str, list[datetime]] = field(default_factory=dict)
    """When automatic mail left for people lately, as it was read: what leaves now is in `automatic_letters`."""
    automatic_letters: list[tuple[str, UUID]] = field(default_factory=list)
    """The person and the ticket of each automatic letter that leaves now."""
    answers: list[Answer] = field(default_factory=list)
    indexed: list[tuple[str, Known]] = field(default_factory=list)
    unindexed: list[tuple[str, Known]] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)
    done: set[UUID] = field(default_factory=set)
    """Tickets that were solved or closed; they may be open again by now."""
    waiting: set[UUID] = field(default_factory=set)
    """Tickets that were put on hold until another is solved, or are so again after a merge."""

    async def load(self, db: Connection, ticket_ids: Iterable[UUID]) -> None:
        """Read tickets from the log, and those that they were merged into.

        What has come due for them happens before anything else does, as if it had been noticed in time.
        """
        wanted = {one for one in ticket_ids if one not in self.tickets}
        known = len(self.tickets)
        while wanted:
            histories = await log.load(db, [ticket_stream(ticket_id) for ticket_id in wanted])
            wanted = set()
            for history in histories.values():
                if (loaded := load(history.events)) is not None:
                    self.tickets[loaded.ticket_id] = loaded
                    self.heads[loaded.ticket_id] = history.head
                    self.histories[loaded.ticket_id] = history.events
                    if (into := loaded.merged_into_id) is not None and into not in self.tickets:
                        wanted.add(into)
        loaded_now = list(self.tickets.values())[known:]
        await self.look_up(db, [one.contact.address for one in loaded_now])
        late = [
            one
            for one in loaded_now
            if self._outdated_since(one) is not None or alarms.next_due(one, self.desk, self.now) is not None
        ]
        if any(automation.then.remind for automation in self.desk.every(Automation)):
            await self.recall_automatic_mail(db, {one.reply_address.address for one in late})
        for one in late:
            self.ring(one.ticket_id)

    async def load_following(self, db: Connection) -> None:
        """Read what is related to tickets that are done: one that follows such a ticket is, and letters go on there."""
        seen: set[UUID] = set()
        while done := [one for one in self.tickets.values() if one.state.done and one.ticket_id not in seen]:
            seen |= {one.ticket_id for one in done}
            await self.load(
                db, {other_id for one in done for other_id, link in one.links if link is LinkKind.RELATED}
            )

    async def load_inside(self, db: Connection, ticket_id: UUID) -> list[Ticket]:
        """Read the tickets that go on in one, through any number of merges."""
        inside: list[Ticket] = []
        layer = [self.tickets[ticket_id]]
        while layer:
            wanted = [from_id for one in layer for from_id in one.absorbed]
            await self.load(db, wanted)
            layer = [self.tickets[one] for one in wanted]
            inside += layer
        return inside

    async def load_awaited(self, db: Connection, ticket_id: UUID) -> set[UUID]:
        """Read what a ticket waits for, through any number of holds and merges."""
        found: set[UUID] = set()
        for awaited_id in awaited(self.tickets[ticket_id], self.tickets):
            await self.load(db, {awaited_id})
            found.add(awaited_id)
        return found

    async def look_up(self, db: Connection, addresses: Iterable[str]) -> None:
        """Learn whose addresses these are, for threads and for service levels."""
        wanted = {address.lower() for address in addresses} - self.belongings.keys()
        if wanted:
            self.belongings |= await contact_tables.belongings(db, wanted)
            self.desk = contact_tables.with_contacts(self.desk, self.belongings)

    def others(self, letter: LetterHead) -> frozenset[str]:
        """The other addresses of the contact who wrote a letter, if it was looked up."""
        known = self.belongings.get(letter.from_.address.lower()) if letter.from_ else None
        return known.addresses if known else frozenset()

    async def recall_automatic_mail(self, db: Connection, addresses: Iterable[str]) -> None:
        """Read when automatic mail left for the people behind addresses lately."""
        people = {person_behind(address) for address in addresses} - set(self.automatic_mail)
        if people:
            self.automatic_mail |= await automatic_mail_tables.automatic_mail(db, people, self._counted_since)

    @property
    def _counted_since(self) -> datetime:
        return self.now - acknowledging.LONGEST_SPAN

    def ring(self, ticket_id: UUID) -> None:
        """Let what has come due for a ticket happen, in the order of true times."""
        first = self.tickets[ticket_id]
        # Hours after the letter: a trace of its own, linked back.
        with telemetry.root_span("strike clock", links=[first.trace] if first.trace else []) as span:
            meta = Meta(correlation_id=ticket_id, causation_id=ticket_id, traceparent=span.traceparent)
            if (since := self._outdated_since(first)) is not None:
                # What the earlier service level asked for counts until then, and nothing of it after that.
                self._ring_until(since, ticket_id, meta)
                current = self.tickets[ticket_id]
                self.add(current, (), _alarm_cause(current), meta, since)
            self._ring_until(self.now, ticket_id, meta)

    def _ring_until(self, until: datetime, ticket_id: UUID, meta: Meta) -> None:
        while (due := alarms.next_due(self.tickets[ticket_id], self.desk, until)) is not None:
            current = self.tickets[ticket_id]
            match due.what:
                case Occasion(automation=automation) as occasion:
                    mail = self.automatic_mail_to(current.reply_address.address)
                    events = actions.run(occasion, current, self.desk, mail, self.now)
                    by = meta.model_copy(update={"actor": f"automation:{automation.name}"})
                    self.add(current, events, _alarm_cause(current), by, due.at)
                    if any(isinstance(event, ReminderReleased) for event in events):
                        self.keep_automatic_mail(current, current.reply_address.address)
                case None:
                    self.add(current, (), _alarm_cause(current), meta, due.at)
                case event:
                    self.add(current, [event], _alarm_cause(current), meta, due.at)

    def _outdated_since(self, current: Ticket) -> datetime | None:
        """Since when other deadlines are asked for than a ticket has, by the desk or for its contact; None: none."""
        box_since = self.desk.since.get(current.ticketbox_id, NEVER)
        contact_since = self.desk.contacts_since.get(current.contact.address.lower(), NEVER)
        since = min(max(self.desk.service_levels_since, box_since, contact_since), self.now)
        if since <= current.changed_at or self._deadlines_changed(current) is None:
            return None
        return since

    def automatic_mail_to(self, address: str) -> Sequence[datetime]:
        """When automatic mail left for the person behind an address lately, and leaves now."""
        person = person_behind(address)
        now = [self.now for recipient, _ in self.automatic_letters if recipient == person]
        return [*self.automatic_mail.get(person, ()), *now]

    def keep_automatic_mail(self, current: Ticket, address: str) -> None:
        """Remember that an automatic letter leaves for the person behind an address."""
        self.automatic_letters.append((person_behind(address), current.ticket_id))

    def open(self, opened: TicketOpened, cause: UUID, meta: Meta) -> None:
        """A ticket begins, with its deadlines."""
        begun = begin(opened, self.now, meta.traceparent)
        level = self._level(begun)
        deadlines = service_level.deadlines(begun, level)
        first_response = next(
            (item.due_at for item in deadlines if item.target == Target.FIRST_RESPONSE), None
        )
        promised = {"deadlines": deadlines, "policy_id": level.policy_id, "policy": level.policy}
        opened = opened.model_copy(update={**promised, "first_response_due_at": first_response})
        self._answer(opened.ticket_id, [opened], cause, meta, self.now)
        self.tickets[opened.ticket_id] = replace(begun, deadlines=deadlines)
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
        at, before = at or self.now, current
        happened: list[TicketEvent] = []
        for event in (*alarms.breaches(current, at), *events):
            current = evolve(current, event, current.version + 1, at, meta.traceparent)
            happened.append(event)
            self._index(event)
        for notice in self.told(before, events, current, meta.actor, at):
            current = evolve(current, notice, current.version + 1, at, meta.traceparent)
            happened.append(notice)
        if (changed := self._deadlines_changed(current)) is not None:
            current = evolve(current, changed, current.version + 1, at, meta.traceparent)
            happened.append(changed)
        self.changed.add(current.ticket_id)
        if current.state.done and not before.state.done:
            self.done.add(current.ticket_id)
        if current.held_for_id and any(isinstance(event, TicketPutOnHold | MergeUndone) for event in events):
            self.waiting.add(current.ticket_id)
        if happened:
            self._answer(current.ticket_id, happened, cause, meta, at)
            self.tickets[current.ticket_id] = current

    def told(
        self, before: Ticket, events: Sequence[TicketEvent], current: Ticket, actor: str, at: datetime
    ) -> Iterable[NoticeReleased]:
        """Who hears by mail of what happened."""
        return notices.of_what_happened(before, events, current, self.desk, actor, at, self.now)

    def _deadlines_changed(self, current: Ticket) -> DeadlinesChanged | None:
        level = self._level(current)
        deadlines = service_level.deadlines(current, level)
        if deadlines == current.deadlines:
            return None
        return DeadlinesChanged(
            ticket_id=current.ticket_id, policy_id=level.policy_id, policy=level.policy, deadlines=deadlines
        )

    def _level(self, current: Ticket) -> service_level.Level:
        return service_level.level_of(current, self.desk)

    def _answer(
        self, ticket_id: UUID, events: Sequence[TicketEvent], cause: UUID, meta: Meta, at: datetime
    ) -> None:
        head = self.heads.get(ticket_id, log.EMPTY)
        self.answers.append(Answer(ticket_stream(ticket_id), tuple(events), cause, meta, at, head))
        self.changed.add(ticket_id)

    def _alarm(self, current: Ticket) -> alarm_tables.Alarm | None:
        standing = automations.standing_of(current)
        if standing is None:
            return None
        return alarm_tables.Alarm(
            alarms.next_alarm(current, self.desk), current.contact.address.lower(), standing
        )

    def _index(self, event: TicketEvent) -> None:
        """Remember which conversation a message belongs to."""
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
            case (
                CustomerReplied(letter=letter, by_way_of=(first, *_))
                | AutomaticReplyReceived(letter=letter, by_way_of=(first, *_))
            ):
                # By the ticket that it was written to: its answers follow it when the merge is undone.
                self._remember(letter.internet_message_id, Known(first, None))
            case TicketOpened() | CustomerReplied() | AutomaticReplyReceived() | ReplyBounced():
                self._remember(event.letter.internet_message_id, Known(event.ticket_id, None))
            case _:
                pass

    def _remember(self, internet_message_id: str | None, known: Known) -> None:
        if internet_message_id:
            self.index.setdefault(internet_message_id, []).append(known)
            self.indexed.append((internet_message_id, known))

    async def _load_holds(self, db: Connection) -> None:
        """Read what waits for tickets that are done now or go on in these, and what others begin to wait for."""
        if sought := {one for ticket_id in self.waiting if (one := self.tickets[ticket_id].held_for_id)}:
            await ticket_tables.lock_beginning(db, sought)
            for ticket_id in [*self.waiting]:
                await self.load_awaited(db, ticket_id)
        settled: set[UUID] = set()
        # What is read has its clocks looked at, by which it may be solved too.
        while done := {one for one in self.done if self.tickets[one].state.done} - settled:
            ends = done.union(
                *[{inside.ticket_id for inside in await self.load_inside(db, one)} for one in done]
            )
            settled |= ends
            if linked := {other for one in ends for other, _ in self.tickets[one].links}:
                # Who began to wait a moment ago is seen, and nobody begins until these are done.
                await ticket_tables.lock_waiting(db, ends)
                await self.load(db, linked)

    def end_holds(self) -> None:
        """Open again what waits for another ticket in vain, as far as both were read.

        To a merged ticket nothing happens; its hold ends when the merge is undone.
        """
        for ticket_id in [*self.tickets]:
            waiting = self.tickets[ticket_id]
            other = self.tickets.get(waiting.held_for_id) if waiting.held_for_id else None
            if other is not None and waiting.merged_into_id is None and self._in_vain(waiting, other):
                self._end_hold(waiting, other)

    def _in_vain(self, waiting: Ticket, other: Ticket) -> bool:
        """The other one is done; or, where an undoing gave the hold back, waits for this one or is linked no more."""
        if other.ticket_id not in {one for one, _ in waiting.links}:
            return True
        if waiting.ticket_id in awaited(waiting, self.tickets):
            return True
        while other.merged_into_id is not None:
            other = self.tickets[other.merged_into_id]
        return other.state.done

    def _end_hold(self, waiting: Ticket, other: Ticket) -> None:
        cause = derived(waiting.ticket_id, f"hold ends at version {waiting.version}")
        meta = Meta(correlation_id=waiting.ticket_id, causation_id=other.ticket_id)
        self.add(waiting, [TicketReopened(ticket_id=waiting.ticket_id, why="hold_ended")], cause, meta)

    async def save(self, db: Connection, locked: Collection[UUID] = ()) -> int:
        """Write it all; the append comes last. `locked` are tickets whose alarms were, before they were read.

        Raises:
            VersionConflict: what was decided by has changed meanwhile.
        """
        await self._load_holds(db)
        self.end_holds()
        await ticket_tables.forget_messages(db, self.unindexed)
        await ticket_tables.index_messages(db, self.indexed)
        opened = [
            event for answer in self.answers for event in answer.events if isinstance(event, TicketOpened)
        ]
        await ticket_tables.keep_numbers(db, {event.number: event.ticket_id for event in opened})
        alarms_now = {ticket_id: self._alarm(self.tickets[ticket_id]) for ticket_id in self.changed}
        await alarm_tables.set_alarms(db, alarms_now, self.desk.revision, locked)
        if self.automatic_letters:
            await self._save_automatic_letters(db)
        return await log.append(db, self.answers, self.now)

    async def _save_automatic_letters(self, db: Connection) -> None:
        """Let them count for the caps, if no other service sent the same people any meanwhile.

        The people are locked only here, when all else is written. With a lock from before the reading, one service
        would wait for people with alarms of tickets in hand, and another for alarms with people in hand.
        """
        people = {person for person, _ in self.automatic_letters}
        await automatic_mail_tables.lock_automatic_mail(db, people)
        mail = await automatic_mail_tables.automatic_mail(db, people, self._counted_since)
        if any(mail.get(one) != self.automatic_mail.get(one) for one in people):
            raise log.VersionConflict("automatic mail left for the same person meanwhile")
        await automatic_mail_tables.keep_automatic_mail(
            db, self.automatic_letters, self.now, self._counted_since
        )


def _alarm_cause(current: Ticket) -> UUID:
    return derived(current.ticket_id, f"alarm at version {current.version}")
