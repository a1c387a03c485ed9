"""How long to wait before the next try."""

import random
from collections.abc import Iterator


def growing(first: float = 0.2, most: float = 10.0) -> Iterator[float]:
    """Seconds to wait, doubled each time up to `most`, with jitter so that many do not come back at once."""
    seconds = first
    while True:
        yield seconds * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it
        seconds = min(seconds * 2, most)
