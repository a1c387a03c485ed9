import json
from collections.abc import Callable, Mapping
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from chassis.log import LARGEST_EVENT
from contracts.correspondence import Quote
from contracts.event import Data, Event, Meta, UnknownVersion, event_id, snake_case
from contracts.ingest import MAX_TEXT
from contracts.model import LONGEST_WRITING, Text
from tests.events import NOON, released

CAUSE = UUID("0199a3c4-6f1e-7a52-9c3b-5d0e8f2a7b10")


def _minutes_to_seconds(data: Data) -> Data:
    return {"name": data["name"], "first_response_seconds": data["first_response_minutes"] * 60}


def _target_is_named(data: Data) -> Data:
    return {"name": data["name"], "targets": {"first_response": data["first_response_seconds"]}}


class PolicyChanged(Event):
    """A service level, whose shape changed twice."""

    service: ClassVar[str] = "tickets"
    schema_version: ClassVar[int] = 3
    upcasters: ClassVar[Mapping[int, Callable[[Data], Data]]] = {
        1: _minutes_to_seconds,
        2: _target_is_named,
    }

    name: Text
    targets: dict[str, int]


@pytest.mark.parametrize(
    ("version", "written"),
    [
        (1, {"name": "Gold", "first_response_minutes": 60}),
        (2, {"name": "Gold", "first_response_seconds": 3600}),
        (3, {"name": "Gold", "targets": {"first_response": 3600}}),
    ],
)
def test_an_event_of_any_version_is_read_in_the_shape_of_the_newest(version: int, written: Data) -> None:
    assert PolicyChanged.read(json.dumps(written), version) == PolicyChanged(
        name="Gold", targets={"first_response": 3600}
    )


def test_an_event_of_a_newer_release_is_not_guessed_at() -> None:
    with pytest.raises(UnknownVersion, match="PolicyChanged in version 4"):
        PolicyChanged.read(b'{"name": "Gold", "goals": []}', 4)


def test_data_that_has_not_the_shape_of_its_version_is_refused() -> None:
    with pytest.raises(ValidationError):
        PolicyChanged.read(b'{"name": "Gold"}', 3)


def test_text_with_a_nul_is_refused_where_it_comes_in() -> None:
    with pytest.raises(ValidationError, match="NUL"):
        PolicyChanged.read(b'{"name": "Go\\u0000ld", "targets": {}}', 3)


def test_the_same_answer_to_the_same_cause_has_the_same_id() -> None:
    assert event_id(CAUSE, 1) == event_id(CAUSE, 1)
    assert event_id(CAUSE, 0) != event_id(CAUSE, 1)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("TicketOpened", "ticket_opened"),
        ("SLABreached", "sla_breached"),
        ("TicketingFailed", "ticketing_failed"),
    ],
)
def test_an_event_is_named_in_subjects_in_snake_case(name: str, subject: str) -> None:
    assert snake_case(name) == subject


@pytest.mark.parametrize("actor", ["postroom", f"job:{CAUSE}", "automation:Remind after three days"])
def test_what_was_done_by_no_person_names_none(actor: str) -> None:
    assert Meta(correlation_id=CAUSE, causation_id=CAUSE, actor=actor).person_id is None
    assert Meta(correlation_id=CAUSE, causation_id=CAUSE, actor=str(CAUSE)).person_id == CAUSE


def test_the_longest_answer_and_what_it_quotes_fit_into_an_event() -> None:
    wide = "\U0001f600"
    answer = released(uuid4(), uuid4())
    quote = Quote(author="Kim", sent_at=NOON, text=wide * (MAX_TEXT // len(wide.encode())))
    letter = answer.letter.model_copy(update={"text": wide * LONGEST_WRITING, "quote": quote})

    assert len(answer.model_copy(update={"letter": letter}).model_dump_json().encode()) <= LARGEST_EVENT
