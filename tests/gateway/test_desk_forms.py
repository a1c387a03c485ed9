"""The forms of the desk: what is shown is what is read, for every kind."""

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from starlette.datastructures import FormData

from contracts.desk import KINDS, AnyThing
from services.gateway.desk import things
from services.gateway.pages.desk import fields
from services.gateway.pages.desk.fields import Field
from services.gateway.pages.desk.kinds import PAGES
from services.gateway.problems import Unprocessable
from tests import desks

SECTIONS = {kind: section for section, kind in KINDS.items()}


def as_sent(known: Iterable[Field], data: dict[str, object]) -> FormData:
    """What a browser sends of a form that shows a thing."""
    sent: list[tuple[str, str]] = []
    for field in known:
        value = fields.shown(field, fields.value_at(data, field.name))
        match value:
            case bool():
                sent += [(field.name, "true")] if value else []
            case list():
                sent += [(field.name, one) for one in value]
            case dict():
                sent += [(f"{field.name}.{one}", right) for one, right in value.items()]
            case _:
                sent.append((field.name, str(value).replace("\n", "\r\n")))
    return FormData(sent)


def can_be_typed(value: object, *, in_list: bool = False) -> bool:
    """Whether a person would enter it: a field keeps no blanks at its ends, a line of several is not empty."""
    match value:
        case dict():
            return all(can_be_typed(one) for one in value.values())
        case list():
            return all(can_be_typed(one, in_list=True) for one in value)
        case str():
            return value.isprintable() and " ".join(value.split()) == value and bool(value or not in_list)
        case _:
            return True


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(desks.things())
def test_a_form_that_is_sent_as_it_was_opened_changes_nothing(found: list[AnyThing]) -> None:
    for thing in found:
        section = SECTIONS[type(thing)]
        data = things.content(thing)
        if not can_be_typed(data):
            continue
        entered = fields.read(PAGES[section].fields, as_sent(PAGES[section].fields, data))
        assert things.understood(section, thing.id, entered) == thing


@pytest.mark.parametrize("section", list(KINDS))
def test_a_form_has_every_field_of_its_kind(section: str) -> None:
    shown = {field.name.partition(".")[0] for field in PAGES[section].fields}
    assert shown == set(KINDS[section].model_fields) - {"id", "kind"}


def test_hours_may_be_written_in_short() -> None:
    form = FormData(
        [("week.monday", "9:00-12:30 13:30-18:00"), ("days", "2026-12-24 Christmas Eve 9:00-12:00\r\n")]
    )
    data = fields.read(PAGES["calendars"].fields, form)
    assert data["week"] == {
        "monday": [{"begin": "09:00", "end": "12:30"}, {"begin": "13:30", "end": "18:00"}]
    }
    assert data["days"] == [
        {"date": "2026-12-24", "name": "Christmas Eve", "spans": [{"begin": "09:00", "end": "12:00"}]}
    ]
    assert "holidays" not in data


@pytest.mark.parametrize("hours", ["25:00-3", "9-12", "9:00-"])
def test_hours_that_are_none_are_shown_again_as_they_were_written(hours: str) -> None:
    monday = next(field for field in PAGES["calendars"].fields if field.name == "week.monday")
    entered = fields.read([monday], FormData([("week.monday", hours)]))
    assert fields.shown(monday, fields.value_at(entered, "week.monday")) == hours


def test_what_is_wrong_stands_beside_its_field() -> None:
    entered = fields.read(
        PAGES["calendars"].fields,
        FormData([("name", "A"), ("time_zone", "UTC"), ("week.monday", "9-12"), ("days", "tomorrow")]),
    )
    with pytest.raises(Unprocessable) as refused:
        things.understood("calendars", desks.SUPPORT.id, entered)
    errors = refused.value.more["errors"]
    assert isinstance(errors, dict)
    assert set(fields.by_field(PAGES["calendars"].fields, errors)) == {"week.monday", "days"}


def test_a_number_that_is_none_is_shown_again_as_it_was_written() -> None:
    capacity = next(field for field in PAGES["people"].fields if field.name == "capacity")
    data = fields.read([capacity], FormData([("capacity", "a lot")]))
    assert fields.shown(capacity, data["capacity"]) == "a lot"
    assert fields.read([capacity], FormData([("capacity", "")])) == {"capacity": None}
