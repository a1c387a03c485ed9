"""What may become of a message after router has spoken of it: read again, released, deleted. Pure."""

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from chassis.commands import Forbidden, Refusal
from chassis.log import History
from contracts.commands import OPERATOR
from contracts.ingest import MessageReread, Reading
from contracts.mail import LetterHead
from contracts.model import is_erased
from contracts.people import Person, Right
from contracts.router import (
    Disposition,
    MessageDiscarded,
    MessageRouted,
    RouterEvent,
    RoutingFailed,
)
from contracts.standing import MessageState, Standing
from services.router.ruleset import Ruleset, Ticketbox, by_address, routed

WAITING = frozenset({MessageState.QUARANTINED, MessageState.FAILED})
"""Waits for a person; the rules may decide anew about a new reading of it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as this service knows it."""

    message_id: UUID
    history: History
    standing: Standing


class NotRoutedYet(Refusal):
    """The rules come first."""

    code = "not_routed_yet"

    def __init__(self) -> None:
        super().__init__("The rules have not decided about this message yet. Try again in a moment.")


class AlreadyDelivered(Refusal):
    """It is in a ticket, or on its way there."""

    code = "already_delivered"

    def __init__(self) -> None:
        super().__init__("This message was delivered: it is in a ticket, or on its way there.")


class MustBeReplayed(Refusal):
    """An earlier release kept nothing of it here."""

    code = "must_be_replayed"

    def __init__(self) -> None:
        super().__init__("This message failed under an earlier release. Replay it, or have it read again.")


class Erased(Refusal):
    """Its writer's data was erased: there is nothing to deliver."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("Nothing of this message is left: its writer's data was erased.")


def permit(actor: Person | None, actor_id: UUID, message: Message, ruleset: Ruleset) -> None:
    """See that someone may decide what becomes of a message.

    Raises:
        Forbidden.
    """
    if actor_id == OPERATOR:
        return
    box = _box_of(message, ruleset)
    if actor is None or not actor.may(Right.MANAGE, box.ticketbox_id):
        raise Forbidden(f"Only who manages the ticketbox “{box.name}” can decide about its stopped mail.")


def _box_of(message: Message, ruleset: Ruleset) -> Ticketbox:
    """The ticketbox that the rules gave a message, or else its address; the default one if neither is known."""
    for item in reversed(message.history.events):
        match item.event:
            case MessageRouted() as decided:
                return _box_for(decided, ruleset)
            case RoutingFailed(letter=LetterHead() as letter, ticketbox_id=taken_for):
                return by_address(letter, ruleset, taken_for).ticketbox
            case _:
                pass
    return ruleset.ticketboxes[ruleset.default_ticketbox_id]


def _box_for(decided: MessageRouted, ruleset: Ruleset) -> Ticketbox:
    """The ticketbox of a decision; if it was removed since, the one that the address points to."""
    return ruleset.ticketboxes.get(decided.ticketbox_id) or by_address(decided.letter, ruleset).ticketbox


def is_to_be_routed(reading: Reading, message: Message) -> bool:
    """Whether the rules decide about what was read: what was delivered, suppressed or deleted is left where it is."""
    if not message.standing.routed_version:
        return True
    if isinstance(reading, MessageReread):
        return message.standing.state in WAITING
    return message.standing.state is MessageState.FAILED


def release(message: Message, ruleset: Ruleset, actor_id: UUID) -> list[RouterEvent]:
    """Deliver a message as a person wishes, to the ticketbox that the rules or its address gave it.

    Raises:
        Refusal: it was delivered already, or cannot be.
    """
    if not message.standing.routed_version:
        raise NotRoutedYet
    if message.standing.state is MessageState.IN_FLIGHT:
        raise AlreadyDelivered
    for item in reversed(message.history.events):
        match item.event:
            case MessageRouted(letter=letter) | RoutingFailed(letter=LetterHead() as letter) if (
                letter.from_ is not None and is_erased(letter.from_.address)
            ):
                raise Erased
            case MessageRouted() as decided:
                return [_delivered(decided, _box_for(decided, ruleset), actor_id)]
            case RoutingFailed(letter=LetterHead() as letter, ticketbox_id=taken_for):
                # The rules cannot decide about it, so only its address does.
                decided = routed(letter, by_address(letter, ruleset, taken_for))
                return [decided.model_copy(update={"released_by": actor_id})]
            case _:
                pass
    raise MustBeReplayed


def _delivered(decided: MessageRouted, box: Ticketbox, actor_id: UUID) -> MessageRouted:
    """The same decision, but that the message goes to the ticketbox."""
    changes: dict[str, object] = {
        "disposition": Disposition.DELIVER,
        "reason": None,
        "released_by": actor_id,
    }
    if box.ticketbox_id != decided.ticketbox_id:
        no_rule = decided.evidence.model_copy(update={"ticketbox_rule": None})
        changes |= {"ticketbox_id": box.ticketbox_id, "ticketbox": box.name, "evidence": no_rule}
    return decided.model_copy(update=changes)


def discard(message: Message, actor_id: UUID) -> list[RouterEvent]:
    """Delete a message that waits for a person; nothing happens if it is suppressed already.

    Raises:
        Refusal: it was delivered already.
    """
    if not message.standing.routed_version:
        raise NotRoutedYet
    match message.standing.state:
        case MessageState.QUARANTINED | MessageState.FAILED:
            return [MessageDiscarded(message_id=message.message_id, discarded_by=actor_id)]
        case MessageState.SUPPRESSED:
            return []
        case MessageState.IN_FLIGHT | MessageState.TICKETED:
            raise AlreadyDelivered
        case _:
            assert_never(message.standing.state)
