"""Business time: the seconds of a calendar's open hours, across time zones, summer time and holidays."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from contracts.service_levels import Calendar, Span, Weekday

_WEEKDAYS = tuple(Weekday)
_DAY = timedelta(days=1)
LONGEST_WAIT = timedelta(days=3660)
"""A clock that has not come to its end for so long never does, whether its calendar opens or not."""

Open = tuple[datetime, datetime]
"""From when to when, in UTC."""


class Hours:
    """A calendar that answers quickly. Without a calendar all time is business time."""

    def __init__(self, calendar: Calendar | None = None) -> None:
        self._calendar = calendar
        if calendar is None:
            return
        self._zone = ZoneInfo(calendar.time_zone)
        self._special = {day.date: day.spans for day in calendar.days}
        self._holidays: holidays.HolidayBase | None = (
            holidays.country_holidays(calendar.holidays.country, subdiv=calendar.holidays.subdivision)
            if calendar.holidays
            else None
        )
        self._days: dict[date, tuple[Open, ...]] = {}

    def seconds_between(self, begin: datetime, end: datetime) -> float:
        """How much business time lies between two moments; 0 if the second comes first."""
        if self._calendar is None:
            return max(0.0, (end - begin).total_seconds())
        seconds = 0.0
        for opens, closes in self._open(begin):
            if opens >= end:
                break
            seconds += (min(closes, end) - opens).total_seconds()
        return seconds

    def after(self, begin: datetime, seconds: float) -> datetime | None:
        """When so much business time has passed since a moment; None if that is too far away ever to come.

        The end of an open span is reached within it, not at the beginning of the next.
        """
        if self._calendar is None:
            return begin + timedelta(seconds=seconds) if _comes(seconds) else None
        left = seconds
        for opens, closes in self._open(begin):
            here = (closes - opens).total_seconds()
            if left <= here:
                return opens + timedelta(seconds=left)
            left -= here
        return None

    def before(self, end: datetime, seconds: float) -> datetime | None:
        """When so much business time was left until a moment; None if that is too far away ever to have been."""
        if self._calendar is None:
            return end - timedelta(seconds=seconds) if _comes(seconds) else None
        left = seconds
        for opens, closes in self._open_until(end):
            here = (closes - opens).total_seconds()
            if left <= here:
                return closes - timedelta(seconds=left)
            left -= here
        return None

    def is_open(self, at: datetime) -> bool:
        """Whether a moment is business time."""
        if self._calendar is None:
            return True
        day = self.local(at).date()
        return any(opens <= at < closes for one in (day - _DAY, day) for opens, closes in self._of_day(one))

    def local(self, at: datetime) -> datetime:
        """A moment by the calendar's clocks; UTC without one."""
        return at.astimezone(UTC if self._calendar is None else self._zone)

    def _open(self, begin: datetime) -> Iterator[Open]:
        """The open spans from a moment on, in order; the first may be cut by it."""
        day = begin.astimezone(self._zone).date() - _DAY  # a span may end in the next day of UTC
        last = day + LONGEST_WAIT
        while day <= last:
            for opens, closes in self._of_day(day):
                if closes > begin:
                    yield max(opens, begin), closes
            day += _DAY

    def _open_until(self, end: datetime) -> Iterator[Open]:
        """The open spans before a moment, the last first; it may be cut by it."""
        day = end.astimezone(self._zone).date()
        first = day - LONGEST_WAIT
        while day >= first:
            for opens, closes in reversed(self._of_day(day)):
                if opens < end:
                    yield opens, min(closes, end)
            day -= _DAY

    def _of_day(self, day: date) -> tuple[Open, ...]:
        if day not in self._days:
            spans = self._spans(day)
            edges = ((self._moment(day, span.begin), self._moment(day, span.end)) for span in spans)
            # In the night when clocks are put forward a span may lie within the hour that is left out.
            self._days[day] = tuple((opens, closes) for opens, closes in edges if opens < closes)
        return self._days[day]

    def _spans(self, day: date) -> tuple[Span, ...]:
        assert self._calendar is not None  # noqa: S101 - asked for only where there is one
        if day in self._special:
            return self._special[day]
        if self._holidays is not None and day in self._holidays:
            return ()
        return self._calendar.week.get(_WEEKDAYS[day.weekday()], ())

    def _moment(self, day: date, clock: str) -> datetime:
        """When a clock on the wall shows a time: the first time if it does so twice, and if never, when it jumps."""
        if clock == "24:00":
            day, clock = day + _DAY, "00:00"
        local = datetime.combine(day, time.fromisoformat(clock), self._zone)
        before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
        # `before < after`: the time is left out (PEP 495).
        if before is None or after is None or before >= after:
            return local.astimezone(UTC)
        naive = local.replace(tzinfo=UTC)
        early, late = naive - after, naive - before
        while late - early > timedelta(seconds=1):
            middle = early + (late - early) / 2
            if middle.astimezone(self._zone).utcoffset() == after:
                late = middle
            else:
                early = middle
        return late.replace(microsecond=0)


def _comes(seconds: float) -> bool:
    return seconds <= LONGEST_WAIT.total_seconds()


WALL_CLOCK = Hours()


def hours_of(calendar: Calendar | None) -> Hours:
    """The hours of a calendar, made once for each content that it has had."""
    return WALL_CLOCK if calendar is None else _hours(calendar.model_dump_json())


@lru_cache(maxsize=256)
def _hours(calendar_json: str) -> Hours:
    return Hours(Calendar.model_validate_json(calendar_json))
