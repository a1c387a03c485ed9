"""The demo's day of mail."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from postroom.demo.day import CUSTOMERS, MESSAGES, day
from services.ingest.reading import read

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
DAY = day(NOW, seed=1)
LETTERS = [read(parcel.message) for parcel in DAY]


def test_a_day_is_300_messages_by_120_customers() -> None:
    customers = {parcel.sender for parcel in DAY} - {"", "news-bounces@lists.example.org"}
    assert len(DAY) == MESSAGES == 300
    assert len(customers) == sum(CUSTOMERS.values()) == 120


def test_the_same_seed_is_the_same_day_and_another_seed_brings_other_messages() -> None:
    def ids(seed: int) -> list[str | None]:
        return [read(parcel.message).message_id for parcel in day(NOW, seed)]

    assert ids(1) == ids(1)
    assert not (set(ids(1)) - {None}) & set(ids(2))


def test_machines_write_too_and_are_recognised() -> None:
    kinds = Counter(letter.kind for letter in LETTERS)
    assert kinds == {"customer": 294, "auto_reply": 2, "bounce": 2, "list": 2}


def test_answers_come_after_what_they_answer() -> None:
    seen: set[str] = set()
    answers = 0
    for letter in LETTERS:
        if letter.in_reply_to:
            answers += 1
            assert letter.in_reply_to in seen
        if letter.message_id:
            seen.add(letter.message_id)
    assert answers > 60


def test_every_letter_can_be_read() -> None:
    assert all(letter.text.strip() for letter in LETTERS)
    assert any("お世話になっております" in letter.text for letter in LETTERS)
    assert any("Grüßen" in letter.text for letter in LETTERS)


def test_there_are_files_pictures_html_and_letters_without_subject_or_message_id() -> None:
    types = {file.type for letter in LETTERS for file in letter.attachments}
    assert {"image/png", "application/pdf", "text/csv", "text/calendar"} <= types
    assert sum(letter.html is not None for letter in LETTERS) > 30
    assert sum(letter.message_id is None for letter in LETTERS) == 1
    assert sum(not letter.subject for letter in LETTERS) == 1


def test_its_dates_are_of_the_day_before_now() -> None:
    dates = [letter.date for letter in LETTERS if letter.date]
    assert min(dates) >= NOW - timedelta(days=1, seconds=1)
    assert max(dates) <= NOW
    assert dates == sorted(dates)


def test_no_address_of_it_is_anyones() -> None:
    for parcel in DAY:
        domain = parcel.sender.rpartition("@")[2]
        assert not domain or domain.endswith((".example", "example.net", "example.org", "example.com"))
