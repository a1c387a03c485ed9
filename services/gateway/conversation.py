"""From a ticket's events to what a person reads: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.ingest import Reading
from contracts.mail import Address, LetterHead
from contracts.notify import ReplyDelayed, ReplyFailed, ReplySent, ReplyUncertain
from contracts.tickets import (
    AcknowledgementReleased,
    AcknowledgementWithheld,
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryRecorded,
    NoteAdded,
    Quote,
    Released,
    ReplyBounced,
    ReplyReleased,
    ReplySubmitted,
    SLABreached,
    TicketAssigned,
    TicketMoved,
    TicketOpened,
    TicketReopened,
    TicketSolved,
)
from services.gateway.authentication import sender_of
from services.gateway.representations import AttachmentItem, Contact, Delivery, Entry, Letter, Named, Reply
from services.gateway.summary import TicketEvent
from services.gateway.withholding import withheld

_THREADED = {
    "in_reply_to": "it answers an earlier message of this conversation",
    "references": "it refers to an earlier message of this conversation",
    "our_message_id": "it answers a message of ours",
    "bounced_message_id": "it returns a message of ours",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What the events of a ticket refer to."""

    letters: Mapping[UUID, Reading] = field(default_factory=dict)
    deliveries: Mapping[UUID, Sequence[Recorded[Event]]] = field(default_factory=dict)
    """What notify said of each reply, in order."""
    people: Mapping[UUID, str] = field(default_factory=dict)

    def person(self, identity: UUID | None) -> Named | None:
        return None if identity is None else Named(id=identity, name=self.people.get(identity, "somebody"))


def conversation(history: Sequence[Recorded[Event]], sources: Sources) -> list[Entry]:
    """What happened, in order. An answer is one entry, whatever became of it later."""
    released = {item.event.reply_id: item.event for item in history if isinstance(item.event, Released)}
    entries = []
    for item in history:
        if isinstance(item.event, TicketEvent):
            entry = _entry(item.event, item, sources)
            if entry is not None and isinstance(item.event, ReplySubmitted | AcknowledgementReleased):
                reply_id = item.event.reply_id
                delivery = delivery_of(reply_id, history, sources.deliveries)
                reply = _reply(item.event, released.get(reply_id), delivery)
                entry = entry.model_copy(update={"reply": reply})
            if entry is not None:
                entries.append(entry)
    return entries


def _entry(event: TicketEvent, item: Recorded[Event], sources: Sources) -> Entry | None:
    def made(sentence: str, actor: UUID | None = None, at: datetime | None = None) -> Entry:
        return Entry(
            version=item.version,
            type=event.type_name(),
            at=at or item.occurred_at,
            actor=sources.person(actor),
            sentence=sentence,
        )

    match event:
        case TicketOpened(letter=letter):
            return made("wrote", at=letter.received_at).model_copy(
                update={"letter": letter_of(letter, sources.letters.get(letter.message_id), None)}
            )
        case CustomerReplied(letter=letter, threaded_by=threaded_by):
            shown = letter_of(letter, sources.letters.get(letter.message_id), threaded_by)
            return made("wrote", at=letter.received_at).model_copy(update={"letter": shown})
        case AutomaticReplyReceived(letter=letter, threaded_by=threaded_by):
            shown = letter_of(letter, sources.letters.get(letter.message_id), threaded_by)
            return made("answered automatically", at=letter.received_at).model_copy(update={"letter": shown})
        case ReplyBounced(letter=letter):
            shown = letter_of(letter, sources.letters.get(letter.message_id), "bounced_message_id")
            return made("returned an answer of ours", at=letter.received_at).model_copy(
                update={"letter": shown}
            )
        case TicketAssigned(agent_id=None, assigned_by=by):
            return made("gave the ticket back", by)
        case TicketAssigned(agent_id=agent_id, assigned_by=by):
            agent = sources.person(agent_id)
            name = agent.name if agent else "somebody"
            if by is None:
                return made(f"The ticket went to {name} in turn")
            return made("took the ticket" if by == agent_id else f"gave the ticket to {name}", by)
        case NoteAdded(author_id=author_id, text=text):
            return made("noted", author_id).model_copy(update={"note": text})
        case ReplySubmitted(author_id=author_id):
            return made("answered", author_id)
        case AcknowledgementReleased():
            return made("told the customer that the letter has arrived")
        case AcknowledgementWithheld(detail=detail):
            return made(f"The letter was not acknowledged: {detail}")
        case ReplyReleased(attempt=1) | DeliveryRecorded():
            return None  # shown with the answer
        case ReplyReleased(author_id=author_id):
            return made("sent the answer again", author_id)
        case TicketSolved(solved_by=by):
            return made("solved the ticket", by)
        case TicketReopened(reopened_by=None):
            return made("The customer's message opened the ticket again")
        case TicketReopened(reopened_by=by):
            return made("opened the ticket again", by)
        case TicketMoved(ticketbox=ticketbox, moved_by=by):
            return made(
                f"moved the ticket to {ticketbox}" if by else f"The ticket was moved to {ticketbox}", by
            )
        case SLABreached(due_at=due_at):
            return made("The target for the first response was missed", at=due_at)
        case _:
            assert_never(event)


def contact(address: Address) -> Contact:
    return Contact(name=address.name, address=address.address)


def letter_of(
    head: LetterHead, received: Reading | None, threaded_by: str | None, *, released: bool = True
) -> Letter:
    """A letter as it was read last; without its text, if that has not come yet.

    What could not be scanned comes into a ticket only when a person releases it.
    """
    attachments = received.attachments if received else ()
    read = received.letter if received else head
    return Letter(
        message_id=head.message_id,
        from_=contact(read.from_) if read.from_ else None,
        to=[contact(one) for one in read.to],
        cc=[contact(one) for one in read.cc],
        subject=read.subject,
        received_at=head.received_at,
        sent_at=read.sent_at,
        kind=read.kind,
        text=received.text if received else None,
        reply=received.reply if received else None,
        text_sha256=received.text_sha256 if received else None,
        html=bool(received and received.html_sha256),
        attachments=[
            AttachmentItem(**one.model_dump(), url=f"/api/v1/messages/{head.message_id}/attachments/{number}")
            for number, one in enumerate(attachments)
        ],
        scan=received.scan.verdict if received and received.scan else None,
        problems=list(received.problems) if received else [],
        sender=sender_of(received.authentication) if received else None,
        withheld=withheld(received, released=released) if received else None,
        threaded_by=_THREADED.get(threaded_by) if threaded_by else None,
    )


def _reply(
    event: ReplySubmitted | AcknowledgementReleased, released: Released | None, delivery: Delivery
) -> Reply:
    match event:
        case ReplySubmitted(text=text, quote=quote):
            automatic, quoted = False, quote.text if quote else None
        case AcknowledgementReleased(letter=letter):
            automatic, text, quoted = True, letter.text, None
    return Reply(
        reply_id=event.reply_id,
        automatic=automatic,
        text=text,
        to=[contact(one) for one in released.letter.to] if released else [],
        quote=quoted,
        internet_message_id=released.letter.internet_message_id if released else None,
        delivery=delivery,
    )


def delivery_of(
    reply_id: UUID, history: Sequence[Recorded[Event]], deliveries: Mapping[UUID, Sequence[Recorded[Event]]]
) -> Delivery:
    """How far an answer has come, by what notify said and by what is in the ticket."""
    about = [item for item in history if getattr(item.event, "reply_id", None) == reply_id]
    state = Delivery(state="released", answer=None, attempts=0, next_try_at=None)
    for item in sorted([*about, *deliveries.get(reply_id, ())], key=lambda item: item.recorded_at):
        match item.event:
            case Released():
                state = Delivery(state="released", answer=None, attempts=state.attempts, next_try_at=None)
            case ReplyDelayed(answer=answer, attempts=attempts, next_try_at=next_try_at):
                state = Delivery(state="delayed", answer=answer, attempts=attempts, next_try_at=next_try_at)
            case ReplySent(answer=answer, attempts=attempts):
                state = Delivery(state="sent", answer=answer, attempts=attempts, next_try_at=None)
            case ReplyFailed(answer=answer, attempts=attempts):
                state = Delivery(state="failed", answer=answer, attempts=attempts, next_try_at=None)
            case ReplyUncertain(answer=answer, attempts=attempts):
                state = Delivery(state="uncertain", answer=answer, attempts=attempts, next_try_at=None)
            case DeliveryRecorded(outcome=outcome, answer=answer):
                state = Delivery(
                    state=outcome.value, answer=answer, attempts=max(state.attempts, 1), next_try_at=None
                )
            case ReplyBounced(bounce=bounce):
                why = bounce.reason or bounce.status
                state = Delivery(state="bounced", answer=why, attempts=state.attempts, next_try_at=None)
            case _:
                pass
    return state


def quote_for(history: Sequence[Recorded[Event]], sources: Sources) -> Quote | None:
    """What an answer quotes: the customer's last letter, as far as he newly wrote it."""
    for item in reversed(history):
        if isinstance(item.event, TicketOpened | CustomerReplied):
            letter = item.event.letter
            received = sources.letters.get(letter.message_id)
            if received is None or letter.from_ is None:
                return None
            text = received.reply or received.text
            author = letter.from_.name or letter.from_.address
            return (
                Quote(author=author, sent_at=letter.sent_at or letter.received_at, text=text)
                if text
                else None
            )
    return None
