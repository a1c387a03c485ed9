"""What becomes of a reply on its way out: the states of a delivery, and what the end of each try makes of it.

    QUEUED ──► SENDING ──► SENT
      ▲ RETRY ◄──┤  ├────► FAILED
      └────┘     └──┴────► UNCERTAIN

A delivery is SENDING in the database before a connection is opened. What the relay says decides the rest;
where it cannot be known whether the relay has the message (RFC 1047), a person's reply is tried once more
under the same Message-ID, automatic mail is not, and then a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, assert_never
from uuid import UUID

from contracts.model import Model
from contracts.notify import (
    NoticeFailed,
    NoticeSent,
    ReplyDelayed,
    ReplyFailed,
    ReplySent,
    ReplyUncertain,
)

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=2)
"""Counted from the release of the reply."""

DeliveryEvent = ReplySent | ReplyDelayed | ReplyFailed | ReplyUncertain


class State(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    """Someone may be talking to the relay about it at this moment."""
    RETRY = "retry"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Recipient(Model):
    """One address that the message goes to, and what the relay has said of it."""

    address: str
    copy_: bool = False
    """In Cc: its refusal does not make the reply a failed one."""
    fate: Literal["waiting", "taken", "refused"] = "waiting"
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One release of a reply, on its way."""

    reply_id: UUID
    attempt: int
    """Counts the releases of the reply: a person may release it again."""
    ticket_id: UUID
    internet_message_id: str
    automatic: bool
    recipients: tuple[Recipient, ...]
    queued_at: datetime
    due_at: datetime
    """When it is to be looked at again; while SENDING, when its lease ends."""
    state: State = State.QUEUED
    tries: int = 0
    doubts: int = 0
    """Tries of which nobody knows whether the relay has taken the message."""
    notice: bool = False
    """It is a copy or an alert, under an id of its own; `ticket_id` is then that of the message."""

    @property
    def waiting(self) -> tuple[str, ...]:
        return tuple(one.address for one in self.recipients if one.fate == "waiting")


@dataclass(frozen=True, slots=True)
class Answered:
    """A try that ended with certainty; addresses neither taken nor refused may be tried again."""

    answer: str
    """The relay's own words, or why it could not be asked."""
    taken: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    """What the relay said of each address that it refused for good (5xx)."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The message was handed over and no answer came: the relay may have it or not."""

    answer: str
    refused: Mapping[str, str] = field(default_factory=dict)


Result = Answered | Lost


def delay(tries: int, jitter: float) -> timedelta:
    """How long to wait after so many tries: doubling up to an hour, ± a fifth by `jitter` in [0, 1)."""
    doubled = FIRST_DELAY * (1 << min(tries - 1, 16))
    return min(doubled, LONGEST_DELAY) * (0.8 + 0.4 * jitter)


def after_try(
    delivery: Delivery, result: Result, now: datetime, jitter: float, relay: str
) -> tuple[Delivery, DeliveryEvent]:
    """The delivery after a try has ended at `now`, and what there is to say of it."""
    match result:
        case Answered():
            seen = replace(
                delivery, recipients=_answered(delivery, result.taken, result.refused, result.answer)
            )
            if seen.waiting and now - delivery.queued_at < GIVE_UP_AFTER:
                return _again(seen, result.answer, now, jitter)
            return _ended(seen, result.answer, now, relay)
        case Lost():
            seen = replace(
                delivery,
                recipients=_answered(delivery, frozenset(), result.refused, result.answer),
                doubts=delivery.doubts + 1,
            )
            if delivery.automatic or seen.doubts > 1:
                return _uncertain(seen, result.answer)
            return _again(seen, result.answer, now, jitter)
        case _:
            assert_never(result)


def _answered(
    delivery: Delivery, taken: frozenset[str], refused: Mapping[str, str], answer: str
) -> tuple[Recipient, ...]:
    def seen(one: Recipient) -> Recipient:
        if one.fate != "waiting":
            return one
        if one.address in taken:
            return one.model_copy(update={"fate": "taken", "answer": answer})
        if one.address in refused:
            return one.model_copy(update={"fate": "refused", "answer": refused[one.address]})
        return one

    return tuple(map(seen, delivery.recipients))


def _again(delivery: Delivery, answer: str, now: datetime, jitter: float) -> tuple[Delivery, DeliveryEvent]:
    due_at = now + delay(delivery.tries, jitter)
    return replace(delivery, state=State.RETRY, due_at=due_at), ReplyDelayed(
        ticket_id=delivery.ticket_id,
        reply_id=delivery.reply_id,
        answer=answer,
        attempts=delivery.tries,
        next_try_at=due_at,
    )


def _ended(delivery: Delivery, answer: str, now: datetime, relay: str) -> tuple[Delivery, DeliveryEvent]:
    """Nobody is left to try: it is sent if everyone in To has it, and failed if not."""
    answer = _with_refusals(delivery, answer)
    if all(one.fate == "taken" for one in delivery.recipients if not one.copy_):
        return replace(delivery, state=State.SENT), ReplySent(
            ticket_id=delivery.ticket_id,
            reply_id=delivery.reply_id,
            internet_message_id=delivery.internet_message_id,
            sent_at=now,
            relay=relay,
            answer=answer,
            attempts=delivery.tries,
        )
    if delivery.doubts:
        # An earlier try may have reached the customer: "failed" could be a lie that has it sent twice.
        return _uncertain(delivery, answer)
    return replace(delivery, state=State.FAILED), failed(delivery, answer)


def failed(delivery: Delivery, answer: str) -> ReplyFailed:
    return ReplyFailed(
        ticket_id=delivery.ticket_id,
        reply_id=delivery.reply_id,
        answer=answer,
        attempts=delivery.tries,
    )


def _uncertain(delivery: Delivery, answer: str) -> tuple[Delivery, DeliveryEvent]:
    return replace(delivery, state=State.UNCERTAIN), ReplyUncertain(
        ticket_id=delivery.ticket_id,
        reply_id=delivery.reply_id,
        answer=answer,
        attempts=delivery.tries,
    )


def _with_refusals(delivery: Delivery, answer: str) -> str:
    """The relay's answer, and for each refused address, whose it is and why."""
    refusals = [f"{one.address}: {one.answer}" for one in delivery.recipients if one.fate == "refused"]
    taken = any(one.fate == "taken" for one in delivery.recipients)
    return "; ".join((answer, *refusals) if taken or not refusals else refusals)


def as_told(delivery: Delivery, event: DeliveryEvent) -> DeliveryEvent | NoticeSent | NoticeFailed | None:
    """What is said of a delivery. Of a notice only its end is told: nobody waits for it."""
    if not delivery.notice:
        return event
    said = {
        "notice_id": delivery.reply_id,
        "message_id": delivery.ticket_id,
        "to": ", ".join(one.address for one in delivery.recipients),
        "answer": event.answer,
    }
    match event:
        case ReplySent():
            return NoticeSent.model_validate(said)
        case ReplyFailed() | ReplyUncertain():
            return NoticeFailed.model_validate(said)
        case ReplyDelayed():
            return None
        case _:
            assert_never(event)
