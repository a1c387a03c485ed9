"""What a report looks at: a range of time, how it is divided, and what was known when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.reports import GetReport, ReportDescription

DEFAULT_DAYS = 30
MOST_PERIODS = 4000
"""Enough for ten years of days; more rows than that help nobody."""
YEARS = range(1970, 2200)
"""A time outside them is a slip of the pen; near the ends of the calendar no day can be reckoned."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`since` and `until` are a half-open range; days, weeks and months are those of `zone`."""

    since: datetime
    until: datetime
    by: str
    as_of: datetime
    zone: ZoneInfo
    ticketbox_ids: tuple[UUID, ...] | None = None
    """None: all, and what is in none yet."""


class BadScope(Exception):
    """A report cannot be made of this; `code` is stable, the message is a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def scope_of(query: GetReport, description: ReportDescription, now: datetime, zone: ZoneInfo) -> Scope:
    """What a query asks for, its gaps filled; what is not recorded yet cannot be asked for, so `as_of` is past.

    Raises:
        BadScope: it cannot be divided so, or the range ends before it begins.
    """
    by = query.by or description.by[0]
    if by not in description.by:
        ways = ", ".join(description.by)
        raise BadScope("unknown_division", f"“{description.title}” can be divided by {ways}, not by “{by}”.")
    as_of = min(_instant(query.as_of, zone) if query.as_of else now, now)
    end = query.until or as_of.astimezone(zone).date() + timedelta(days=1)
    until = _instant(end, zone)
    beginning = query.since or until.astimezone(zone).date() - timedelta(days=DEFAULT_DAYS)
    since = _instant(beginning, zone)
    if since >= until:
        raise BadScope(
            "empty_range",
            f"The range ends at {_said(end, zone)}, which is not after its beginning, {_said(beginning, zone)}.",
        )
    return Scope(since, until, by, as_of, zone, query.ticketbox_ids)


def _instant(moment: datetime | date, zone: ZoneInfo) -> datetime:
    day = moment.date() if isinstance(moment, datetime) else moment
    # A range that ends with the last of these years ends where the next begins.
    if not date(YEARS.start, 1, 1) <= day <= date(YEARS.stop, 1, 1):
        raise BadScope(
            "unknown_time",
            f"The year {day.year} is not between {YEARS[0]} and {YEARS[-1]}. Choose one that is.",
        )
    return moment if isinstance(moment, datetime) else start_of_day(moment, zone)


def _said(moment: datetime | date, zone: ZoneInfo) -> str:
    """A day as it was asked for, a moment in the time zone of the days."""
    return (moment.astimezone(zone) if isinstance(moment, datetime) else moment).isoformat()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, in UTC; where clocks go forward at midnight, that is not 00:00."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def days_of(since: datetime, until: datetime, zone: ZoneInfo) -> list[date]:
    """The days that a range touches."""
    if since >= until:
        return []
    first = since.astimezone(zone).date()
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the range: its label, and when it begins. It may begin before the range does."""

    label: str
    start: datetime


def periods(scope: Scope) -> list[Period]:
    """The hours, days, weeks or months that the range touches, in order.

    Raises:
        BadScope: there are too many.
    """
    steps = _hours(scope) if scope.by == "hour" else _dates(scope)
    found: list[Period] = []
    for period in steps:
        if len(found) == MOST_PERIODS:
            raise BadScope(
                "range_too_long",
                f"By {scope.by}, this range has more than {MOST_PERIODS:,} rows; ask for a shorter one.",
            )
        found.append(period)
    return found


def _hours(scope: Scope) -> Iterator[Period]:
    local = scope.since.astimezone(scope.zone)
    # Counted in UTC from here: where clocks go back, the same hour of the clock comes twice.
    start = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    while start < scope.until:
        yield Period(start.astimezone(scope.zone).isoformat(), start)
        start += timedelta(hours=1)


def _dates(scope: Scope) -> Iterator[Period]:
    day = scope.since.astimezone(scope.zone).date()
    match scope.by:
        case "week":
            day -= timedelta(days=day.weekday())
        case "month":
            day = day.replace(day=1)
        case _:
            pass
    while (start := start_of_day(day, scope.zone)) < scope.until:
        yield Period(f"{day:%Y-%m}" if scope.by == "month" else day.isoformat(), start)
        match scope.by:
            case "month":
                day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
            case "week":
                day += timedelta(days=7)
            case _:
                day += timedelta(days=1)
