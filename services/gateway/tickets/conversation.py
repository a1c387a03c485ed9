"""From a ticket's events to what a person reads: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.correspondence import (
    AcknowledgementReleased,
    AcknowledgementWithheld,
    AutomaticReplyReceived,
    Correspondence,
    CustomerReplied,
    DeliveryRecorded,
    NoteAdded,
    NoticeReleased,
    Quote,
    Released,
    ReminderReleased,
    ReminderWithheld,
    ReplyBounced,
    ReplyReleased,
    ReplySubmitted,
)
from contracts.event import Event, Meta, Recorded
from contracts.ingest import Reading
from contracts.mail import Address, LetterHead, last_written
from contracts.notify import ReplyDelayed, ReplyFailed, ReplySent, ReplyUncertain
from contracts.ticket_events import Happening
from contracts.tickets import (
    LettersTaken,
    MergeUndone,
    ThreadedBy,
    TicketAbsorbed,
    TicketAssigned,
    TicketOpened,
)
from services.gateway.messages.authentication import sender_of
from services.gateway.messages.withholding import withheld
from services.gateway.read_model.whereabouts import Whereabouts, letters_here, whereabouts
from services.gateway.representations.basics import Contact, Named
from services.gateway.representations.conversation import Delivery, Entry, Reply
from services.gateway.representations.messages import AttachmentItem, Letter
from services.gateway.tickets import why_owner
from services.gateway.tickets.happenings import said

_THREADED = {
    "in_reply_to": "it answers an earlier message of this conversation",
    "references": "it refers to an earlier message of this conversation",
    "our_message_id": "it answers a message of ours",
    "bounced_message_id": "it returns a message of ours",
    "reply_address": "it was sent to the address that our answer asked to be answered at",
    "subject_token": "its subject has this ticket's number, and its sender takes part in it",
    "person": "a person put it there",
}
_PASSED_OVER = {
    "in_reply_to": "its sender takes no part in the conversation that it answers",
    "references": "its sender takes no part in the conversation that it refers to",
    "bounced_message_id": "it returns no message of ours",
    "reply_address": "the reply address that it was sent to does not have our signature",
    "subject_token": "its sender takes no part in the ticket whose number its subject has",
}
_GIVEN_BACK = "it was written to this ticket while that was merged into another one, and the merge was undone"

_HIDDEN = "A letter was here that is in a ticketbox that you do not see"


@dataclass(frozen=True, slots=True)
class Sources:
    """What the events of a ticket refer to."""

    letters: Mapping[UUID, Reading] = field(default_factory=dict)
    deliveries: Mapping[UUID, Sequence[Recorded[Event]]] = field(default_factory=dict)
    """What notify said of each reply, in order."""
    people: Mapping[UUID, str] = field(default_factory=dict)
    hidden: frozenset[UUID] = frozenset()
    """Letters that have gone out of the asker's sight."""

    def person(self, identity: UUID | None) -> Named | None:
        return None if identity is None else Named(id=identity, name=self.people.get(identity, "somebody"))

    def known(self, meta: Meta) -> UUID | None:
        """The person who did it, if we know the name."""
        return meta.person_id if meta.person_id in self.people else None


def conversation(history: Sequence[Recorded[Event]], sources: Sources) -> list[Entry]:
    """What happened, in order. An answer is one entry, whatever became of it later; a letter is where it came last."""
    places = whereabouts(history)
    entries: list[Entry] = []
    for item in history:
        if isinstance(item.event, Happening):
            entries += _happened(item.event, item, history, sources, places)
        elif isinstance(item.event, Correspondence):
            entries += _written(item.event, item, history, sources, places)
    return entries


def _happened(
    event: Happening,
    item: Recorded[Event],
    history: Sequence[Recorded[Event]],
    sources: Sources,
    places: Mapping[UUID, Whereabouts],
) -> list[Entry]:
    brought = (
        _brought(event, item, history, sources, places)
        if isinstance(event, TicketAbsorbed | LettersTaken)
        else []
    )
    sentence = said(event, sources.people, sources.known(item.meta))
    if sentence is None:
        return brought
    entry = _made(item, sentence.sentence, sources.person(sentence.actor), sentence.at)
    more: dict[str, object] = {"ticket": sentence.ticket}
    if isinstance(event, TicketAssigned):
        more["distribution"] = why_owner.view(event, sources.person)
    return [entry.model_copy(update=more), *brought]


def _written(
    event: Correspondence,
    item: Recorded[Event],
    history: Sequence[Recorded[Event]],
    sources: Sources,
    places: Mapping[UUID, Whereabouts],
) -> list[Entry]:
    match event:
        case TicketOpened() | CustomerReplied() | AutomaticReplyReceived() | ReplyBounced():
            place = places[event.letter.message_id]
            return [_letter_entry(event, item, sources, place)] if place.version == item.version else []
        case ReplySubmitted() | AcknowledgementReleased() | ReminderReleased():
            delivery = delivery_of(event.reply_id, history, sources.deliveries)
            reply = _reply(event, _released(event.reply_id, history), delivery)
            return [_own_entry(event, item, sources).model_copy(update={"reply": reply})]
        case AcknowledgementWithheld() | ReminderWithheld() | NoteAdded():
            return [_own_entry(event, item, sources)]
        case ReplyReleased(attempt=attempt, author_id=author_id) if attempt > 1:
            return [_made(item, "sent the answer again", sources.person(author_id))]
        case DeliveryRecorded() | ReplyReleased():
            return []  # shown with the answer
        case NoticeReleased():
            return []  # whom an automation told, is said with what else it did
        case _:
            assert_never(event)


def _released(reply_id: UUID, history: Sequence[Recorded[Event]]) -> Released | None:
    """An answer as it left."""
    released = (item.event for item in reversed(history) if isinstance(item.event, Released))
    return next((event for event in released if event.reply_id == reply_id), None)


def _made(
    item: Recorded[Event], sentence: str, actor: Named | None = None, at: datetime | None = None
) -> Entry:
    return Entry(
        version=item.version,
        type=item.event.type_name(),
        at=at or item.occurred_at,
        actor=actor,
        sentence=sentence,
    )


Incoming = TicketOpened | CustomerReplied | AutomaticReplyReceived | ReplyBounced


def _letter_entry(event: Incoming, item: Recorded[Event], sources: Sources, place: Whereabouts) -> Entry:
    match event:
        case TicketOpened():
            sentence, why = "wrote", _why_it_began(event)
        case CustomerReplied(threaded_by=threaded_by):
            sentence, why = "wrote", _THREADED.get(threaded_by)
        case AutomaticReplyReceived(threaded_by=threaded_by):
            sentence, why = "answered automatically", _THREADED.get(threaded_by)
        case ReplyBounced():
            sentence, why = "returned an answer of ours", _THREADED[ThreadedBy.BOUNCED_MESSAGE_ID]
        case _:
            assert_never(event)
    return _with_letter(_made(item, sentence, at=event.letter.received_at), event.letter, why, sources, place)


def _why_it_began(opened: TicketOpened) -> str | None:
    """Why a letter is the first of a ticket; None: its event is from before anybody noted that."""
    if opened.split_from_id is not None:
        return "a person made a ticket of it"
    if opened.follows_id is not None:
        return "it began a new ticket: the one that it continues was done too long ago to be opened again"
    if opened.passed_over is None:
        return None
    vain = ", and ".join(_PASSED_OVER[one] for one in opened.passed_over)
    return f"it began a new ticket: {vain or 'it names no conversation of ours'}"


def _brought(
    event: TicketAbsorbed | LettersTaken,
    item: Recorded[Event],
    history: Sequence[Recorded[Event]],
    sources: Sources,
    places: Mapping[UUID, Whereabouts],
) -> list[Entry]:
    """The letters that came from another ticket, if they did not leave and come back since."""
    if isinstance(event, TicketAbsorbed):
        why = f"ticket {event.from_number} was merged into this one"
    else:
        why = _GIVEN_BACK if _is_given_back(event, item, history) else _THREADED[ThreadedBy.PERSON]
    return [
        _with_letter(_made(item, "wrote", at=letter.received_at), letter, why, sources, place)
        for letter in event.letters
        if (place := places[letter.message_id]).version == item.version
    ]


def _is_given_back(taken: LettersTaken, item: Recorded[Event], history: Sequence[Recorded[Event]]) -> bool:
    """Whether the letters came at once with the undoing of a merge into the ticket that they come from."""
    return any(
        isinstance(one.event, MergeUndone)
        and one.event.into_id == taken.from_id
        and one.recorded_at == item.recorded_at
        for one in history
    )


def _with_letter(
    entry: Entry, letter: LetterHead, why: str | None, sources: Sources, place: Whereabouts
) -> Entry:
    if place.gone_to is not None:
        sentence = f"A letter that came here has gone to ticket {place.gone_to}"
        return entry.model_copy(update={"sentence": sentence, "ticket": place.gone_to})
    if letter.message_id in sources.hidden:
        return entry.model_copy(update={"sentence": _HIDDEN})
    shown = letter_of(letter, sources.letters.get(letter.message_id), why)
    return entry.model_copy(update={"letter": shown, "ticket": place.from_number})


def _own_entry(
    event: ReplySubmitted
    | AcknowledgementReleased
    | AcknowledgementWithheld
    | ReminderReleased
    | ReminderWithheld
    | NoteAdded,
    item: Recorded[Event],
    sources: Sources,
) -> Entry:
    match event:
        case ReplySubmitted(author_id=author_id):
            return _made(item, "answered", sources.person(author_id))
        case AcknowledgementReleased():
            return _made(item, "told the customer that the letter has arrived")
        case AcknowledgementWithheld(detail=detail):
            return _made(item, f"The letter was not acknowledged: {detail}")
        case ReminderReleased():
            return _made(item, "reminded the customer")
        case ReminderWithheld(detail=detail):
            return _made(item, f"The customer was not reminded: {detail}")
        case NoteAdded(author_id=author_id, text=text, mentions=mentions):
            names = [named for one in mentions if (named := sources.person(one))]
            noted = _made(item, "noted", sources.person(author_id))
            return noted.model_copy(update={"note": text, "mentions": names})
        case _:
            assert_never(event)


def contact(address: Address) -> Contact:
    return Contact(name=address.name, address=address.address)


def letter_of(
    head: LetterHead, received: Reading | None, why: str | None, *, released: bool = True
) -> Letter:
    """A letter as it was read last, and `why` it is there; without its text, if that has not come yet.

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
        threaded_by=why,
    )


def _reply(
    event: ReplySubmitted | AcknowledgementReleased | ReminderReleased,
    released: Released | None,
    delivery: Delivery,
) -> Reply:
    match event:
        case ReplySubmitted(text=text, quote=quote):
            automatic, quoted = False, quote.text if quote else None
        case AcknowledgementReleased(letter=letter) | ReminderReleased(letter=letter):
            automatic, text, quoted = True, letter.text, None
        case _:
            assert_never(event)
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


def recipient_of(history: Sequence[Recorded[Event]]) -> Address | None:
    """Whom an answer goes to; None: to the ticket's contact."""
    last = last_written(letters_here(history))
    return last.answers_go_to if last else None


def quote_for(history: Sequence[Recorded[Event]], sources: Sources) -> Quote | None:
    """What an answer quotes: the last letter that a person wrote and that is here, as far as it was newly written."""
    letter = last_written(letters_here(history))
    received = sources.letters.get(letter.message_id) if letter else None
    if letter is None or received is None or letter.from_ is None:
        return None
    author = letter.from_.name or letter.from_.address
    text = received.reply or received.text
    return Quote(author=author, sent_at=letter.sent_at or letter.received_at, text=text) if text else None
