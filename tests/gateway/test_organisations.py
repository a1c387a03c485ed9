"""Which organisation somebody means, by its id or its name, and what is suggested to who writes one."""

from uuid import uuid4

import pytest

from contracts.desk import Organisation
from services.gateway.contacts.organisations import Organisations
from services.gateway.problems import NotFound


def known(*names: str) -> Organisations:
    return Organisations.of_all([Organisation(id=uuid4(), name=name) for name in names])


def test_an_organisation_is_found_by_its_name_in_any_letters_and_by_its_id() -> None:
    given = known("Lamps & Sons", "Kettle AG")
    kettle = given.named(" kettle ag ")
    assert kettle.name == "Kettle AG"
    assert given.named(str(kettle.id)) == kettle


def test_a_name_that_nobody_has_is_refused_with_the_name() -> None:
    with pytest.raises(NotFound, match="“Lamp”"):
        known("Lamps & Sons").named("Lamp")


def test_those_come_first_that_begin_with_what_is_written() -> None:
    found = known("Old Lamps", "Lamps & Sons", "Kettle AG").called("lamps")
    assert [one.name for one in found] == ["Lamps & Sons", "Old Lamps"]
