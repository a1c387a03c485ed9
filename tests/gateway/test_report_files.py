"""A report as CSV and as a chart."""

from datetime import UTC, datetime

import pytest

from contracts.reports import Cell, Chart, Column, Report, ReportDescription
from services.gateway.report_files import as_csv, drawing, duration

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
        ),
        rows=rows,
        totals=("Total", None),
        chart=Chart.model_validate({"shape": shape, "label": "agent", "value": "median"}),
    )


def test_csv_names_the_unit_and_leaves_unknown_figures_empty() -> None:
    assert as_csv(report(("Anna", 90.5), ("Béla, jr.", None))) == (
        'agent,median_seconds\r\nAnna,90.5\r\n"Béla, jr.",\r\n'
    )


def test_a_name_cannot_become_a_formula() -> None:
    assert "'=HYPERLINK" in as_csv(report(("=HYPERLINK(1)", 1)))


@pytest.mark.parametrize("shape", ["bars", "horizontal_bars"])
def test_bars_are_as_long_as_their_figures(shape: str) -> None:
    drawn = drawing(report(("Anna", 100), ("Bela", 50), shape=shape))
    assert drawn is not None
    lengths = [bar.width if drawn.horizontal else bar.height for bar in drawn.bars]
    assert lengths[0] == pytest.approx(2 * lengths[1])


def test_nothing_to_count_is_not_drawn() -> None:
    assert drawing(report(("Anna", None))) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (0.2, "< 1 s"), (95, "1 min 35 s"), (3600, "1 h"), (93_780, "1 d 2 h")]
)
def test_durations_are_said_in_their_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words
