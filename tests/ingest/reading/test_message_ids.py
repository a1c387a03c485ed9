"""Message-IDs, with or without their angle brackets."""

import pytest

from services.ingest.reading.message_ids import LONGEST, MOST_REFERENCES, message_id, message_ids
from services.ingest.reading.repairs import Repairs


@pytest.mark.parametrize(
    "value", ["<a@b>", " <a@b> junk", "junk <a@b>", "< a@b >", "<<a@b>>", '"<a@b>"', "<a (c) @ b>"]
)
def test_an_id_is_what_stands_in_brackets(value: str) -> None:
    assert message_id(value, Repairs()) == "<a@b>"


@pytest.mark.parametrize(
    ("value", "expected"), [("a@b", "<a@b>"), ("<a@b", "<a@b>"), ("a@b>", "<a@b>"), ("word", "<word>")]
)
def test_an_id_without_brackets_gets_them(value: str, expected: str) -> None:
    repairs = Repairs()
    assert message_id(value, repairs) == expected
    assert repairs.codes() == ("message_id_invalid",)


@pytest.mark.parametrize("value", [None, "", "<>", "< >"])
def test_an_empty_id_is_none(value: str | None) -> None:
    assert message_id(value, Repairs()) is None


def test_an_id_that_only_looks_like_an_address_is_kept_whole() -> None:
    assert message_id("<[x@y]>", Repairs()) == "<[x@y]>"


def test_references_are_kept_once_and_in_order() -> None:
    assert message_ids(("<a@b>\t<c@d>,<a@b>", "<e@f>")) == ("<a@b>", "<c@d>", "<e@f>")
    assert message_ids(("a@b c@d",)) == ("<a@b>", "<c@d>")


def test_a_very_long_id_is_the_same_where_it_is_named_again() -> None:
    written, repairs = f"<{'a' * 1_000_000}@b>", Repairs()

    found = message_id(written, repairs)

    assert found == f"<{'a' * LONGEST}>"
    assert message_ids((written,)) == (found,)
    assert repairs.codes() == ("message_id_invalid",)


def test_of_very_many_references_the_first_and_the_last_are_kept() -> None:
    found = message_ids((" ".join(f"<{number}@x>" for number in range(MOST_REFERENCES * 2)),))
    assert len(found) == MOST_REFERENCES
    assert (found[0], found[-1]) == ("<0@x>", f"<{MOST_REFERENCES * 2 - 1}@x>")
