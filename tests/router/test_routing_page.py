"""docs/routing.md says what the code does."""

import re
from pathlib import Path

from services.router.ruleset import compile_condition, facts_of
from tests import events

PAGE = (Path(__file__).parents[2] / "docs" / "routing.md").read_text()
FACTS = facts_of(events.received(events.letter()))


def test_the_page_lists_what_a_condition_may_look_at() -> None:
    listed = set(re.findall(r"`message\.([a-z_]+)`", PAGE))
    assert listed == set(FACTS)


def test_the_conditions_that_it_shows_can_be_asked() -> None:
    shown = re.findall(r"`(message\.[^`]* [^`]*)`", PAGE.replace("\n", " "))
    assert len(shown) == 3
    for condition in shown:
        assert compile_condition(condition)(FACTS) is False
