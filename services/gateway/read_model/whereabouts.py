"""In which ticket each letter is now, and at which of a ticket's events it is shown: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from contracts.correspondence import AutomaticReplyReceived, CustomerReplied, ReplyBounced
from contracts.event import Event, Recorded
from contracts.mail import LetterHead
from contracts.tickets import AbsorptionUndone, LettersMoved, LettersTaken, TicketAbsorbed, TicketOpened


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Of one letter: the version of the event that it came with last, and the ticket that it came from or went to."""

    version: int
    from_number: int | None = None
    gone_to: int | None = None
    """None: it is here."""


def whereabouts(history: Iterable[Recorded[Event]]) -> Mapping[UUID, Whereabouts]:
    """Of every letter that is or was in a ticket."""
    found: dict[UUID, Whereabouts] = {}
    absorbed: dict[UUID, Whereabouts] = {}
    for item in history:
        match item.event:
            case TicketOpened() | CustomerReplied() | AutomaticReplyReceived() | ReplyBounced() as event:
                found[event.letter.message_id] = Whereabouts(item.version)
            case LettersTaken(letters=letters, from_number=number):
                found |= {one.message_id: Whereabouts(item.version, number) for one in letters}
            case TicketAbsorbed(letters=letters, from_number=number) as event:
                new = [one.message_id for one in letters if not _is_here(found.get(one.message_id))]
                absorbed[event.from_id] = Whereabouts(item.version, number)
                found |= dict.fromkeys(new, absorbed[event.from_id])
            case LettersMoved(message_ids=message_ids, to_number=number):
                for one in message_ids:
                    found[one] = replace(found.get(one, Whereabouts(item.version)), gone_to=number)
            case AbsorptionUndone(from_id=from_id) if from_id in absorbed:
                brought = absorbed.pop(from_id)
                back = replace(brought, gone_to=brought.from_number)
                found |= {one: back for one, where in found.items() if where == brought}
            case _:
                pass
    return found


def letters_here(history: Sequence[Recorded[Event]]) -> list[LetterHead]:
    """The letters that are in a ticket, in the order in which they first came."""
    heads: dict[UUID, LetterHead] = {}
    for item in history:
        match item.event:
            case TicketOpened() | CustomerReplied() | AutomaticReplyReceived() | ReplyBounced() as event:
                heads[event.letter.message_id] = event.letter
            case LettersTaken(letters=letters) | TicketAbsorbed(letters=letters):
                heads |= {one.message_id: one for one in letters}
            case _:
                pass
    places = whereabouts(history)
    return [letter for message_id, letter in heads.items() if _is_here(places.get(message_id))]


def moved(history: Iterable[Recorded[Event]]) -> dict[UUID, UUID]:
    """The letters that people put into other tickets, each with the one that it is in after the last of these events.

    A merge moves none: they stay the first ticket's, which goes on in the other one.
    """
    places: dict[UUID, UUID] = {}
    for item in history:
        match item.event:
            case TicketOpened(split_from_id=UUID(), ticket_id=ticket_id, letter=letter):
                places[letter.message_id] = ticket_id
            case LettersTaken(ticket_id=ticket_id, letters=letters):
                places |= {one.message_id: ticket_id for one in letters}
            case _:
                pass
    return places


def _is_here(where: Whereabouts | None) -> bool:
    return where is not None and where.gone_to is None
