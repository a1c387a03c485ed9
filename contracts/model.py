"""The ground that every event, command and query stands on."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Frozen data. Unknown fields are passed over, so that an older reader understands a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be in a year from 1 to 9999 in UTC") from None


Text = Annotated[str, AfterValidator(_storable)]
"""PostgreSQL holds no NUL in text, so it is refused at the edge, where a person can be told."""

LONGEST_WRITING = 1_000_000
"""Characters; an event that holds so many, and what they quote, is one that NATS takes."""
Writing = Annotated[str, Field(min_length=1, max_length=LONGEST_WRITING), AfterValidator(_storable)]
"""What a person writes in one go."""

Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment in UTC."""

ERASED = "[erased]"
"""Stands where a person's words stood."""

NOBODY = "erased.invalid"
"""The domain of the addresses that stand where an erased person's stood: it never exists (RFC 2606)."""


def is_erased(address: str) -> bool:
    """Whether nobody is behind an address any more."""
    return address.endswith(f"@{NOBODY}")


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a field of an event that goes when the person is erased whose letter, ticket or answer it belongs to.

    `instead` stands there then, as JSON has it: see `contracts.erasing`.
    """

    instead: str | tuple[()] | None = ERASED


Words = Annotated[Text, Personal()]
"""Text of which a person may demand that it is erased."""
