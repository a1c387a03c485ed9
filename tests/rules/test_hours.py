"""Business time, compared with counting minute by minute."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.service_levels import Calendar, Holidays, Span, SpecialDay, Weekday
from rules.hours import Hours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = (Span(begin="09:00", end="12:30"), Span(begin="13:15", end="17:30"))
WORKDAYS = tuple(Weekday)[:5]


def calendar(**about: object) -> Calendar:
    settled = {
        "id": uuid4(),
        "name": "Office",
        "time_zone": "Europe/Berlin",
        "week": dict.fromkeys(WORKDAYS, OFFICE),
        **about,
    }
    return Calendar.model_validate(settled)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def test_the_lunch_break_does_not_count() -> None:
    hours = Hours(calendar())
    assert hours.seconds_between(berlin("2026-03-02 12:00"), berlin("2026-03-02 13:30")) == 45 * 60
    assert hours.after(berlin("2026-03-02 12:00"), 45 * 60) == berlin("2026-03-02 13:30")


def test_what_comes_on_friday_evening_begins_to_count_on_monday() -> None:
    assert Hours(calendar()).after(berlin("2026-03-06 20:00"), 3600) == berlin("2026-03-09 10:00")


@pytest.mark.parametrize("hours", [Hours(), Hours(calendar())], ids=["wall clock", "calendar"])
@pytest.mark.parametrize("seconds", [10**9, 10**15])
def test_what_is_too_far_away_never_comes(hours: Hours, seconds: int) -> None:
    assert hours.after(berlin("2026-03-06 20:00"), seconds) is None
    assert hours.before(berlin("2026-03-06 20:00"), seconds) is None


def test_the_end_of_the_day_is_reached_on_that_day() -> None:
    assert Hours(calendar()).after(berlin("2026-03-02 16:30"), 3600) == berlin("2026-03-02 17:30")


def test_a_public_holiday_is_closed_and_a_day_of_ones_own_counts_before_it() -> None:
    bavaria = Holidays(country="DE", subdivision="BY")
    epiphany = date(2026, 1, 6)  # a Tuesday, and a holiday in Bavaria
    assert Hours(calendar(holidays=bavaria)).after(berlin("2026-01-05 17:00"), 3600) == berlin(
        "2026-01-07 09:30"
    )
    open_day = SpecialDay(date=epiphany, spans=(Span(begin="10:00", end="11:00"),))
    hours = Hours(calendar(holidays=bavaria, days=(open_day,)))
    assert hours.after(berlin("2026-01-05 17:00"), 3600) == berlin("2026-01-06 10:30")


@pytest.mark.parametrize(
    ("day", "seconds"), [("2026-03-29", 23 * 3600), ("2026-10-25", 25 * 3600), ("2026-03-28", 24 * 3600)]
)
def test_the_days_on_which_clocks_change_have_23_and_25_hours(day: str, seconds: int) -> None:
    always = Hours(calendar(week=dict.fromkeys(Weekday, (Span(begin="00:00", end="24:00"),))))
    begin = berlin(f"{day} 00:00")
    end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=BERLIN).astimezone(UTC)
    assert always.seconds_between(begin, end) == seconds
    assert always.after(begin, seconds) == end


def test_a_span_in_the_hour_that_is_left_out_is_no_time_at_all() -> None:
    night = Hours(calendar(week={Weekday.SUNDAY: (Span(begin="02:15", end="02:45"),)}))
    assert night.seconds_between(berlin("2026-03-29 00:00"), berlin("2026-03-29 12:00")) == 0


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    night = Hours(calendar(week={Weekday.SUNDAY: (Span(begin="02:15", end="02:45"),)}))
    assert night.seconds_between(berlin("2026-10-25 00:00"), berlin("2026-10-25 12:00")) == 30 * 60
    assert night.after(berlin("2026-10-25 00:00"), 60) == datetime(2026, 10, 25, 0, 16, tzinfo=UTC)


def test_a_calendar_that_never_opens_lets_no_clock_end() -> None:
    assert Hours(calendar(week={})).after(berlin("2026-03-02 12:00"), 60) is None


def test_without_a_calendar_all_time_counts() -> None:
    assert Hours().after(berlin("2026-03-01 12:00"), 60) == berlin("2026-03-01 12:01")
    assert Hours().seconds_between(berlin("2026-03-01 12:01"), berlin("2026-03-01 12:00")) == 0


def minutes() -> st.SearchStrategy[list[Span]]:
    edges = st.lists(st.integers(0, 24 * 12), unique=True, min_size=2, max_size=8).map(sorted)

    def spans(edges: list[int]) -> list[Span]:
        clocks = [f"{edge // 12:02}:{edge % 12 * 5:02}" for edge in edges]
        return [Span(begin=a, end=b) for a, b in zip(clocks[::2], clocks[1::2], strict=False) if a != "24:00"]

    return edges.map(spans)


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
WEEKS = st.dictionaries(st.sampled_from(list(Weekday)), minutes().map(tuple), max_size=7)
MOMENTS = st.datetimes(
    datetime(2026, 3, 20),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2026, 4, 12),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(second=0, microsecond=0))


@settings(max_examples=60, deadline=None)
@for_all(zone=ZONES, week=WEEKS, begin=MOMENTS, length=st.integers(0, 3 * 24 * 60))
def test_business_time_is_what_counting_minute_by_minute_gives(
    zone: str, week: dict[Weekday, tuple[Span, ...]], begin: datetime, length: int
) -> None:
    hours = Hours(calendar(time_zone=zone, week=week))
    end = begin + timedelta(minutes=length)
    assert hours.seconds_between(begin, end) == 60 * sum(
        is_open(zone, week, begin + timedelta(minutes=minute)) for minute in range(length)
    )


@settings(max_examples=60, deadline=None)
@for_all(zone=ZONES, week=WEEKS, begin=MOMENTS, seconds=st.integers(1, 200_000))
def test_after_and_between_are_each_others_way_back(
    zone: str, week: dict[Weekday, tuple[Span, ...]], begin: datetime, seconds: int
) -> None:
    hours = Hours(calendar(time_zone=zone, week=week))
    end = hours.after(begin, seconds)
    if end is None:
        assert not any(week.values())
    else:
        assert hours.seconds_between(begin, end) == seconds
        assert hours.seconds_between(begin, end - timedelta(seconds=1)) == seconds - 1


@settings(max_examples=60, deadline=None)
@for_all(zone=ZONES, week=WEEKS, end=MOMENTS, seconds=st.integers(1, 200_000))
def test_before_and_between_are_each_others_way_back(
    zone: str, week: dict[Weekday, tuple[Span, ...]], end: datetime, seconds: int
) -> None:
    hours = Hours(calendar(time_zone=zone, week=week))
    begin = hours.before(end, seconds)
    if begin is None:
        assert not any(week.values())
    else:
        assert hours.seconds_between(begin, end) == seconds
        assert hours.seconds_between(begin + timedelta(seconds=1), end) == seconds - 1


def is_open(zone: str, week: dict[Weekday, tuple[Span, ...]], moment: datetime) -> bool:
    """As a person reads a clock on the wall."""
    local = moment.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M}"
    return any(span.begin <= clock < span.end for span in week.get(tuple(Weekday)[local.weekday()], ()))
