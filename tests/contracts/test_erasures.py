"""A person of whom more is known than a request carries goes through the services in parts."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import erasures
from contracts.erasing import Eraser
from contracts.erasures import ErasePiece, Subject
from contracts.event import Data, Event
from contracts.streams import EVENTS
from tests.contracts.test_erasing import everything
from tests.contracts.test_samples import sample

NATS_CARRIES = 1_048_576


def ids(number: int) -> tuple[UUID, ...]:
    return tuple(uuid4() for _ in range(number))


def somebody_with(number: int) -> Subject:
    """A person who wrote so many letters, each of which opened a ticket that was answered."""
    return Subject(
        erasure_id=uuid4(),
        addresses=("kim@customers.example",),
        names=tuple(f"Käthe “Kim” the {one}." for one in range(number)),
        message_ids=ids(number),
        internet_message_ids=tuple(f"<{uuid4()}.{one}@mail.customers.example>" for one in range(number)),
        ticket_ids=ids(number),
        reply_ids=ids(number),
        notice_ids=ids(number),
        contact_ids=ids(5),
    )


def test_each_part_of_a_person_fits_into_a_request() -> None:
    parts = list(somebody_with(10_000).parts())

    assert max(len(ErasePiece(person=part).model_dump_json().encode()) for part in parts) < NATS_CARRIES


def test_a_person_with_a_few_thousand_letters_is_one_part() -> None:
    person = somebody_with(1_000)

    assert list(person.parts()) == [person]
    assert list(Subject(erasure_id=uuid4(), addresses=("kim@customers.example",)).parts()) != []


def test_every_ticket_is_searched_for_every_message_id_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    in_tiny_parts(monkeypatch)
    person = somebody_with(3)

    pairs = {
        (ticket_id, words)
        for part in person.parts()
        for ticket_id in part.ticket_ids
        for words in words_of(part)
    }

    assert pairs == {(ticket_id, words) for ticket_id in person.ticket_ids for words in words_of(person)}


def in_tiny_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MOST_IDS", "MOST_MESSAGE_ID_BYTES", "MOST_NAME_BYTES"):
        monkeypatch.setattr(erasures, limit, 1)


def words_of(person: Subject) -> set[tuple[str, str]]:
    return {(message_id, name) for message_id in person.internet_message_ids for name in person.names}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_part_by_part_an_event_loses_what_it_loses_at_once(
    event: type[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    before: Data = json.loads(sample(event))
    person = everybody_in(before)
    at_once = Eraser(person).event(event.type_name(), before)

    in_tiny_parts(monkeypatch)
    after = before
    for part in person.parts():
        after = Eraser(part).event(event.type_name(), after)

    assert after == at_once


def everybody_in(data: Data) -> Subject:
    """A person to whom all belongs that an event names, and a little more."""

    def named(key: str) -> tuple[Any, ...]:
        return tuple(one for one in everything(data, key) if isinstance(one, str))

    return Subject(
        erasure_id=uuid4(),
        addresses=("kim@customers.example", *(address.lower() for address in named("address"))),
        names=("Kim", *named("name")),
        message_ids=(*ids(1), *map(UUID, named("message_id"))),
        internet_message_ids=("<1@customers.example>", *named("internet_message_id")),
        ticket_ids=(*ids(1), *map(UUID, named("ticket_id"))),
        reply_ids=(*ids(1), *map(UUID, named("reply_id"))),
        notice_ids=tuple(map(UUID, named("notice_id"))),
    )
