"""The erasure of a person's data: what is asked of each service, and what the logs keep of it.

No event names the person. The addresses travel in requests only, and the one table that holds them until the end is
in `tickets`.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.ingest import IngestEvent
from contracts.model import Model, Text
from contracts.notify import NotifyEvent
from contracts.queries import Query
from contracts.router import RouterEvent
from contracts.tickets import TicketsEvent

NOBODY = "erased.invalid"
"""The domain of the addresses that stand where an erased person's stood: it never exists (RFC 2606)."""


def is_erased(address: str) -> bool:
    """Whether nobody is behind an address any more."""
    return address.endswith(f"@{NOBODY}")


class Subject(Model):
    """A person whose data goes, and what belongs to that person: the data subject, as the GDPR calls it."""

    erasure_id: UUID
    addresses: tuple[Text, ...]
    """In lower case."""
    names: tuple[Text, ...] = ()
    message_ids: tuple[UUID, ...] = ()
    """Letters that the person wrote, and what came back of our answers to the person."""
    internet_message_ids: tuple[Text, ...] = ()
    """Their Message-IDs, by which answers refer to them."""
    ticket_ids: tuple[UUID, ...] = ()
    """Tickets that these letters opened."""
    reply_ids: tuple[UUID, ...] = ()
    """Answers of ours to the person, and those in the person's tickets."""

    @property
    def alias(self) -> str:
        """The address that stands where the person's stood: the same everywhere, so one person stays one."""
        return f"erased-{self.erasure_id.hex[:12]}@{NOBODY}"


class ErasedRow(Model):
    """A row of a log that lost data. `sha256` is of what it holds now, so that nothing else can be put there."""

    position: int
    sha256: str


class RowsErased(Event):
    """Rows of a log lost a person's data, and the chain still goes over them. Stream: `erasure-{erasure_id}`."""

    erasure_id: UUID
    rows: tuple[ErasedRow, ...]
    files: int = 0
    """Stored bytes that went with them."""


class LettersErased(RowsErased, IngestEvent):
    """Rows of ingest's log lost a person's data. Stream: `erasure-{erasure_id}`."""


class RoutingErased(RowsErased, RouterEvent):
    """Rows of router's log lost a person's data. Stream: `erasure-{erasure_id}`."""


class ConversationsErased(RowsErased, TicketsEvent):
    """Rows of tickets' log lost a person's data. Stream: `erasure-{erasure_id}`."""


class DeliveriesErased(RowsErased, NotifyEvent):
    """Rows of notify's log lost a person's data. Stream: `erasure-{erasure_id}`."""


ROWS_ERASED: dict[str, type[RowsErased]] = {
    event.service: event for event in (LettersErased, RoutingErased, ConversationsErased, DeliveriesErased)
}
"""By the service whose log it is."""


class ErasureRequested(TicketsEvent):
    """An administrator had a person's data erased. Stream of this and all below: `erasure-{erasure_id}`."""

    erasure_id: UUID
    digests: tuple[Text, ...]
    """Of the addresses, keyed with a secret of the installation: whoever has an address can tell that it was erased."""
    reason: Text
    requested_by: UUID


class ErasureBegun(TicketsEvent):
    """What belongs to the person was found; from here on nothing that comes is part of it."""

    erasure_id: UUID
    letters: int
    tickets: int
    answers: int


class DataErased(TicketsEvent):
    """One service holds nothing of the person any more."""

    erasure_id: UUID
    holder: Text
    """The service."""
    rows: int
    """Of its log, or of its read model, that lost data."""
    files: int
    """Raw messages, attachments, texts and outgoing mail that are gone."""


class ErasureEnded(TicketsEvent):
    """Every service is done, and the addresses are forgotten here too."""

    erasure_id: UUID


class FindLetters(Query):
    """Which letters a person wrote, up to now. Answer: `FoundLetters`."""

    service: ClassVar[str] = "ingest"
    addresses: tuple[Text, ...]


class FoundLetters(Model):
    message_ids: tuple[UUID, ...] = ()
    internet_message_ids: tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()
    in_flight: int = 0
    """Letters among them that are on their way: they are waited for."""


class GetEnd(Query):
    """Where a service's log ends now. Answer: `End`."""

    @classmethod
    def subject_of(cls, service: str) -> str:
        return f"postroom.{service}.query.get_end"


class End(Model):
    position: int


class ErasePiece(Query):
    """Erase a piece of what a service holds of a person. Answer: `PieceErased`. A repeat erases nothing more."""

    person: Subject
    after: int = 0
    """Where the piece begins: `following` of the one before."""
    end: int = 0
    """Of the service's log when the person's data was found: what was written later is no part of the erasure."""
    ends: dict[str, int] = Field(default_factory=dict)
    """Where the logs ended when they were erased: a read model must have come so far."""

    @classmethod
    def subject_of(cls, service: str) -> str:
        return f"postroom.{service}.command.erase_piece"


class PieceErased(Model):
    rows: int = 0
    files: int = 0
    following: int | None = None
    """None: that was all."""
    waits_for: Text | None = None
    """Why it cannot be done yet; the same is asked again in a moment."""


class FinishErasure(Query):
    """Take what was erased out of the service's stream, and clean its tables.

    Answer: `PieceErased`, with all that the service's log says was erased.
    """

    erasure_id: UUID

    @classmethod
    def subject_of(cls, service: str) -> str:
        return f"postroom.{service}.command.finish_erasure"


class GetErasure(Query):
    """What an erasure that goes on waits for. Answer: `ErasureProgress`."""

    service: ClassVar[str] = "tickets"
    erasure_id: UUID


class ErasureProgress(Model):
    waits_for: Text | None
