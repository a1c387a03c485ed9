"""The table of docs/service-levels.md and the tests of its rules are the same."""

import re
from pathlib import Path

from tests.tickets import test_service_level

_DOCUMENT = Path(__file__).parents[2] / "docs" / "service-levels.md"


def test_every_rule_of_the_table_is_a_test_and_every_test_is_a_rule() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", _DOCUMENT.read_text(), re.MULTILINE)
    rules = {"test_" + "_".join(re.findall(r"\w+", row.lower())) for row in rows if row != "rule"}
    tests = {name for name in vars(test_service_level) if name.startswith("test_")}
    assert rules == tests
