"""Time and memory: whatever comes, both are bounded by the size of the message."""

import sys

import pytest

from bench.hostile import HOSTILE
from bench.reading import cost

SIZE = 3_000_000
MOST_MEGABYTES = 5 * SIZE / 1e6 + 50


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured by /proc")
@pytest.mark.parametrize("name", HOSTILE)
def test_three_megabytes_of(name: str) -> None:
    """It ends, which what does not grow linearly would not do, and the memory is bounded."""
    assert cost(name, SIZE).megabytes <= MOST_MEGABYTES
