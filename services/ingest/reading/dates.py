"""Dates (RFC 5322 §3.3) as programs of all ages write them."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from services.ingest.reading.repairs import Problem, Repairs

LONGEST = 200
FARTHEST_ZONE = 14 * 60
"""Minutes."""

_MONTH_NAMES = (
    "jan ene gen janv", "feb fév fev févr fevr", "mar mär mrz mrt maa", "apr abr avr", "may mai mei mag maj",
    "jun giu juin juni", "jul lug juil juli", "aug ago aoû aou août", "sep set sept", "oct okt ott out", "nov",
    "dec dez dic déc",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "met": 60, "mez": 60, "cest": 120,
    "mest": 120, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "ist": 330, "hkt": 480, "sgt": 480, "jst": 540,
    "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "ast": -240, "adt": -180, "est": -300, "edt": -240,
    "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480,
    "hst": -600,
}  # fmt: skip
_RFC = re.compile(
    r"\s*(?:[A-Za-z]{3},\s*)?(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4}|\d\d)\s+(\d{1,2}):(\d\d)(?::(\d\d))?"
    r"\s+(?:([+-])(\d\d)(\d\d)|([A-Za-z]{1,4})(?!\s*[+-]\d))\b"
)
_TIME = re.compile(
    r"(?<!\d)(\d{1,2})(?::(\d\d)(?::(\d\d)(?:[.,]\d+)?)?|\.(\d\d)\.(\d\d))(?!\d)(?:\s*([ap])\.?m\b\.?)?",
    re.IGNORECASE,
)
_COMMENT_IN_TIME = re.compile(r"\([^()]*\)\s*:")
_AROUND_COLONS = re.compile(r"(?<=\d)\s*:\s*(?=\d)")
_OFFSET = re.compile(r"\s*(?:\(?(?:gmt|utc?|z)\)?\s*)?([+-])\s*(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE)
_ZONE = re.compile(r"\s*\(?([A-Za-z]{1,5})\b")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[\s.\-/]*([^\W\d_]{3,10})\.?[\s,.\-/]*(\d{2,4})(?![\d:])", re.IGNORECASE
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?!:)", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\d:+-])(\d{4})(?![\d:])")
_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")


def date(value: str | None, repairs: Repairs) -> datetime | None:
    """The moment in UTC, or None where no date can be read."""
    if value is None or not value.strip():
        repairs.note(Problem.DATE_MISSING)
        return None
    with suppress(ValueError, OverflowError):
        if moment := _exact(value):
            return moment
    with suppress(ValueError, OverflowError):
        if moment := _tolerant(value[:LONGEST]):
            repairs.note(Problem.DATE_REPAIRED)
            return moment
    repairs.note(Problem.DATE_INVALID)
    return None


def _exact(value: str) -> datetime | None:
    """As RFC 5322 wants it, the obsolete forms of year and zone included."""
    found = _RFC.match(value)
    if found is None:
        return None
    day, month_name, year, hour, minute, second, sign, zone_hours, zone_minutes, zone_name = found.groups()
    month = _MONTHS.get(month_name.lower())
    east = _ZONES.get(zone_name.lower()) if zone_name else int(zone_hours) * 60 + int(zone_minutes)
    if month is None or east is None or east > FARTHEST_ZONE:
        return None
    moment = datetime(
        _year(year), month, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC
    )
    return moment - timedelta(minutes=-east if sign == "-" else east)


def _tolerant(value: str) -> datetime | None:
    value = _AROUND_COLONS.sub(":", _COMMENT_IN_TIME.sub(":", value))
    value = value.replace("T", " ") if _ISO.match(value.strip()) else value
    time = _TIME.search(value)
    day = _day(value if time is None else f"{value[: time.start()]} ; {value[time.end() :]}")
    if day is None or time is None:
        return day
    hour, minute, second = int(time[1]), int(time[2] or time[4]), min(int(time[3] or time[5] or 0), 59)
    if time[6]:
        hour = hour % 12 + (12 if time[6].lower() == "p" else 0)
    if hour > 24 or minute > 59:
        return day
    return day + timedelta(hours=hour, minutes=minute - _zone(value[time.end() :]), seconds=second)


def _day(text: str) -> datetime | None:
    if iso := _ISO.search(text):
        return datetime(int(iso[1]), int(iso[2]), int(iso[3]), tzinfo=UTC)
    for found in _DAY_MONTH.finditer(text):
        if month := _month(found[2]):
            return datetime(_year(found[3]), month, int(found[1]), tzinfo=UTC)
    for found in _MONTH_DAY.finditer(text):
        if (month := _month(found[1])) and (year := _YEAR.search(text, found.end())):
            return datetime(int(year[1]), month, int(found[2]), tzinfo=UTC)
    if numbers := _NUMBERS.search(text):
        first, second, year_number = int(numbers[1]), int(numbers[3]), int(numbers[4])
        day_first = numbers[2] == "." or first > 12
        return datetime(
            year_number, second if day_first else first, first if day_first else second, tzinfo=UTC
        )
    return None


def _month(name: str) -> int | None:
    name = name.lower()
    return _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])


def _year(digits: str) -> int:
    """RFC 5322 §4.3: two digits from 50 on, and three, count from 1900."""
    year = int(digits)
    if year >= 1000:
        return year
    return year + (2000 if year < 50 else 1900)


def _zone(text: str) -> int:
    """Minutes east of UTC; 0 where none is named, as most senders without one mean it."""
    if offset := _OFFSET.match(text):
        digits = int(offset[2])
        hours, minutes = (digits, int(offset[3] or 0)) if len(offset[2]) <= 2 else divmod(digits, 100)
        total = hours * 60 + minutes
        return 0 if total > FARTHEST_ZONE else (-total if offset[1] == "-" else total)
    if zone := _ZONE.match(text):
        return _ZONES.get(zone[1].lower(), 0)
    return 0
