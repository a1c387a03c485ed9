"""Lifelike histories of tickets: the same events, with the same ids, that the services would have written."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from chassis.log import Answer
from contracts.event import Event, Meta, event_id
from contracts.ingest import MessageReceived
from contracts.mail import Address, LetterHead, SmtpEnvelope
from contracts.notify import ReplySent
from contracts.router import MessageRouted, RoutingEvidence, TicketRouted
from contracts.stream_ids import message_stream, reply_stream, ticket_stream
from contracts.tickets import (
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    NoteAdded,
    OutgoingLetter,
    ReplyReleased,
    ReplySubmitted,
    SLABreached,
    ThreadedBy,
    TicketAssigned,
    TicketOpened,
    TicketReopened,
    TicketSolved,
)
from postroom.demo.day import Customer
from services.tickets.intake import ticket_id_of

_LOADED = UUID("7f1d6c0a-6a5e-4a39-8c7c-1f5b5d3e9a42")
FIRST_RESPONSE = timedelta(hours=4)
ANSWERS = (
    "Thank you for writing. I have looked it up: it left our warehouse yesterday and should be with you on Thursday.",
    "I am sorry about that. A replacement goes out today, and you may keep the damaged one.",
    "The corrected invoice is on its way to you by separate mail.",
    "Both versions are in stock, and either bulb fits. Shall I put one aside for you?",
    "I have passed this on to the carrier and will write again as soon as I know more.",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where loaded tickets belong, and who works on them."""

    ticketbox_id: UUID
    ticketbox: str
    address: str
    agents: tuple[UUID, ...]


@dataclass(slots=True)
class Written:
    """What is to be written, by log and by table."""

    answers: dict[str, list[Answer]] = field(
        default_factory=lambda: {"ingest": [], "router": [], "tickets": [], "notify": []}
    )
    blobs: list[tuple[bytes, bytes]] = field(default_factory=list)
    ledger: list[tuple[UUID, datetime]] = field(default_factory=list)
    index: list[tuple[str, UUID, UUID | None]] = field(default_factory=list)
    deliveries: list[tuple[UUID, UUID, str, datetime, UUID]] = field(default_factory=list)
    """Reply, ticket, Message-ID, time, and the event that released it."""

    def add(self, service: str, stream_id: str, events: tuple[Event, ...], cause: UUID, at: datetime) -> UUID:
        """Append events in answer to a cause, and return the id of the first."""
        meta = Meta(correlation_id=cause, causation_id=cause)
        self.answers[service].append(Answer(stream_id, events, cause, meta, at, recorded_at=at))
        return event_id(cause)


@dataclass(frozen=True, slots=True)
class Matter:
    """One ticket to write: `index` makes its ids its own."""

    index: int
    number: int
    seed: int
    at: datetime
    customer: Customer
    now: datetime


def write_ticket(matter: Matter, desk: Desk, written: Written) -> None:
    """The history of one ticket, from the first letter to how it stands now."""
    chance = random.Random(f"{matter.seed} {matter.index}")  # noqa: S311 - a history, not a secret
    text = chance.choice(matter.customer.language.matters)
    filled = {
        "order": str(chance.randint(10_000, 47_999)),
        "product": chance.choice(matter.customer.language.products),
        "lamp": chance.choice(matter.customer.language.lamps),
        "town": chance.choice(matter.customer.language.towns),
    }
    subject, body = text.subject.format(**filled), text.body.format(**filled)
    letter, routed_id = _receive(matter, desk, written, subject, body, matter.at, None)
    ticket_id, agent = ticket_id_of(letter.message_id), chance.choice(desk.agents)
    stream = ticket_stream(ticket_id)
    due_at = matter.at + FIRST_RESPONSE
    opened = TicketOpened(
        ticket_id=ticket_id,
        number=matter.number,
        ticketbox_id=desk.ticketbox_id,
        ticketbox=desk.ticketbox,
        subject=subject,
        contact=letter.from_ or Address(address="unknown@invalid"),
        letter=letter,
        first_response_due_at=due_at,
    )
    opened_id = written.add("tickets", stream, (opened,), routed_id, matter.at)
    written.index.append((letter.internet_message_id or "", ticket_id, None))
    assigned = TicketRouted(
        ticket_id=ticket_id, ticketbox_id=desk.ticketbox_id, agent_id=agent, candidates=len(desk.agents)
    )
    chosen_id = written.add("router", stream, (assigned,), opened_id, matter.at)
    taken = TicketAssigned(ticket_id=ticket_id, agent_id=agent, method="round_robin")
    written.add("tickets", stream, (taken,), chosen_id, matter.at)
    story = _Story(matter, desk, written, ticket_id, agent, chance)
    at = matter.at + timedelta(minutes=min(chance.lognormvariate(4, 1.1), 2_000))
    if due_at < min(at, matter.now):
        breach = SLABreached(ticket_id=ticket_id, target="first_response", due_at=due_at)
        written.add(
            "tickets", stream, (breach,), uuid5(ticket_id, f"first_response {due_at.isoformat()}"), due_at
        )
    if chance.random() < 0.12 and at < matter.now:
        note = NoteAdded(
            ticket_id=ticket_id, note_id=uuid5(ticket_id, "note"), author_id=agent, text="Asked the carrier."
        )
        written.add("tickets", stream, (note,), uuid5(ticket_id, "note command"), at)
    solve = chance.random() < 0.7
    if not story.answer(letter, 1, at, solve=solve):
        return
    if chance.random() < 0.3:
        again = at + timedelta(hours=chance.uniform(1, 30))
        follow_up = story.customer_replies(letter, text.again.format(**filled), again, reopen=solve)
        if follow_up is not None:
            story.answer(follow_up, 2, again + timedelta(minutes=chance.lognormvariate(4, 1)), solve=True)


@dataclass(frozen=True, slots=True)
class _Story:
    """A ticket that goes on, as long as it is in the past."""

    matter: Matter
    desk: Desk
    written: Written
    ticket_id: UUID
    agent: UUID
    chance: random.Random

    def answer(self, letter: LetterHead, number: int, at: datetime, *, solve: bool) -> bool:
        """An agent answers, and the relay takes it."""
        if at + timedelta(seconds=5) > self.matter.now:
            return False
        reply_id = uuid5(self.ticket_id, f"reply {number}")
        cause = uuid5(reply_id, "command")
        text = self.chance.choice(ANSWERS)
        message_id = f"<{reply_id}@{self.desk.address.rpartition('@')[2]}>"
        common = {"ticket_id": self.ticket_id, "reply_id": reply_id}
        outgoing = OutgoingLetter(
            internet_message_id=message_id,
            in_reply_to=letter.internet_message_id,
            references=(letter.internet_message_id or "",),
            date=at,
            from_=Address(name=self.desk.ticketbox, address=self.desk.address),
            to=(letter.from_,) if letter.from_ else (),
            subject=f"Re: {letter.subject}",
            text=text,
        )
        events: list[Event] = [
            ReplySubmitted(**common, author_id=self.agent, text=text),
            ReplyReleased(**common, author_id=self.agent, letter=outgoing),
        ]
        if solve:
            events.append(TicketSolved(ticket_id=self.ticket_id, solved_by=self.agent))
        stream = ticket_stream(self.ticket_id)
        self.written.add("tickets", stream, tuple(events), cause, at)
        self.written.index.append((message_id, self.ticket_id, reply_id))
        self.written.deliveries.append((reply_id, self.ticket_id, message_id, at, event_id(cause, 1)))
        sent_at = at + timedelta(seconds=2)
        sent = ReplySent(
            **common,
            internet_message_id=message_id,
            sent_at=sent_at,
            relay="relay.example",
            answer="250 ok",
            attempts=1,
        )
        sent_id = self.written.add(
            "notify", reply_stream(reply_id), (sent,), uuid5(reply_id, "sent"), sent_at
        )
        recorded = DeliveryRecorded(**common, outcome=DeliveryOutcome.SENT, answer="250 ok")
        self.written.add("tickets", stream, (recorded,), sent_id, sent_at)
        return True

    def customer_replies(
        self, first: LetterHead, body: str, at: datetime, *, reopen: bool
    ) -> LetterHead | None:
        """The customer writes again."""
        if at > self.matter.now:
            return None
        letter, routed_id = _receive(
            self.matter, self.desk, self.written, f"Re: {first.subject}", body, at, first
        )
        events: list[Event] = [
            CustomerReplied(ticket_id=self.ticket_id, letter=letter, threaded_by=ThreadedBy.IN_REPLY_TO)
        ]
        if reopen:
            events.append(TicketReopened(ticket_id=self.ticket_id))
        self.written.add("tickets", ticket_stream(self.ticket_id), tuple(events), routed_id, at)
        self.written.index.append((letter.internet_message_id or "", self.ticket_id, None))
        return letter


def _receive(
    matter: Matter,
    desk: Desk,
    written: Written,
    subject: str,
    body: str,
    at: datetime,
    first: LetterHead | None,
) -> tuple[LetterHead, UUID]:
    """A letter comes in and is routed; returns it with the id of the routing."""
    customer = matter.customer
    order = 2 if first else 1
    internet_message_id = f"<{matter.seed}.{matter.index}.{order}@{customer.address.rpartition('@')[2]}>"
    text = f"{customer.language.greeting}\n\n{body}\n\n{customer.language.farewell}\n{customer.name}\n"
    head = f"From: {customer.address}\r\nTo: {desk.address}\r\nMessage-ID: {internet_message_id}\r\n"
    raw = f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
    digest = sha256(raw)
    message_id = uuid5(_LOADED, internet_message_id)
    letter = LetterHead(
        message_id=message_id,
        internet_message_id=internet_message_id,
        in_reply_to=first.internet_message_id if first else None,
        subject=subject,
        sent_at=at,
        received_at=at,
        from_=Address(name=customer.name, address=customer.address),
        to=(Address(address=desk.address),),
        recipients=(desk.address,),
        excerpt=" ".join(text.split())[:200],
    )
    envelope = SmtpEnvelope(
        client_address="192.0.2.25", mail_from=customer.address, recipients=(desk.address,)
    )
    received = MessageReceived(
        letter=letter, sha256=digest.hexdigest(), size=len(raw), source="smtp", envelope=envelope, text=text
    )
    stream = message_stream(message_id)
    received_id = written.add("ingest", stream, (received,), message_id, at)
    written.blobs.append((digest.digest(), raw))
    written.ledger.append((message_id, at))
    routed = MessageRouted(
        letter=letter,
        ticketbox_id=desk.ticketbox_id,
        ticketbox=desk.ticketbox,
        evidence=RoutingEvidence(ruleset_version=1, rule=None, matched=(("recipients", desk.address),)),
    )
    return letter, written.add("router", stream, (routed,), received_id, at)
