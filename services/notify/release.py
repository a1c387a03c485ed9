"""From a released reply to its delivery: who gets which bytes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.correspondence import Released
from contracts.event import Recorded
from services.notify.compose import Composed, compose
from services.notify.delivery import Delivery, Recipient, State


@dataclass(frozen=True, slots=True)
class Release:
    """A delivery with the bytes that every try of it sends, and the event that it comes from."""

    delivery: Delivery
    sender: str
    smtputf8: bool
    message: bytes
    release_id: UUID
    """The id of the event."""
    correlation_id: UUID
    traceparent: str | None


def release(event: Recorded[Released], earlier: Release | None, now: datetime) -> Release:
    """Prepare a released reply, and keep the bytes and what is known of its recipients if it was `earlier`, too.

    Raises:
        headers.Uncomposable: no message can be made of the letter.
    """
    if earlier is None or not earlier.message:
        composed = compose(event.event.letter, event.event.reply_id)
        return _release(event, composed, _recipients(composed), now)
    composed = Composed(
        earlier.message,
        earlier.sender,
        to=tuple(one.address for one in earlier.delivery.recipients if not one.copy_),
        cc=tuple(one.address for one in earlier.delivery.recipients if one.copy_),
        smtputf8=earlier.smtputf8,
    )
    if earlier.delivery.state is State.FAILED:
        # Those who have it do not get it again. A reply that bounced or is in doubt goes to everyone.
        return _release(event, composed, tuple(map(_failed_again, earlier.delivery.recipients)), now)
    return _release(event, composed, _recipients(composed), now)


def unreleasable(event: Recorded[Released], now: datetime) -> Release:
    """A delivery that failed before it began, since no message can be made of its letter."""
    nothing = Composed(message=b"", sender="", to=(), cc=(), smtputf8=False)
    return _release(event, nothing, (), now, State.FAILED)


def _recipients(composed: Composed) -> tuple[Recipient, ...]:
    return (
        *(Recipient(address=address) for address in composed.to),
        *(Recipient(address=address, copy_=True) for address in composed.cc),
    )


def _failed_again(recipient: Recipient) -> Recipient:
    return (
        recipient
        if recipient.fate == "taken"
        else Recipient(address=recipient.address, copy_=recipient.copy_)
    )


def _release(
    event: Recorded[Released],
    composed: Composed,
    recipients: tuple[Recipient, ...],
    now: datetime,
    state: State = State.QUEUED,
) -> Release:
    return Release(
        delivery=Delivery(
            reply_id=event.event.reply_id,
            attempt=event.event.attempt,
            ticket_id=event.event.ticket_id,
            internet_message_id=event.event.letter.internet_message_id,
            automatic=event.event.letter.automatic,
            recipients=recipients,
            queued_at=now,
            due_at=now,
            state=state,
        ),
        sender=composed.sender,
        smtputf8=composed.smtputf8,
        message=composed.message,
        release_id=event.event_id,
        correlation_id=event.meta.correlation_id,
        traceparent=event.meta.traceparent,
    )
