"""When to take the next batch: small batches are quick, large ones are cheap."""

REST = 2
"""A reader rests so many times as long as its last batch took."""
LONGEST_REST = 0.5
"""Seconds: a batch may have waited for the database, which is no reason to wait once more."""


def next_batch_at(began: float, ended: float, pause: float = 0) -> float:
    """The moment, on the clock of `began` and `ended`, before which the next batch is not taken. All in seconds.

    `pause` is the least from one beginning to the next. While there is little to do a batch is short, and so is the
    rest after it; under load both grow, until what each batch costs beside its messages counts for little.
    """
    return max(began + pause, ended + min(REST * (ended - began), LONGEST_REST))
