"""What all representations share: a page of a list, a name, who wrote."""

from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Representation(BaseModel):
    model_config = ConfigDict(frozen=True)


class Page(Representation, Generic[T]):
    """A piece of a list; `next` is the cursor of the piece after it, null at the end."""

    items: list[T]
    next: str | None


class Named(Representation):
    id: UUID
    name: str


class Contact(Representation):
    name: str
    address: str
