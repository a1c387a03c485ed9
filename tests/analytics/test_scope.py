"""What a report looks at: ranges, their parts, and what cannot be asked."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.reports import GetReport, ReportDescription
from services.analytics.scope import MOST_PERIODS, BadScope, Scope, days_of, periods, scope_of, start_of_day
from services.analytics.settings import AnalyticsSettings

NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
DESCRIPTION = ReportDescription(
    name="mail", title="Mail", description="All of it.", by=("day", "hour", "week", "month")
)


def scope(zone: ZoneInfo = BERLIN, **about: object) -> Scope:
    return scope_of(GetReport.model_validate({"name": "mail", **about}), DESCRIPTION, NOW, zone)


def refused(**about: object) -> BadScope:
    with pytest.raises(BadScope) as bad:
        periods(scope(**about))
    return bad.value


def test_without_a_range_a_report_is_of_the_last_30_days_up_to_and_with_today() -> None:
    asked = scope()  # in Berlin, it is half past midnight on 3 March
    assert asked.until == datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert asked.since == datetime(2026, 2, 1, 23, tzinfo=UTC)
    assert asked.by == "day"
    assert len(periods(asked)) == 30


def test_without_a_range_a_report_as_of_a_day_is_of_the_30_days_up_to_it() -> None:
    asked = scope(as_of="2026-01-31T12:00:00Z")
    assert asked.until == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_a_date_is_the_beginning_of_that_day_also_when_clocks_change() -> None:
    asked = scope(since="2025-03-30", until="2025-03-31")
    assert asked.until - asked.since == timedelta(hours=23)


def test_a_day_that_has_no_midnight_begins_at_its_first_moment() -> None:
    havana = ZoneInfo("America/Havana")  # on 9 March 2025, 00:00 was 01:00
    assert start_of_day(date(2025, 3, 9), havana) == datetime(2025, 3, 9, 5, tzinfo=UTC)


def test_what_is_not_recorded_yet_cannot_be_known() -> None:
    assert scope(as_of=NOW + timedelta(days=1)).as_of == NOW


@pytest.mark.parametrize(
    ("about", "code", "words"),
    [
        ({"by": "planet"}, "unknown_division", "day, hour, week, month, not by “planet”"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "empty_range", "not after its beginning"),
        ({"since": "2026-02-01", "until": "2026-02-01"}, "empty_range", "not after its beginning"),
        (
            {"since": "2026-04-01"},
            "empty_range",
            "ends at 2026-03-04, which is not after its beginning, 2026-04-01",
        ),
        (
            {"since": "2026-02-02", "until": "2026-02-01T12:00:00Z"},
            "empty_range",
            "ends at 2026-02-01T13:00:00+01:00, which is not after its beginning, 2026-02-02",
        ),
        ({"since": "0001-01-01"}, "unknown_time", "The year 1 is not between 1970 and 2199. Choose"),
        ({"until": "9999-12-31"}, "unknown_time", "The year 9999"),
        ({"as_of": "9999-12-31T23:59:59Z"}, "unknown_time", "The year 9999"),
        ({"since": "2025-01-01", "by": "hour"}, "range_too_long", "more than 4,000 rows"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_is_the_matter(
    about: dict[str, object], code: str, words: str
) -> None:
    bad = refused(**about)
    assert bad.code == code
    assert words in str(bad)


def test_the_last_year_can_be_asked_for_to_its_end() -> None:
    assert scope(until="2200-01-01").until == datetime(2199, 12, 31, 23, tzinfo=UTC)
    assert refused(until="2200-01-02").code == "unknown_time"


@for_all(
    since=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    hours=st.integers(1, MOST_PERIODS - 2),
    by=st.sampled_from(DESCRIPTION.by),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_each_moment_of_a_range_is_in_exactly_one_part(
    since: datetime, hours: int, by: str, zone: str
) -> None:
    whole = Scope(since, since + timedelta(hours=hours), by, NOW, ZoneInfo(zone))
    starts = [period.start for period in periods(whole)]
    assert starts[0] <= whole.since
    assert all(earlier < later for earlier, later in pairwise(starts))
    assert starts[-1] < whole.until
    assert len(starts) == 1 or starts[1] > whole.since


def test_the_days_of_a_range_are_those_that_it_touches() -> None:
    since = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert days_of(since, since + timedelta(hours=12), ZoneInfo("UTC")) == [date(2026, 3, 2)]
    assert days_of(since, since + timedelta(hours=12), BERLIN) == [date(2026, 3, 2), date(2026, 3, 3)]
    assert days_of(since, since, BERLIN) == []


def settings(zone: str) -> AnalyticsSettings:
    return AnalyticsSettings.model_validate(
        {"database_url": "postgresql://db", "nats_url": "nats://nats", "time_zone": zone}
    )


def test_the_time_zone_is_utc_unless_another_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_DATABASE_URL", "postgresql://db")
    monkeypatch.setenv("POSTROOM_NATS_URL", "nats://nats")
    monkeypatch.delenv("POSTROOM_TIME_ZONE", raising=False)
    assert AnalyticsSettings().time_zone.key == "UTC"
    monkeypatch.setenv("POSTROOM_TIME_ZONE", "Europe/Berlin")
    assert AnalyticsSettings().time_zone.key == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["", "Mars", "Europe", "../etc/passwd", "x" * 300])
def test_a_time_zone_that_is_none_is_told_at_the_start(zone: str) -> None:
    with pytest.raises(ValidationError, match="must be a time zone such as Europe/Berlin"):
        settings(zone)
