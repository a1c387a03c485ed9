import pytest

from contracts.desk import KINDS, changed
from contracts.things import Thing


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_of_thing_has_the_event_that_tells_of_its_changes(kind: type[Thing]) -> None:
    event = changed(kind.model_construct())  # type: ignore[arg-type]  # one of any kind
    assert event.type_name() == f"{kind.__name__}Changed"
