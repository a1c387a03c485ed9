"""Lifelike histories of tickets, made by what makes real ones: their clocks strike, holds end, solved ones close."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from chassis.log import Answer
from contracts.correspondence import NoteAdded, OutgoingLetter, ReplyReleased, ReplySubmitted
from contracts.event import Event, Meta, event_id
from contracts.ids import derived, timed
from contracts.ingest import MessageReceived
from contracts.mail import Address, LetterHead, SmtpEnvelope
from contracts.notify import ReplySent
from contracts.router import MessageRouted, Priority, RoutingEvidence, TicketRouted
from contracts.stream_ids import message_stream, reply_stream, ticket_stream
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    PriorityChanged,
    TagsChanged,
    ThreadedBy,
    TicketAssigned,
    TicketPutOnHold,
    TicketSetPending,
    TicketSolved,
)
from postroom.demo.day import Customer
from postroom.load.desk import Place
from services.tickets import alarms, intake, threading
from services.tickets.ticket import Ticket
from services.tickets.work import Work

_LOADED = UUID("7f1d6c0a-6a5e-4a39-8c7c-1f5b5d3e9a42")
_SENT_AFTER = timedelta(seconds=2)
PRIORITIES = (Priority.NORMAL,) * 14 + (Priority.LOW,) * 2 + (Priority.HIGH,) * 3 + (Priority.URGENT,)
TAGS = ("delivery", "damaged", "invoice", "warranty", "spare-part", "big-customer")
THANKS = "Thank you very much!"
ANSWERS = (
    "Thank you for writing. I have looked it up: it left our warehouse yesterday and should be with you on Thursday.",
    "I am sorry about that. A replacement goes out today, and you may keep the damaged one.",
    "The corrected invoice is on its way to you by separate mail.",
    "Both versions are in stock, and either bulb fits. Shall I put one aside for you?",
    "I have passed this on to the carrier and will write again as soon as I know more.",
)


@dataclass(slots=True)
class Written:
    """What is to be written beside the tickets themselves, by log and by table."""

    answers: dict[str, list[Answer]] = field(
        default_factory=lambda: {"ingest": [], "router": [], "notify": []}
    )
    blobs: list[tuple[bytes, bytes]] = field(default_factory=list)
    ledger: list[tuple[UUID, datetime]] = field(default_factory=list)
    deliveries: list[tuple[UUID, UUID, str, datetime, UUID]] = field(default_factory=list)
    """Reply, ticket, Message-ID, time, and the event that released it."""

    def add(self, service: str, stream_id: str, event: Event, cause: UUID, at: datetime) -> UUID:
        """Append an event in answer to a cause, and return its id."""
        meta = Meta(correlation_id=cause, causation_id=cause)
        self.answers[service].append(Answer(stream_id, (event,), cause, meta, at, recorded_at=at))
        return event_id(cause)


@dataclass(frozen=True, slots=True)
class Matter:
    """One ticket to write: `index` makes its ids its own; one that `waits` is not solved yet."""

    index: int
    number: int
    seed: int
    at: datetime
    customer: Customer
    waits: bool


def write_ticket(matter: Matter, place: Place, work: Work, written: Written, now: datetime) -> None:
    """The history of one ticket, from the first letter to how it stands now."""
    chance = random.Random(f"{matter.seed} {matter.index}")  # noqa: S311 - a history, not a secret
    text = chance.choice(matter.customer.language.matters)
    filled = {
        "order": str(chance.randint(10_000, 47_999)),
        "product": chance.choice(matter.customer.language.products),
        "lamp": chance.choice(matter.customer.language.lamps),
        "town": chance.choice(matter.customer.language.towns),
    }
    story = _Story(matter, place, work, written, chance, now)
    first = story.begin(text.subject.format(**filled), text.body.format(**filled))
    story.look_at_it()
    at = matter.at + timedelta(minutes=min(chance.lognormvariate(4, 1.1), 2_000))
    again = chance.random() < 0.3
    if not story.answer(first, 1, at, done=not matter.waits):
        return
    if again:
        at += timedelta(hours=chance.uniform(1, 30))
        second = story.customer_replies(first, text.again.format(**filled), at)
        at += timedelta(minutes=chance.lognormvariate(4, 1))
        if second is None or not story.answer(second, 2, at, done=not matter.waits):
            return
    if not matter.waits and chance.random() < 0.1:
        story.customer_replies(first, THANKS, at + timedelta(hours=chance.uniform(0.1, 20)))
    story.pass_time(now)


@dataclass(slots=True)
class _Story:
    """A ticket that goes on, as long as it is in the past."""

    matter: Matter
    place: Place
    work: Work
    written: Written
    chance: random.Random
    now: datetime
    ticket_id: UUID = field(init=False)
    agent: UUID = field(init=False)
    letters: int = 0

    @property
    def ticket(self) -> Ticket:
        return self.work.tickets[self.ticket_id]

    def pass_time(self, until: datetime) -> None:
        """Let happen by itself what comes due meanwhile."""
        while (at := alarms.next_alarm(self.ticket, self.place.desk)) is not None and at <= until:
            self.work.now = at
            self.work.ring(self.ticket_id)
        self.work.now = until

    def _happen(self, events: Sequence[TicketEvent], cause: UUID, by: UUID | None = None) -> None:
        meta = Meta(correlation_id=cause, causation_id=cause, actor=str(by) if by else "postroom")
        self.work.add(self.ticket, events, cause, meta)

    def begin(self, subject: str, body: str) -> LetterHead:
        """The first letter opens the ticket, and somebody gets it."""
        self.work.now = self.matter.at
        routed, routed_id = self._receive(subject, body, None)
        opened = intake.open_ticket(routed, self.matter.number, self.place.desk)
        self.ticket_id = opened.ticket_id
        cause = intake.cause_of(routed, routed_id)
        self.work.open(opened, cause, Meta(correlation_id=routed_id, causation_id=routed_id))
        if obeyed := intake.obey_rules(routed, opened, self.place.desk):
            meta = Meta(correlation_id=routed_id, causation_id=routed_id)
            self.work.add(self.ticket, obeyed, derived(cause, "obeyed"), meta)
        self.agent = self.chance.choice(self.place.agents)
        chosen = TicketRouted(
            ticket_id=self.ticket_id,
            ticketbox_id=self.place.box.id,
            agent_id=self.agent,
            candidates=len(self.place.agents),
        )
        chosen_id = self.written.add(
            "router", ticket_stream(self.ticket_id), chosen, event_id(cause), self.matter.at
        )
        taken = TicketAssigned(ticket_id=self.ticket_id, agent_id=self.agent, method="round_robin")
        self._happen([taken], chosen_id)
        return routed.letter

    def look_at_it(self) -> None:
        """Before the answer some tickets are described, and some discussed."""
        seen: list[TicketEvent] = []
        about = {"ticket_id": self.ticket_id, "changed_by": self.agent}
        if self.chance.random() < 0.1:
            seen.append(PriorityChanged(priority=self.chance.choice(PRIORITIES), **about))
        if self.chance.random() < 0.15:
            seen.append(TagsChanged(tags=(*self.ticket.tags, self.chance.choice(TAGS)), **about))
        if self.chance.random() < 0.12:
            note_id = derived(self.ticket_id, "note")
            seen.append(
                NoteAdded(
                    ticket_id=self.ticket_id, note_id=note_id, author_id=self.agent, text="Asked the carrier."
                )
            )
        at = self.matter.at + timedelta(minutes=self.chance.uniform(1, 30))
        if seen and at < self.now:
            self.pass_time(at)
            self._happen(seen, derived(self.ticket_id, "looked at"), self.agent)

    def answer(self, letter: LetterHead, number: int, at: datetime, *, done: bool) -> bool:
        """An agent answers, and the relay takes it; False: it has not come to that yet."""
        self.pass_time(min(at, self.now))
        if at + _SENT_AFTER > self.now or self.ticket.state.done:
            return False
        reply_id = derived(self.ticket_id, f"reply {number}")
        cause = derived(reply_id, "command")
        outgoing = self._outgoing(letter, reply_id, at)
        submitted = ReplySubmitted(
            ticket_id=self.ticket_id, reply_id=reply_id, author_id=self.agent, text=outgoing.text
        )
        released = ReplyReleased(
            ticket_id=self.ticket_id, reply_id=reply_id, author_id=self.agent, letter=outgoing
        )
        self._happen([submitted, released, *self._then(at, done=done)], cause, self.agent)
        self.written.deliveries.append(
            (reply_id, self.ticket_id, outgoing.internet_message_id, at, event_id(cause, 1))
        )
        sent_at = at + _SENT_AFTER
        sent = ReplySent(
            ticket_id=self.ticket_id,
            reply_id=reply_id,
            internet_message_id=outgoing.internet_message_id,
            sent_at=sent_at,
            relay="relay.example",
            answer="250 ok",
            attempts=1,
        )
        sent_id = self.written.add("notify", reply_stream(reply_id), sent, derived(reply_id, "sent"), sent_at)
        self.pass_time(sent_at)
        self._happen([intake.record_delivery(sent, self.ticket)], sent_id)
        return True

    def _outgoing(self, letter: LetterHead, reply_id: UUID, at: datetime) -> OutgoingLetter:
        return OutgoingLetter(
            internet_message_id=f"<{reply_id}@{self.place.address.rpartition('@')[2]}>",
            in_reply_to=letter.internet_message_id,
            references=(letter.internet_message_id or "",),
            date=at,
            from_=Address(name=self.place.box.name, address=self.place.address),
            to=(letter.from_,) if letter.from_ else (),
            subject=f"Re: {letter.subject}",
            text=self.chance.choice(ANSWERS),
        )

    def _then(self, at: datetime, *, done: bool) -> list[TicketEvent]:
        """What an answer leaves a ticket as."""
        if done:
            return [TicketSolved(ticket_id=self.ticket_id, solved_by=self.agent)]
        which = self.chance.random()
        if which < 0.4:
            return [TicketSetPending(ticket_id=self.ticket_id, set_by=self.agent)]
        if which < 0.5:
            until = at + timedelta(days=self.chance.randint(1, 9))
            reason = "The part is on its way"
            return [TicketPutOnHold(ticket_id=self.ticket_id, until=until, reason=reason, set_by=self.agent)]
        return []

    def customer_replies(self, first: LetterHead, body: str, at: datetime) -> LetterHead | None:
        """The customer writes again; None: not yet, or when the ticket had closed."""
        self.pass_time(min(at, self.now))
        if at > self.now or intake.begins_anew(first, self.ticket, self.place.box):
            return None
        routed, routed_id = self._receive(f"Re: {first.subject}", body, first)
        place = threading.Place(self.ticket_id, ThreadedBy.IN_REPLY_TO)
        cause = intake.cause_of(routed, routed_id)
        self._happen(intake.continue_ticket(routed, self.ticket, place), cause)
        return routed.letter

    def _receive(self, subject: str, body: str, first: LetterHead | None) -> tuple[MessageRouted, UUID]:
        """A letter comes in now and is routed; returns what router said, with its id."""
        customer, address, at = self.matter.customer, self.place.address, self.work.now
        self.letters += 1
        internet_message_id = (
            f"<{self.matter.seed}.{self.matter.index}.{self.letters}@{customer.address.rpartition('@')[2]}>"
        )
        text = f"{customer.language.greeting}\n\n{body}\n\n{customer.language.farewell}\n{customer.name}\n"
        if body == THANKS:
            text = f"{body}\n"
        head = f"From: {customer.address}\r\nTo: {address}\r\nMessage-ID: {internet_message_id}\r\n"
        raw = f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
        digest = sha256(raw)
        message_id = timed(at, uuid5(_LOADED, internet_message_id))
        letter = LetterHead(
            message_id=message_id,
            internet_message_id=internet_message_id,
            in_reply_to=first.internet_message_id if first else None,
            subject=subject,
            sent_at=at,
            received_at=at,
            from_=Address(name=customer.name, address=customer.address),
            to=(Address(address=address),),
            recipients=(address,),
            excerpt=" ".join(text.split())[:200],
        )
        envelope = SmtpEnvelope(
            client_address="192.0.2.25", mail_from=customer.address, recipients=(address,)
        )
        received = MessageReceived(
            letter=letter,
            sha256=digest.hexdigest(),
            size=len(raw),
            source="smtp",
            envelope=envelope,
            text=text,
        )
        stream = message_stream(message_id)
        received_id = self.written.add("ingest", stream, received, message_id, at)
        self.written.blobs.append((digest.digest(), raw))
        self.written.ledger.append((message_id, at))
        routed = self._routed(letter, new=first is None)
        return routed, self.written.add("router", stream, routed, received_id, at)

    def _routed(self, letter: LetterHead, *, new: bool) -> MessageRouted:
        described: dict[str, object] = {}
        if new:
            tags = (self.chance.choice(TAGS),) if self.chance.random() < 0.4 else ()
            category = self.chance.choice(self.place.categories) if self.chance.random() < 0.6 else None
            described = {
                "priority": self.chance.choice(PRIORITIES),
                "tags": tags,
                "category_id": category,
            }
        return MessageRouted(
            letter=letter,
            ticketbox_id=self.place.box.id,
            ticketbox=self.place.box.name,
            evidence=RoutingEvidence(
                ruleset_version=1, rule=None, matched=(("recipients", self.place.address),)
            ),
            **described,
        )
