"""What people enter in forms is read, or refused with what to do."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from contracts.router import Priority
from contracts.tickets import State
from services.gateway.pages import entered
from services.gateway.problems import Unprocessable

READ = [entered.moment, entered.day, entered.identity, entered.priority, entered.state]


def test_a_moment_without_its_zone_is_in_utc() -> None:
    eight = datetime(2027, 1, 1, 8, tzinfo=UTC)
    assert entered.moment("2027-01-01T08:00") == eight
    assert entered.moment("2027-01-01T09:00+01:00") == eight


def test_what_was_chosen_is_read() -> None:
    somebody = uuid4()
    assert entered.identity(str(somebody)) == somebody
    assert entered.day("2026-03-31") == date(2026, 3, 31)
    assert entered.priority("high") is Priority.HIGH
    assert entered.state("on_hold") is State.ON_HOLD
    assert entered.number(" #4711") == 4711
    assert entered.version("3") == 3


@pytest.mark.parametrize("read", READ)
def test_a_field_that_was_left_empty_says_nothing(read: Callable[[str], object]) -> None:
    assert read("") is None


def test_a_form_without_a_version_is_of_something_new() -> None:
    assert entered.version("") == 0


@pytest.mark.parametrize("read", [*READ, entered.number, entered.version])
def test_what_cannot_be_understood_is_refused_with_what_to_do(read: Callable[[str], object]) -> None:
    with pytest.raises(Unprocessable, match=r"^“x” is no .+\. .+\.$"):
        read("x")


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:00-10:00"])
def test_a_moment_that_utc_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(Unprocessable):
        entered.moment(text)


def test_a_version_that_no_stream_has_is_refused() -> None:
    with pytest.raises(Unprocessable):
        entered.version(str(2**31))
