"""Every event version that was ever written stays readable; its sample is in `samples/NAME.vVERSION.json`.

A sample is made with its version and is edited only when a field with a default is added to that version.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from contracts.event import Data, Event
from contracts.streams import EVENTS

SAMPLES = Path(__file__).parent / "samples"
VERSIONS = [(event, version) for event in EVENTS.values() for version in range(1, event.schema_version + 1)]
CURRENT = list(EVENTS.values())


def sample_file(event: type[Event], version: int) -> Path:
    return SAMPLES / f"{event.type_name()}.v{version}.json"


def sample(event: type[Event]) -> str:
    return sample_file(event, event.schema_version).read_text()


def unset_fields(model: BaseModel, path: str = "") -> Iterator[str]:
    """The fields of a model, and of the models in it, that its JSON did not name."""
    for name in type(model).model_fields:
        if name not in model.model_fields_set:
            yield f"{path}{name}"
        value = getattr(model, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from unset_fields(part, f"{path}{name}.")


def test_every_version_of_every_event_has_a_sample_and_no_sample_lacks_its_event() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {sample_file(*version).name for version in VERSIONS}


@pytest.mark.parametrize(
    ("event", "version"), VERSIONS, ids=[f"{event.type_name()}.v{version}" for event, version in VERSIONS]
)
def test_every_version_that_was_ever_written_is_read(event: type[Event], version: int) -> None:
    assert isinstance(event.read(sample_file(event, version).read_bytes(), version), event)


@pytest.mark.parametrize("event", CURRENT, ids=EVENTS)
def test_a_field_is_removed_or_renamed_only_with_a_new_version(event: type[Event]) -> None:
    # An unknown field is passed over when it is read, so it is missing from what is written back.
    read_back = event.read(sample(event), event.schema_version).model_dump_json(exclude_unset=True)
    assert json.loads(read_back) == json.loads(sample(event))


@pytest.mark.parametrize("event", CURRENT, ids=EVENTS)
def test_the_sample_of_the_current_version_shows_every_field(event: type[Event]) -> None:
    assert list(unset_fields(event.read(sample(event), event.schema_version))) == []


@pytest.mark.parametrize("event", CURRENT, ids=EVENTS)
def test_a_field_that_a_newer_writer_added_is_passed_over(event: type[Event]) -> None:
    newer: Data = json.loads(sample(event)) | {"added_later": {"by": "a newer release"}}
    assert event.read(json.dumps(newer), event.schema_version) == event.read(
        sample(event), event.schema_version
    )


@pytest.mark.parametrize("event", CURRENT, ids=EVENTS)
def test_every_old_version_has_an_upcaster_to_the_next(event: type[Event]) -> None:
    assert sorted(event.upcasters) == list(range(1, event.schema_version))
