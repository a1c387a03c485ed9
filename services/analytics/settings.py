"""Settings of analytics."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from chassis.settings import ServiceSettings


def _zone(name: object) -> object:
    if not isinstance(name, str):
        return name
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # it has one for each of "Mars", "../x" and "Europe"
        raise ValueError("must be a time zone such as Europe/Berlin (IANA time zone database)") from None


class AnalyticsSettings(ServiceSettings):
    """What analytics is told beyond the common ones."""

    time_zone: Annotated[ZoneInfo, NoDecode, BeforeValidator(_zone)] = Field(
        default=ZoneInfo("UTC"),
        description="Where days, weeks and months of the reports begin, as in `Europe/Berlin`.",
    )
