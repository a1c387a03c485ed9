"""The rules of docs/service-levels.md: each row of its table is run."""

import re
from pathlib import Path

import pytest

from tests.tickets.timeline import Timeline

_DOCUMENT = Path(__file__).parents[2] / "docs" / "service-levels.md"
_ROWS = re.findall(r"^\| ([^|]+) \| (0 [^|]+) \| ([^|]+) \|$", _DOCUMENT.read_text(), re.MULTILINE)


def test_every_row_of_the_rules_is_run() -> None:
    _, _, rules = _DOCUMENT.read_text().partition("## The rules")
    table, _, _ = rules.partition("\n## ")
    assert len(_ROWS) == len(re.findall(r"^\|", table, re.MULTILINE)) - 2


@pytest.mark.parametrize(
    ("rule", "example", "due"), _ROWS, ids=[f"{rule} ({example})" for rule, example, _ in _ROWS]
)
def test_a_rule_is_as_its_example_says(rule: str, example: str, due: str) -> None:
    timeline = Timeline.told(example)
    assert timeline.due() == due, rule
    for ticket_id in timeline.ids.values():
        times = [at for at, _ in timeline.desktop.happened(ticket_id)]
        assert times == sorted(times), "nothing happens before what was before"
