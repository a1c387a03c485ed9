"""A report as CSV, as a chart and on its page."""

import re
from datetime import UTC, date, datetime

import pytest

from contracts.reports import Cell, Chart, Column, Report, ReportDescription
from services.gateway.pages.rendering import _ENVIRONMENT
from services.gateway.pages.reports import range_of
from services.gateway.problems import Unprocessable
from services.gateway.report_files import as_csv, csv_name, days_of, drawing, duration, is_empty

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def report(*rows: tuple[Cell, ...], shape: str = "horizontal_bars") -> Report:
    return Report(
        description=ReportDescription(name="r", title="R", description="", by=("agent",)),
        since=NOON,
        until=NOON,
        by="agent",
        as_of=NOON,
        time_zone="UTC",
        columns=(
            Column(name="agent", title="Agent", unit="text"),
            Column(name="median", title="Median", unit="seconds"),
            Column(name="unanswered", title="Unanswered", unit="count"),
        ),
        rows=rows,
        totals=("Total", None, 0),
        chart=Chart.model_validate({"shape": shape, "label": "agent", "value": "median"}),
    )


def test_csv_names_the_unit_and_leaves_unknown_figures_empty() -> None:
    assert as_csv(report(("Anna", 90.5, 0), ("Béla, jr.", None, 1))) == (
        'agent,median_seconds,unanswered\r\nAnna,90.5,0\r\n"Béla, jr.",,1\r\n'
    )


def test_a_name_cannot_become_a_formula() -> None:
    assert "'=HYPERLINK" in as_csv(report(("=HYPERLINK(1)", 1, 0)))


def of(since: datetime, until: datetime, time_zone: str) -> Report:
    return report().model_copy(update={"since": since, "until": until, "time_zone": time_zone})


def test_a_file_is_called_by_its_first_and_its_last_day_in_the_time_zone_of_the_report() -> None:
    march = of(datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC), "Europe/Berlin")
    assert csv_name(march) == "r_2026-03-01_2026-03-31.csv"


def test_a_report_up_to_a_day_that_has_no_midnight_ends_on_the_day_before() -> None:
    # In Havana, 9 March 2025 began at 01:00.
    friday_and_saturday = of(
        datetime(2025, 3, 7, 5, tzinfo=UTC), datetime(2025, 3, 9, 5, tzinfo=UTC), "America/Havana"
    )
    assert days_of(friday_and_saturday) == (date(2025, 3, 7), date(2025, 3, 8))


@pytest.mark.parametrize("shape", ["bars", "horizontal_bars"])
def test_bars_are_as_long_as_their_figures(shape: str) -> None:
    drawn = drawing(report(("Anna", 100, 0), ("Bela", 50, 0), shape=shape))
    assert drawn is not None
    lengths = [bar.width if drawn.horizontal else bar.height for bar in drawn.bars]
    assert lengths[0] == pytest.approx(2 * lengths[1])


@pytest.mark.parametrize(
    ("shape", "labels", "title"),
    [
        ("horizontal_bars", range(60), "Median by agent, the first 60 of 1,200"),
        ("bars", range(1140, 1200), "Median by agent, the last 60 of 1,200"),
    ],
)
def test_a_long_report_is_drawn_from_its_top_and_a_long_time_to_its_end(
    shape: str, labels: range, title: str
) -> None:
    drawn = drawing(report(*((str(number), 100, 0) for number in range(1200)), shape=shape))
    assert drawn is not None
    assert [bar.label for bar in drawn.bars] == [str(number) for number in labels]
    assert drawn.title == title


def test_a_report_that_is_drawn_whole_does_not_say_so() -> None:
    drawn = drawing(report(*((str(number), 100, 0) for number in range(60))))
    assert drawn is not None
    assert drawn.title == "Median by agent"


def test_where_nothing_came_of_late_the_bars_of_time_are_flat() -> None:
    drawn = drawing(
        report(("Long ago", 100, 0), *((str(number), 0, 0) for number in range(60)), shape="bars")
    )
    assert drawn is not None
    assert {bar.height for bar in drawn.bars} == {0}


def test_nothing_is_not_drawn() -> None:
    assert drawing(report(("Anna", None, 0))) is None


@pytest.mark.parametrize("rows", [(), (("Anna", None, 0),)])
def test_a_report_that_counts_nothing_says_so(rows: tuple[tuple[Cell, ...], ...]) -> None:
    assert "There is nothing to count in this range." in page_of(report(*rows))


def test_a_report_with_a_count_does_not_say_that_it_has_none_also_if_none_of_it_is_drawn() -> None:
    unanswered = page_of(report(("Anna", None, 3)))
    assert "<svg" not in unanswered.partition("<main")[2]
    assert "There is nothing to count" not in unanswered


def test_a_week_without_mail_has_nothing_to_count_though_it_has_days() -> None:
    days = Column(name="days", title="Days", unit="count")
    week = report(("Monday", None, 5))
    assert is_empty(week.model_copy(update={"columns": (*week.columns[:2], days)}))


def test_whoever_types_a_last_day_means_that_day_too() -> None:
    assert range_of("2026-03-01", "2026-03-31") == (date(2026, 3, 1), date(2026, 4, 1))
    assert range_of("2026-03-01", None) == (date(2026, 3, 1), None)


def test_the_last_day_of_the_calendar_is_left_for_analytics_to_refuse() -> None:
    assert range_of(None, "9999-12-31") == (None, date(9999, 12, 31))


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-03-10", "2026-03-05", "From, 2026-03-10, is after To, 2026-03-05. Choose an earlier day"),
        ("yesterday", None, "“yesterday” is no day. Write it as 2026-03-31."),
    ],
)
def test_what_is_no_range_is_refused_in_the_words_that_were_typed(
    first: str, last: str | None, words: str
) -> None:
    with pytest.raises(Unprocessable, match=re.escape(words)):
        range_of(first, last)


def page_of(report: Report) -> str:
    day = report.since.date()
    return _ENVIRONMENT.get_template("report.html").render(
        report=report,
        drawing=drawing(report),
        empty=is_empty(report),
        first=day,
        last=day,
        following=day,
        me=None,
        csrf_token=None,
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (0.2, "< 1 s"), (95, "1 min 35 s"), (3600, "1 h"), (93_780, "1 d 2 h")]
)
def test_durations_are_said_in_their_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words
