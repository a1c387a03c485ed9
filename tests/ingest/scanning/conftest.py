"""A virus scanner for all, and letters with something in them."""

import os
from collections.abc import Iterator

import pytest

from tests.ingest.scanning import clamd
from tests.ingest.scanning.clamd import Clamd

needs_clamd = pytest.mark.skipif(
    clamd.PROGRAM is None and not os.environ.get("POSTROOM_REQUIRE_CLAMD"),
    reason="there is no clamd on this machine (Debian: clamav-daemon)",
)


@pytest.fixture(scope="session")
def virus_scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    """One for all that only ask it."""
    running = Clamd(tmp_path_factory.mktemp("clamd"))
    yield running
    running.stop()
