"""The ground that every event, command and query stands on."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class Model(BaseModel):
    """Frozen data. Unknown fields are passed over, so that an older reader understands a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Text = Annotated[str, AfterValidator(_storable)]
"""PostgreSQL holds no NUL in text, so it is refused at the edge, where a person can be told."""

Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment in UTC."""
