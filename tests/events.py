"""Events of an ordinary ticket, for tests that only care about one of them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from contracts.correspondence import CustomerReplied, OutgoingLetter, ReplyReleased, ReplySubmitted
from contracts.desk import TicketboxCreated
from contracts.event import Event, Meta, Recorded
from contracts.ingest import MessageHeld, MessageReceived, MessageReread
from contracts.mail import Address, Authentication, Kind, LetterHead, SmtpEnvelope
from contracts.notify import ReplySent
from contracts.people import PersonAdded, Role
from contracts.router import Disposition, MessageDiscarded, MessageRouted, RoutingEvidence, RoutingFailed
from contracts.tickets import ThreadedBy, TicketOpened

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday."""
BOX, ANNA, BELA = uuid4(), uuid4(), uuid4()


def letter(at: datetime = NOON, kind: Kind = Kind.CUSTOMER, subject: str = "Where is my lamp?") -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=f"<{uuid4()}@customers.example>",
        subject=subject,
        received_at=at,
        from_=Address(name="Kim", address="kim@customers.example"),
        kind=kind,
        excerpt="I ordered a lamp.",
    )


def opened(head: LetterHead, number: int = 10008, due_at: datetime | None = None) -> TicketOpened:
    return TicketOpened(
        ticket_id=ticket_of(head),
        number=number,
        ticketbox_id=BOX,
        ticketbox="Support",
        subject=head.subject,
        contact=Address(name="Kim", address="Kim@customers.example"),
        letter=head,
        first_response_due_at=due_at,
    )


def ticket_of(head: LetterHead) -> UUID:
    return uuid5(head.message_id, "ticket")


def replied(ticket_id: UUID, head: LetterHead) -> CustomerReplied:
    return CustomerReplied(ticket_id=ticket_id, letter=head, threaded_by=ThreadedBy.IN_REPLY_TO)


def received(
    head: LetterHead, text: str = "I ordered a lamp.\n\n> Hello", authentication: Authentication | None = None
) -> MessageReceived:
    return MessageReceived(
        letter=head,
        sha256="00" * 32,
        size=1000,
        source="smtp",
        envelope=SmtpEnvelope(client_address="192.0.2.1", recipients=("support@example.com",)),
        text=text,
        reply="I ordered a lamp.",
        authentication=authentication,
    )


def held(head: LetterHead) -> MessageHeld:
    return MessageHeld(
        message_id=head.message_id,
        sha256="00" * 32,
        size=1000,
        source="smtp",
        envelope=SmtpEnvelope(client_address="192.0.2.1", recipients=("support@example.com",)),
        reason="the scanner does not answer",
    )


def reread(head: LetterHead, text: str = "I ordered a lamp.") -> MessageReread:
    return MessageReread(**{**dict(received(head)), "text": text, "reply": None, "reread_by": BELA})


def routed(
    head: LetterHead,
    disposition: Disposition = Disposition.DELIVER,
    reason: str | None = None,
    released_by: UUID | None = None,
) -> MessageRouted:
    return MessageRouted(
        letter=head,
        ticketbox_id=BOX,
        ticketbox="Support",
        disposition=disposition,
        reason=reason,
        evidence=RoutingEvidence(ruleset_version=1, rule=None),
        released_by=released_by,
    )


def failed(head: LetterHead, ticketbox_id: UUID | None = BOX) -> RoutingFailed:
    return RoutingFailed(message_id=head.message_id, error="no rules", letter=head, ticketbox_id=ticketbox_id)


def discarded(head: LetterHead) -> MessageDiscarded:
    return MessageDiscarded(message_id=head.message_id, discarded_by=ANNA)


def quarantined(head: LetterHead, reason: str = "virus") -> MessageRouted:
    return routed(head, Disposition.QUARANTINE, reason)


def submitted(ticket_id: UUID, reply_id: UUID, author: UUID = ANNA) -> ReplySubmitted:
    return ReplySubmitted(ticket_id=ticket_id, reply_id=reply_id, author_id=author, text="It left today.")


def released(ticket_id: UUID, reply_id: UUID, author: UUID = ANNA, attempt: int = 1) -> ReplyReleased:
    outgoing = OutgoingLetter(
        internet_message_id=f"<{reply_id}@example.com>",
        date=NOON,
        from_=Address(name="Support", address="support@example.com"),
        to=(Address(address="kim@customers.example"),),
        subject="Re: Where is my lamp?",
        text="It left today.",
    )
    return ReplyReleased(
        ticket_id=ticket_id, reply_id=reply_id, author_id=author, letter=outgoing, attempt=attempt
    )


def sent(ticket_id: UUID, reply_id: UUID, at: datetime) -> ReplySent:
    return ReplySent(
        ticket_id=ticket_id,
        reply_id=reply_id,
        internet_message_id=f"<{reply_id}@example.com>",
        sent_at=at,
        relay="relay.example",
        answer="250 ok",
        attempts=1,
    )


def box_created() -> TicketboxCreated:
    return TicketboxCreated(ticketbox_id=BOX, name="Support", addresses=("support@example.com",))


def person_added(person_id: UUID, name: str) -> PersonAdded:
    return PersonAdded(person_id=person_id, email=f"{name.lower()}@example.com", name=name, role=Role.AGENT)


def recorded(
    *events: Event, at: datetime = NOON, version: int = 1, position: int = 1
) -> list[Recorded[Event]]:
    """Events as one log holds them: a second apart, in one stream."""
    return [
        Recorded(
            event=event,
            event_id=uuid4(),
            stream_id="of-a-test",
            version=version + number,
            position=position + number,
            after=position + number - 1,
            meta=Meta(correlation_id=uuid4(), causation_id=uuid4()),
            occurred_at=at + timedelta(seconds=number),
            recorded_at=at + timedelta(seconds=number),
        )
        for number, event in enumerate(events)
    ]
