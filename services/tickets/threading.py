"""Which conversation a message belongs to, and why."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from contracts.mail import Kind, LetterHead
from contracts.tickets import ThreadedBy
from services.tickets import reply_address
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
    by_way_of: tuple[UUID, ...] = ()
    """The tickets, each merged into the next and the last into this one, through which it came."""


Index = Mapping[str, Sequence[Known]]
"""What the index knows of each Message-ID that was asked for."""


def mentioned(letter: LetterHead) -> list[str]:
    """The Message-IDs by which a letter names its conversation, the closest first."""
    bounced = letter.bounce.original_message_id if letter.bounce else None
    closest_first = [bounced, letter.in_reply_to, *reversed(letter.references)]
    return list(dict.fromkeys(identity for identity in closest_first if identity))


_NUMBER = re.compile(r"\[#(\d{4,18})\]")


def number_in_subject(subject: str) -> int | None:
    """The ticket number that a subject names as `[#12345]`."""
    found = _NUMBER.search(subject)
    return int(found[1]) if found else None


def with_number(subject: str, number: int) -> str:
    """A subject that names a ticket, once and before any other number that is in it."""
    return subject if number_in_subject(subject) == number else f"[#{number}] {subject}"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tickets that letters name by number, and the secret that signs reply addresses."""

    secret: bytes
    signed: Mapping[int, UUID] = field(default_factory=dict)
    named: Mapping[int, UUID] = field(default_factory=dict)


def find_place(
    letter: LetterHead,
    index: Index,
    tokens: Tokens,
    tickets: Mapping[UUID, Ticket],
    others: frozenset[str] = frozenset(),
) -> Place | None:
    """The conversation that a letter belongs to; None if it opens one. `others` are its sender's other addresses.

    Anyone can write anything into References and subjects. A letter joins a conversation only if its sender takes part
    in it already, by whichever address; or if it names an answer of ours, or is sent to an address that we signed,
    which nobody can guess who has not got that answer. A bounce joins only if it returns an answer of ours.
    """
    place = (
        _by_message_id(letter, index, tickets, others)
        or _by_reply_address(letter, tokens, tickets)
        or _by_subject(letter, tokens, tickets, others)
    )
    # What came back stays with the answer, to be sent again there.
    if place is None or letter.kind is Kind.BOUNCE:
        return place
    *way, last = _way_on(place.ticket_id, tickets)
    return replace(place, ticket_id=last, by_way_of=tuple(way))


def places_from(
    letter: LetterHead, place: Place, tickets: Mapping[UUID, Ticket], others: frozenset[str] = frozenset()
) -> Iterator[Place]:
    """The place, and then those of the tickets that follow it and that the letter's sender takes part in.

    Where a letter comes too late for the first one, it goes on in one of these: not each opens another ticket.
    """
    seen: set[UUID] = set()
    to_come = [place]
    while to_come:
        here = to_come.pop(0)
        if here.ticket_id in seen:
            continue
        seen.add(here.ticket_id)
        yield here
        for one in tickets.values():
            if one.follows_id == here.ticket_id and _takes_part(letter, one.ticket_id, tickets, others):
                *way, last = _way_on(one.ticket_id, tickets)
                to_come.append(Place(last, place.threaded_by, by_way_of=tuple(way)))


def passed_over(
    letter: LetterHead, index: Index, tokens: Tokens, tickets: Mapping[UUID, Ticket]
) -> tuple[ThreadedBy, ...]:
    """What in a letter for which no place was found seems to name one all the same, but does not count."""
    if letter.kind is Kind.BOUNCE:
        return (ThreadedBy.BOUNCED_MESSAGE_ID,)
    named = [
        _reason(letter, identity, known)
        for identity in mentioned(letter)
        for known in index.get(identity, ())
        if known.ticket_id in tickets
    ]
    if reply_address.is_forged(letter, tokens.secret):
        named.append(ThreadedBy.REPLY_ADDRESS)
    if tokens.named.get(number_in_subject(letter.subject) or 0) in tickets:
        named.append(ThreadedBy.SUBJECT_TOKEN)
    return tuple(dict.fromkeys(named))


def _by_message_id(
    letter: LetterHead, index: Index, tickets: Mapping[UUID, Ticket], others: frozenset[str]
) -> Place | None:
    for identity in mentioned(letter):
        for known in index.get(identity, ()):
            if known.ticket_id in tickets and _belongs(letter, known, tickets, others):
                return Place(known.ticket_id, _reason(letter, identity, known), known.reply_id)
    return None


def _by_reply_address(letter: LetterHead, tokens: Tokens, tickets: Mapping[UUID, Ticket]) -> Place | None:
    if letter.kind is Kind.BOUNCE:
        return None
    for number in reply_address.tickets_of(letter, tokens.secret):
        ticket_id = tokens.signed.get(number)
        if ticket_id is not None and ticket_id in tickets:
            return Place(ticket_id, ThreadedBy.REPLY_ADDRESS)
    return None


def _by_subject(
    letter: LetterHead, tokens: Tokens, tickets: Mapping[UUID, Ticket], others: frozenset[str]
) -> Place | None:
    ticket_id = tokens.named.get(number_in_subject(letter.subject) or 0)
    if ticket_id is None or ticket_id not in tickets or letter.kind is Kind.BOUNCE:
        return None
    if not _takes_part(letter, ticket_id, tickets, others):
        return None
    return Place(ticket_id, ThreadedBy.SUBJECT_TOKEN)


def _way_on(ticket_id: UUID, tickets: Mapping[UUID, Ticket]) -> Iterator[UUID]:
    """A ticket, and those that it goes on in, through any number of merges; the last stands for itself."""
    yield ticket_id
    while (next_id := tickets[ticket_id].merged_into_id) is not None:
        ticket_id = next_id
        yield ticket_id


def _belongs(
    letter: LetterHead, known: Known, tickets: Mapping[UUID, Ticket], others: frozenset[str]
) -> bool:
    if known.reply_id is not None:
        return True
    if letter.kind is Kind.BOUNCE:
        return False
    return _takes_part(letter, known.ticket_id, tickets, others)


def _takes_part(
    letter: LetterHead, ticket_id: UUID, tickets: Mapping[UUID, Ticket], others: frozenset[str]
) -> bool:
    """Whether its sender takes part in a ticket, or in the one that it goes on in."""
    *_, last = _way_on(ticket_id, tickets)
    return letter.from_ is not None and not tickets[last].participants.isdisjoint(
        {letter.from_.address.lower(), *others}
    )


def _reason(letter: LetterHead, identity: str, known: Known) -> ThreadedBy:
    if letter.kind is Kind.BOUNCE:
        return ThreadedBy.BOUNCED_MESSAGE_ID
    if known.reply_id is not None:
        return ThreadedBy.OUR_MESSAGE_ID
    return ThreadedBy.IN_REPLY_TO if identity == letter.in_reply_to else ThreadedBy.REFERENCES
