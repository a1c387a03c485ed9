"""What to fetch next, decided without a server."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sources.fetching import (
    Cursor,
    Folder,
    Listed,
    batches,
    first_beyond,
    old,
    sort,
    where_to_begin,
)

BEGUN = datetime(2026, 3, 2, tzinfo=UTC)


def listed(*sizes: int) -> tuple[Listed, ...]:
    return tuple(Listed(str(number), size) for number, size in enumerate(sizes, 1))


def test_a_known_cursor_holds_while_uidvalidity_stays() -> None:
    assert where_to_begin(Cursor(7, 40), Folder(7, 90, 12), "now") == Cursor(7, 40)


def test_a_first_start_begins_with_everything_or_behind_the_newest() -> None:
    assert where_to_begin(None, Folder(7, 90, 12), "everything") == Cursor(7, 0)
    assert where_to_begin(None, Folder(7, 90, 12), "now") == Cursor(7, 90)


def test_a_changed_uidvalidity_begins_again() -> None:
    assert where_to_begin(Cursor(7, 40), Folder(8, 90, 12), "now") == Cursor(8, 0)


@given(st.sets(st.integers(1, 2**32 - 1), max_size=60), st.integers(0, 2**32 - 1), st.integers(-5, 70))
def test_the_first_message_beyond_the_cursor_is_found_from_any_place(
    uids: set[int], uid: int, near: int
) -> None:
    held = sorted(uids)
    expected = next((number for number, one in enumerate(held, 1) if one > uid), len(held) + 1)
    assert first_beyond(uid, len(held), lambda number: held[number - 1], near) == expected


def test_finding_new_mail_in_a_large_folder_asks_for_few_messages() -> None:
    asked: list[int] = []

    def uid_at(number: int) -> int:
        asked.append(number)
        return number * 3

    assert first_beyond(149_994, 50_000, uid_at, 50_000) == 49_999
    assert len(asked) <= 4


def test_what_is_too_large_is_refused_and_the_rest_is_wanted() -> None:
    page = listed(10, 200, 30)
    chosen = sort(page, most_bytes=100, passed=frozenset({"3"}))
    assert chosen.wanted == page[:1]
    assert [(refusal.listed.key, refusal.reason) for refusal in chosen.refused] == [
        ("2", "larger than 100 bytes")
    ]
    assert chosen.passed == 1


def test_only_what_was_there_at_the_change_and_came_before_the_beginning_is_passed_over() -> None:
    page = (
        Listed("1", 1, BEGUN - timedelta(days=30)),
        Listed("2", 1, BEGUN - timedelta(hours=3)),
        Listed("3", 1, BEGUN + timedelta(days=3)),
        Listed("4", 1, None),
        Listed("5", 1, BEGUN - timedelta(days=30)),
    )
    assert old(page, anew_until=4, begun_at=BEGUN) == {"1"}


def test_batches_are_bounded_in_number_and_bytes_and_a_larger_message_comes_alone() -> None:
    page = listed(40, 40, 40, 500, 1, 1, 1)
    cut = [[one.size for one in batch] for batch in batches(page, most=2, most_bytes=100)]
    assert cut == [[40, 40], [40], [500], [1, 1], [1]]


@given(st.lists(st.integers(0, 300)), st.integers(1, 5))
def test_batches_keep_every_message_in_order(sizes: list[int], most: int) -> None:
    page = listed(*sizes)
    assert tuple(one for batch in batches(page, most=most, most_bytes=200) for one in batch) == page
