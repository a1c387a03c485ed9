"""Batches grow under load, and nothing waits long without need."""

import pytest

from chassis.pace import next_batch_at


@pytest.mark.parametrize(
    ("ended", "pause", "expected"),
    [
        pytest.param(10.002, 0.02, 10.02, id="a short batch: the pause from one beginning to the next"),
        pytest.param(10.04, 0.02, 10.12, id="a batch under load: a rest twice as long as it took"),
        pytest.param(10.002, 0, 10.006, id="no pause is asked for: the rest alone"),
        pytest.param(40.0, 0.02, 40.5, id="the database was away for half a minute: no second half minute"),
    ],
)
def test_when_the_next_batch_is_taken(ended: float, pause: float, expected: float) -> None:
    # given a batch that began at 10 s and `ended`, then the next one is not taken before
    assert next_batch_at(10.0, ended, pause) == pytest.approx(expected)
