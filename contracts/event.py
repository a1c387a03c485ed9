"""What an event is, what is known about each one, and how a type is found by its name."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from contracts.ids import derived
from contracts.model import Model

Data = dict[str, Any]
"""An event's content as JSON has it."""


class Event(Model):
    """Something that happened, in words that a customer-care manager uses.

    An event is never edited. A change of shape raises `schema_version` and adds an entry to `upcasters`:
    from the version it reads to a function that gives the data in the next version's shape.
    """

    service: ClassVar[str]
    schema_version: ClassVar[int] = 1
    upcasters: ClassVar[Mapping[int, Callable[[Data], Data]]] = {}

    @classmethod
    def type_name(cls) -> str:
        """Its name in the past tense, as in `ce-type` and in the log's column `type`."""
        return cls.__name__

    @classmethod
    def read(cls, data: bytes | str, schema_version: int) -> Self:
        """Read JSON that was written in any version up to now.

        Raises:
            pydantic.ValidationError: the data has not the shape of its version.
            UnknownVersion: written by a newer release, or with a missing upcaster.
        """
        if schema_version == cls.schema_version:
            return cls.model_validate_json(data)
        content: Data = json.loads(data)
        while schema_version in cls.upcasters:
            content = cls.upcasters[schema_version](content)
            schema_version += 1
        if schema_version != cls.schema_version:
            raise UnknownVersion(cls.type_name(), schema_version)
        return cls.model_validate(content)


class UnknownVersion(Exception):
    """An event in a version that this release cannot read: upgrade this service first."""

    def __init__(self, event: str, schema_version: int) -> None:
        super().__init__(f"{event} in version {schema_version} is not known to this release; upgrade it")


class Meta(Model):
    """What is known about an event beside its content."""

    correlation_id: UUID
    """The letter or command that began all this."""
    causation_id: UUID
    """The event or command that this event answers."""
    actor: str = "postroom"
    """The id of the person who did it, `job:ID` of a bulk job, or `postroom`."""
    traceparent: str | None = None
    """W3C trace context of the span that appended it."""

    @property
    def person_id(self) -> UUID | None:
        """The person who did it; None: a service, an automation or a job."""
        try:
            return UUID(self.actor)
        except ValueError:
            return None


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """An event as its log holds it; the same whether it was read from the log or came by a stream."""

    event: E_co
    event_id: UUID
    stream_id: str
    version: int
    """Counts the events of its stream from 1, without gaps."""
    position: int
    """Orders the whole log of its service; has gaps."""
    after: int
    """The position before it in that log, so that a reader notices what it missed."""
    meta: Meta
    occurred_at: datetime
    recorded_at: datetime


def snake_case(name: str) -> str:
    """`SLABreached` → `sla_breached`, as in subjects."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def event_id(cause: UUID, index: int = 0) -> UUID:
    """The id of the `index`th event that answers `cause`: the same answer twice has the same ids."""
    return derived(cause, str(index))
