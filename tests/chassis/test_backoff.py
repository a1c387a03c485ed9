"""Who fails again and again waits ever longer; who has worked for a while begins anew."""

from chassis.backoff import CALM_SECONDS, Patience


def after_failures(patience: Patience, number: int) -> float:
    return [patience.wait() for _ in range(number)][-1]


def test_each_failure_is_followed_by_a_longer_wait_up_to_the_longest() -> None:
    patience = Patience(first=1, most=100)
    assert 0.5 <= after_failures(patience, 1) <= 1
    assert 1 <= after_failures(patience, 1) <= 2
    assert 50 <= after_failures(patience, 20) <= 100


def test_what_failed_at_once_again_is_not_forgotten() -> None:
    patience = Patience(first=1, most=100)
    after_failures(patience, 10)
    patience.worked(seconds=1)
    assert after_failures(patience, 1) >= 50


def test_failures_before_a_calm_time_are_forgotten() -> None:
    patience = Patience(first=1, most=100)
    after_failures(patience, 10)
    patience.worked(seconds=CALM_SECONDS + 1)
    assert after_failures(patience, 1) <= 1
