"""Numbers that somebody gives us are ones that the database holds."""

import pytest

from services.gateway.numbers import number_in, whole

LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "number"), [("4711", 4711), (" #4711 ", 4711), ("007", 7), (str(LARGEST), LARGEST)]
)
def test_a_ticket_is_named_by_its_digits(text: str, number: int) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize("text", ["", "#", "-1", "4711a", "²", str(LARGEST + 1), "9" * 5000])
def test_what_can_be_no_number_of_a_ticket_is_none(text: str) -> None:
    assert number_in(text) is None


def test_only_the_number_of_a_ticket_is_written_with_a_sign() -> None:
    assert whole("4711") == 4711
    assert whole("#4711") is None
