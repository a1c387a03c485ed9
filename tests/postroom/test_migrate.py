"""The files of the schemas run in an order that nobody has to guess, and what cannot be mended is told."""

from collections import Counter

import pytest

from contracts.streams import LARGEST_MESSAGE
from postroom.embedded.nats import Nats
from postroom.migrate import SCHEMAS, migrate_streams

SHARED = {
    "analytics/0002": 2,
    "gateway/0003": 2,
    "gateway/0006": 3,
    "gateway/0007": 5,
    "ingest/0003": 2,
    "ingest/0005": 2,
    "router/0005": 3,
    "tickets/0004": 5,
    "tickets/0006": 2,
}
"""Numbers that several files have, since they were written side by side; databases know those files by their names."""


def test_each_file_of_a_schema_has_a_number_of_its_own() -> None:
    """A new file gets the next free number: one that another has, too, is renamed before it is released."""
    numbers = Counter(
        f"{schema.service}/{path.stem.partition('_')[0]}"
        for schema in SCHEMAS
        for path in schema.folder.glob("*.sql")
    )
    assert {number: files for number, files in numbers.items() if files > 1} == SHARED


@pytest.mark.anyio
async def test_it_says_so_if_nats_takes_no_message_as_large_as_an_event(
    nats_server: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "NATS" not in {change.name for change in await migrate_streams(nats_server.url(), 1)}

    monkeypatch.setattr("postroom.migrate.LARGEST_MESSAGE", 2 * LARGEST_MESSAGE)

    (change,) = await migrate_streams(nats_server.url(), 1)
    assert (change.name, change.what) == ("NATS", "cannot mend")
    assert f"max_payload: {LARGEST_MESSAGE}, wanted {2 * LARGEST_MESSAGE}" in change.drift[0]
