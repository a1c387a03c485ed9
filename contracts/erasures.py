"""The erasure of a person's data: what is asked of each service, and what the logs keep of it.

No event names the person. The addresses travel in requests only, and the one table that holds them until the end is
in `tickets`.
"""

import json
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.ingest import IngestEvent
from contracts.model import NOBODY, Model, Text
from contracts.notify import NotifyEvent
from contracts.requests import Errand, Query
from contracts.router import RouterEvent
from contracts.tickets import TicketsEvent

MOST_IDS = 3_500
MOST_MESSAGE_ID_BYTES = 350_000
MOST_NAME_BYTES = 50_000
"""What one request tells of a person: an id is 39 bytes, there are four kinds, and NATS carries 1 MB."""


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
    notice_ids: tuple[UUID, ...] = ()
    """What automations told colleagues of the person's tickets."""
    contact_ids: tuple[UUID, ...] = ()
    """Contacts whose cards have the person's addresses."""

    @property
    def alias(self) -> str:
        """The address that stands where the person's stood: the same everywhere, so one person stays one."""
        return f"erased-{self.erasure_id.hex[:12]}@{NOBODY}"

    def parts(self) -> Iterator[Self]:
        """The person in parts that a request carries. Whoever erases each of them has erased the person.

        A Message-ID or a name may stand in any of the tickets and answers: each part of those meets each of these.
        """
        owned = (self.message_ids, self.ticket_ids, self.reply_ids, self.notice_ids)
        for start in range(0, max(1, *map(len, owned)), MOST_IDS):
            messages, tickets, replies, notices = (ids[start : start + MOST_IDS] for ids in owned)
            for message_ids in _portions(self.internet_message_ids, MOST_MESSAGE_ID_BYTES):
                for names in _portions(self.names, MOST_NAME_BYTES):
                    yield self.model_copy(
                        update={
                            "names": names,
                            "message_ids": messages,
                            "internet_message_ids": message_ids,
                            "ticket_ids": tickets,
                            "reply_ids": replies,
                            "notice_ids": notices,
                        }
                    )


def _portions(words: Sequence[str], most_bytes: int) -> Iterator[tuple[str, ...]]:
    """All words in their order; of none, one empty portion. A word that is longer stands alone."""
    portion: list[str] = []
    size = 0
    for word in words:
        more = len(json.dumps(word)) + 1
        if portion and size + more > most_bytes:
            yield tuple(portion)
            portion, size = [], 0
        portion.append(word)
        size += more
    yield tuple(portion)


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
    """Which letters a person wrote, up to now, by their ids. Answer: `FoundLetters`, as many as it carries."""

    service: ClassVar[str] = "ingest"
    addresses: tuple[Text, ...]
    after: UUID | None = None
    """`following` of the answer before."""


class FoundLetters(Model):
    message_ids: tuple[UUID, ...] = ()
    internet_message_ids: tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()
    in_flight: int = 0
    """Letters among them, and among those that follow, that are on their way: they are waited for."""
    following: UUID | None = None
    """None: that was all."""


class GetEnd(Query):
    """Where a service's log ends now. Answer: `End`."""


class End(Model):
    position: int


class ErasePiece(Errand):
    """Erase a piece of what a service holds of a person. Answer: `PieceErased`. A repeat erases nothing more."""

    person: Subject
    """A part of the person."""
    after: int = 0
    """Where the piece begins: `following` of the one before."""
    end: int = 0
    """Of the service's log when the person's data was found: what was written later is no part of the erasure."""
    ends: dict[str, int] = Field(default_factory=dict)
    """Where the logs ended when they were erased: a read model must have come so far."""


class PieceErased(Model):
    rows: int = 0
    files: int = 0
    following: int | None = None
    """None: that was all."""
    waits_for: Text | None = None
    """Why it cannot be done yet; the same is asked again in a moment."""


class FinishErasure(Errand):
    """Take what was erased out of the service's stream, and clean its tables.

    Answer: `PieceErased`, with all that the service's log says was erased.
    """

    erasure_id: UUID


class GetErasure(Query):
    """What an erasure that goes on waits for. Answer: `ErasureProgress`."""

    service: ClassVar[str] = "tickets"
    erasure_id: UUID


class ErasureProgress(Model):
    waits_for: Text | None
