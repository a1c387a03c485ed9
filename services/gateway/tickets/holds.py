"""When a hold ends that someone chose in words."""

from datetime import UTC, datetime, time, timedelta
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

Preset = Literal["tomorrow", "monday", "week"]
MORNING = time(8)


def end_of(preset: Preset, now: datetime, zone: ZoneInfo) -> datetime:
    """The morning of that day, where the ticketbox works; in UTC."""
    today = now.astimezone(zone).date()
    match preset:
        case "tomorrow":
            days = 1
        case "monday":
            days = 7 - today.weekday()
        case "week":
            days = 7
        case _:
            assert_never(preset)
    return datetime.combine(today + timedelta(days=days), MORNING, zone).astimezone(UTC)
