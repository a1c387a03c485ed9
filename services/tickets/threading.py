"""Which conversation a message belongs to, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.mail import Kind, LetterHead
from contracts.tickets import ThreadedBy
from services.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Known:
    """A message of a conversation, as the index has it; `reply_id` if it is an answer of ours."""

    ticket_id: UUID
    reply_id: UUID | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message belongs. `reply_id` is the answer of ours that it answers, or that came back in it."""

    ticket_id: UUID
    threaded_by: ThreadedBy
    reply_id: UUID | None = None


Index = Mapping[str, Sequence[Known]]
"""What the index knows of each Message-ID that was asked for."""


def mentioned(letter: LetterHead) -> list[str]:
    """The Message-IDs by which a letter names its conversation, the closest first."""
    bounced = letter.bounce.original_message_id if letter.bounce else None
    closest_first = [bounced, letter.in_reply_to, *reversed(letter.references)]
    return list(dict.fromkeys(identity for identity in closest_first if identity))


def find_place(letter: LetterHead, index: Index, tickets: Mapping[UUID, Ticket]) -> Place | None:
    """The conversation that a letter belongs to; None if it opens one.

    Anyone can write anything into References. A letter joins a conversation only if its sender takes part in it
    already, or if it names an answer of ours, whose Message-ID nobody can guess who has not got that answer; a
    bounce only if it returns an answer of ours.
    """
    for identity in mentioned(letter):
        for known in index.get(identity, ()):
            ticket = tickets.get(known.ticket_id)
            if ticket is not None and _belongs(letter, ticket, known):
                return Place(known.ticket_id, _reason(letter, identity, known), known.reply_id)
    return None


def _belongs(letter: LetterHead, ticket: Ticket, known: Known) -> bool:
    if known.reply_id is not None:
        return True
    if letter.kind is Kind.BOUNCE:
        return False
    return letter.from_ is not None and letter.from_.address.lower() in ticket.participants


def _reason(letter: LetterHead, identity: str, known: Known) -> ThreadedBy:
    if letter.kind is Kind.BOUNCE:
        return ThreadedBy.BOUNCED_MESSAGE_ID
    if known.reply_id is not None:
        return ThreadedBy.OUR_MESSAGE_ID
    return ThreadedBy.IN_REPLY_TO if identity == letter.in_reply_to else ThreadedBy.REFERENCES
