"""What people said of a contact, as sentences. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.contacts import (
    AnyContactEvent,
    Card,
    ContactAdded,
    ContactChanged,
    ContactMergeUndone,
    ContactsMerged,
)
from contracts.event import Event, Recorded
from contracts.stream_ids import contact_stream
from services.gateway.desk.differences import Difference, differences


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was said. `other` is the contact that a merge is about."""

    at: datetime
    actor: str
    sentence: str
    differences: tuple[Difference, ...] = ()
    other: UUID | None = None


def told(events: Sequence[Recorded[Event]], names: Mapping[UUID, str]) -> list[Change]:
    """The history of a contact's card, the newest first."""
    changes: list[Change] = []
    before: Card | None = None
    for item in events:
        if isinstance(item.event, AnyContactEvent):
            changes.append(_change(item, item.event, before, names))
        if isinstance(item.event, ContactAdded | ContactChanged):
            before = item.event.contact
    return changes[::-1]


def _change(
    item: Recorded[Event], event: AnyContactEvent, before: Card | None, names: Mapping[UUID, str]
) -> Change:
    person_id = item.meta.person_id
    actor = names.get(person_id, "Postroom") if person_id else "Postroom"
    match event:
        case ContactAdded():
            return Change(item.occurred_at, actor, "began the card")
        case ContactChanged(contact=card):
            found = tuple(differences(_content(before), _content(card))) if before else ()
            return Change(item.occurred_at, actor, "changed the card", found)
        case ContactsMerged() | ContactMergeUndone():
            here = item.stream_id == contact_stream(event.into_id)
            other = event.contact_id if here else event.into_id
            merged = "merged a contact into this one" if here else "merged this contact into another one"
            sentence = merged if isinstance(event, ContactsMerged) else "undid a merge"
            return Change(item.occurred_at, actor, sentence, other=other)
        case _:
            assert_never(event)


def _content(card: Card) -> dict[str, object]:
    return card.model_dump(mode="json", exclude={"id"})
