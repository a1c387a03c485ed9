"""What one person asks for once, by page or by API; each kind of wish says what there is to ask for."""

from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from services.gateway.access.accounts import Person
from services.gateway.gateway import Gateway


class Signature(TypedDict):
    """What every command says of who gives it."""

    command_id: UUID
    actor_id: UUID


@dataclass(frozen=True, slots=True)
class Asking:
    """One wish of one person. `command_id` makes a repeat harmless."""

    gateway: Gateway
    person: Person
    command_id: UUID

    @property
    def signature(self) -> Signature:
        """Goes on each command that the wish becomes."""
        return {"command_id": self.command_id, "actor_id": self.person.person_id}
