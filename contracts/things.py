"""What all things on the desk have in common."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.model import Model, Text

Name = Annotated[Text, Field(min_length=1, max_length=200)]


class Thing(Model):
    """Something on the desk. `id` stays; `name` is what people see, and what a file of the desk refers to."""

    id: UUID
    name: Name


def kind_of(thing: type[Thing]) -> str:
    """`ticketbox` for Ticketbox."""
    kind: str = thing.model_fields["kind"].default
    return kind
