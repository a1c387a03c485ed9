"""docs/intake.md explains what is repaired."""

import re
from pathlib import Path

from services.ingest.reading.repairs import Problem

INTAKE = Path(__file__).parents[3] / "docs" / "intake.md"


def test_every_problem_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z0-9_]+)` \|", INTAKE.read_text(), re.MULTILINE)
    assert [row for row in rows if row in set(Problem)] == sorted(Problem)
    for problem in Problem:
        assert f"| `{problem}` |" in INTAKE.read_text()
