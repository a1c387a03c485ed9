"""How long to wait before the next try."""

import random
from collections.abc import Iterator


def growing(first: float = 0.2, most: float = 10.0) -> Iterator[float]:
    """Seconds to wait, doubled each time up to `most`, with jitter so that many do not come back at once."""
    seconds = first
    while True:
        yield seconds * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it
        seconds = min(seconds * 2, most)


CALM_SECONDS = 60.0


class Patience:
    """How long something that failed waits before it begins again: ever longer, until it has worked for a minute."""

    def __init__(self, first: float = 0.2, most: float = 10.0) -> None:
        """In seconds, as of `growing`."""
        self._bounds = first, most
        self.forget()

    def worked(self, seconds: float) -> None:
        """Hear how long it worked this time."""
        if seconds > CALM_SECONDS:
            self.forget()

    def forget(self) -> None:
        """The next failure counts as the first."""
        self._waits = growing(*self._bounds)

    def wait(self) -> float:
        """Seconds to wait after one more failure."""
        return next(self._waits)
