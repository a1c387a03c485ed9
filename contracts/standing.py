"""Where a message stands: one rule for the ledger, the pages and `postroom verify`.

Router and tickets speak in logs of their own, which reach a reader in any order. So the last word of each is kept
apart, and the state follows from both: whoever has heard the same events, in whatever order, sees the same state.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

from contracts.correspondence import AutomaticReplyReceived, CustomerReplied, ReplyBounced
from contracts.event import Event, Recorded
from contracts.router import Disposition, MessageDiscarded, MessageRouted, RoutingFailed
from contracts.tickets import TicketingFailed, TicketOpened

DISCARDED = "discarded"
"""The reason why a message is suppressed that a person deleted."""


class MessageState(StrEnum):
    IN_FLIGHT = "in_flight"
    TICKETED = "ticketed"
    SUPPRESSED = "suppressed"
    QUARANTINED = "quarantined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """The last words about one message. Versions are those of its stream `message-{message_id}` in each log."""

    routed_version: int = 0
    routing_id: UUID | None = None
    """The event that router said last."""
    routed_state: MessageState = MessageState.IN_FLIGHT
    """What router's last word makes of it; in flight if it was delivered, or if nothing was said yet."""
    routed_reason: str | None = None
    failed_version: int = 0
    failed_routing_id: UUID | None = None
    """The routing that tickets could not take into a conversation."""
    failed_reason: str | None = None
    ticket_id: UUID | None = None

    @property
    def state(self) -> MessageState:
        """What is in a ticket stays there, whatever is said later."""
        if self.ticket_id is not None:
            return MessageState.TICKETED
        return MessageState.FAILED if self._undelivered else self.routed_state

    @property
    def reason(self) -> str | None:
        """Why it is suppressed, quarantined or failed."""
        if self.ticket_id is not None:
            return None
        return self.failed_reason if self._undelivered else self.routed_reason

    @property
    def _undelivered(self) -> bool:
        """Whether tickets failed on what router said last; a release after it is a new try."""
        return (
            self.failed_version > 0
            and self.routed_state is MessageState.IN_FLIGHT
            and self.routing_id in {None, self.failed_routing_id}
        )


COLUMNS = tuple(field.name for field in fields(Standing))
"""Under these names a book keeps it, each in a column."""


def standing_of(row: Mapping[str, Any]) -> Standing:
    """The standing in a row of a book, whatever else is in it. The ledger has no column for the ticket."""
    cells = {name: row[name] for name in COLUMNS if name in row}
    return Standing(**cells | {"routed_state": MessageState(row["routed_state"])})


def hear(standing: Standing, item: Recorded[Event]) -> Standing:
    """Take one event into account; older news than is known, and what is not about a message, changes nothing."""
    match item.event:
        case MessageRouted() | RoutingFailed() | MessageDiscarded() as event:
            if item.version <= standing.routed_version:
                return standing
            state, reason = _word(event)
            return replace(
                standing,
                routed_version=item.version,
                routing_id=item.event_id,
                routed_state=state,
                routed_reason=reason,
            )
        case TicketingFailed(error=error) if item.version > standing.failed_version:
            return replace(
                standing,
                failed_version=item.version,
                failed_routing_id=item.meta.causation_id,
                failed_reason=error,
            )
        case TicketOpened() | CustomerReplied() | AutomaticReplyReceived() | ReplyBounced() as event:
            return replace(standing, ticket_id=standing.ticket_id or event.ticket_id)
        case _:
            return standing


def is_first_delivery(item: Recorded[Event]) -> bool:
    """A book need not be touched for it: what was delivered is in flight as before."""
    return (
        isinstance(item.event, MessageRouted)
        and item.event.disposition is Disposition.DELIVER
        and item.version == 1
    )


def news(batch: Iterable[Recorded[Event]]) -> dict[UUID, list[Recorded[Event]]]:
    """What a batch says of each message that a book must hear, in the order of the batch."""
    said: defaultdict[UUID, list[Recorded[Event]]] = defaultdict(list)
    for item in batch:
        if (message_id := message_of(item.event)) and not is_first_delivery(item):
            said[message_id].append(item)
    return said


def _word(event: MessageRouted | RoutingFailed | MessageDiscarded) -> tuple[MessageState, str | None]:
    match event:
        case RoutingFailed(error=error):
            return MessageState.FAILED, error
        case MessageDiscarded():
            return MessageState.SUPPRESSED, DISCARDED
        case MessageRouted(disposition=Disposition.SUPPRESS, reason=reason):
            return MessageState.SUPPRESSED, reason or "rule"
        case MessageRouted(disposition=Disposition.QUARANTINE, reason=reason):
            return MessageState.QUARANTINED, reason or "rule"
        case MessageRouted():
            return MessageState.IN_FLIGHT, None
        case _:
            assert_never(event)


_BY_ID = frozenset({RoutingFailed, MessageDiscarded, TicketingFailed})
_BY_LETTER = frozenset({MessageRouted, TicketOpened, CustomerReplied, AutomaticReplyReceived, ReplyBounced})


def message_of(event: Event) -> UUID | None:
    """The message whose standing an event changes; None if it changes none."""
    # Looked up, not matched: it is asked of every event of a rebuild.
    kind, content = type(event), vars(event)
    if kind in _BY_ID:
        message_id: UUID = content["message_id"]
    elif kind in _BY_LETTER:
        message_id = content["letter"].message_id
    else:
        return None
    return message_id
