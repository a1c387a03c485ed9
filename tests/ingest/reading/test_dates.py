"""Dates as programs of all ages write them."""

from datetime import UTC, datetime

import pytest

from services.ingest.reading.dates import date
from services.ingest.reading.repairs import Repairs

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 2 Mar 2026 13:00:00 +0100",
        "2 Mar 2026 13:00 +0100",
        "Mon, 02 Mar 2026 12:00:00 GMT",
        "Mon, 2 Mar 2026 07:00:00 EST",
        "Mon, 2 Mar 26 12:00:00 -0000",
        "MON, 2 MAR 2026 12:00:00 UT",
        "  Mon,  2  Mar\t2026 13:00:00  +0100 (CET)",
    ],
)
def test_a_date_of_the_standard_needs_no_repair(value: str) -> None:
    repairs = Repairs()
    assert date(value, repairs) == NOON
    assert repairs.codes() == ()


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 2 Mar 2026 12:00:00",
        "Mon Mar  2 12:00:00 2026",
        "Mon Mar  2 13:00:00 CET 2026",
        "2026-03-02T12:00:00Z",
        "2026-03-02 13:00:00.123+01:00",
        "Monday, March 2, 2026 12:00 PM",
        "March 2nd, 2026 at 12:00:00 pm",
        "Mon, 2 Mar 2026 01:00:00 p.m. +0100",
        "Mon, 2-Mar-2026 12:00:00 GMT",
        "Mon, 2 March 2026 13:00:00 +0100",
        "Mo, 2 Mär 2026 13:00:00 +0100",
        "2 mars 2026 12:00",
        "02.03.2026 12:00:00",
        "Mon, 2 Mar 126 13:00:00 +0100",
        "Mon, 2 Mar 2026 13.00.00 +0100",
        "Mon, 2 Mar 2026 13:00:00 GMT+0100",
        "Mon, 2 Mar 2026 13:00:00 UTC+1",
        "Mon,2 Mar 2026 13:00:00+01:00",
        "Tue 02 Mar 2026 13:00:00 +0100 somewhere",
        "Mon, 2 Mar 2026 12:00:00 +9999",
        "Mon, 2 Mar 2026 13(hours) : 00 : 00 +0100",
    ],
)
def test_other_dates_are_read_and_noted(value: str) -> None:
    repairs = Repairs()
    assert date(value, repairs) == NOON
    assert repairs.codes() == ("date_repaired",)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Mon, 2 Mar 2026", datetime(2026, 3, 2, tzinfo=UTC)),
        ("13/03/2026 12:00", datetime(2026, 3, 13, 12, tzinfo=UTC)),
        ("03/02/2026 12:00", NOON),
        ("Mon, 2 Mar 2026 24:00:00 +0000", datetime(2026, 3, 3, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 23:59:60 +0000", datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)),
        ("Mon, 1 Jan 99 00:00:00 +0000", datetime(1999, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_can_be_known_of_a_date_is_taken(value: str, moment: datetime) -> None:
    assert date(value, Repairs()) == moment


@pytest.mark.parametrize(
    "value", ["x", "Mon, 31 Feb 2026 13:00:00 +0000", "99 99 9999", "0" * 5000, "31 Dec 9999 23:59:59 -1400"]
)
def test_what_is_no_date_is_none_and_noted(value: str) -> None:
    repairs = Repairs()
    assert date(value, repairs) is None
    assert repairs.codes() == ("date_invalid",)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_date_that_is_missing_is_noted(value: str | None) -> None:
    repairs = Repairs()
    assert date(value, repairs) is None
    assert repairs.codes() == ("date_missing",)
