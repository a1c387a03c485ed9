"""The files of the schemas run in an order that nobody has to guess."""

from collections import Counter

from postroom.migrate import SCHEMAS

SHARED = {
    "analytics/0002",
    "gateway/0003",
    "gateway/0006",
    "ingest/0003",
    "ingest/0005",
    "router/0005",
    "tickets/0004",
}
"""Numbers that several files have since they were written side by side; databases know those files by their names."""


def test_each_file_of_a_schema_has_a_number_of_its_own() -> None:
    numbers = Counter(
        f"{schema.service}/{path.stem.partition('_')[0]}"
        for schema in SCHEMAS
        for path in schema.folder.glob("*.sql")
    )
    assert {number for number, files in numbers.items() if files > 1} == SHARED
