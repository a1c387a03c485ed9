"""The examples of docs/automations.md, as they stand there."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.automations import Actions, Automation, AutomationRan, Moment
from contracts.commands import SetThing
from contracts.tickets import State
from postroom.desk.plan import Present, plan
from postroom.desk.reading import parse
from services.gateway.desk.automations import done
from tests.tickets.automation_story import MONDAY, PENDING, REOPENED, Story, answered, desk_of, wrote

PAGE = (Path(__file__).parents[2] / "docs" / "automations.md").read_text()
EXAMPLES = re.findall(r"### ([^\n]+)\n.*?```yaml\n(.*?)```\n```story\n(.*?)```", PAGE, re.DOTALL)
MINUTE = timedelta(minutes=1)


def automations_of(text: str) -> list[Automation]:
    """What a file of the desk would add to the desk of the stories."""
    things = {thing.id: thing for thing in desk_of().things.values()}
    made = plan(parse(text), Present(things, {}, None, 0), uuid4(), uuid4, prune=False, reason="")  # type: ignore[arg-type]
    return [
        change.thing
        for command in made.commands
        for change in getattr(command, "changes", ())
        if isinstance(change, SetThing) and isinstance(change.thing, Automation)
    ]


def lines_of(text: str) -> list[tuple[int, str]]:
    found = re.findall(r"^ *(\d+):(\d\d) (.+)$", text, re.MULTILINE)
    return [(60 * int(hours) + int(minutes), words) for hours, minutes, words in found]


def happens(story: Story, words: str) -> None:
    match words:
        case "the customer writes" if story.ticket.state is State.OPEN:
            story.after(0, wrote(story.now))
        case "the customer writes":
            story.after(0, wrote(story.now), REOPENED)
        case "we answer, and wait for the customer":
            story.after(0, answered(), PENDING)
        case "it is looked at":
            pass
        case _:
            raise AssertionError(f"“{words}” is not known")


@pytest.mark.parametrize(
    ("text", "told"), [example[1:] for example in EXAMPLES], ids=[e[0] for e in EXAMPLES]
)
def test_an_example_of_the_page_runs_as_it_says(text: str, told: str) -> None:
    automations = automations_of(text)
    story = Story(desk_of(*automations))
    for minutes, words in lines_of(told)[1:]:
        at = MONDAY + minutes * MINUTE
        if "“" not in words:
            story.noticed((at - story.now) / MINUTE)
            happens(story, words)
    last = max(minutes for minutes, _ in lines_of(told))
    story.noticed(max(0, (MONDAY + last * MINUTE - story.now) / MINUTE))
    names = {thing.id: thing.name for thing in story.desk.things.values()}
    actions = {one.name: done(one.then, names) for one in automations}
    ran = [
        (round((at - MONDAY) / MINUTE), f"“{event.automation}”: {actions[event.automation]}")
        for at, event in story.appended
        if isinstance(event, AutomationRan)
    ]
    assert ran == [line for line in lines_of(told) if "“" in line[1]]


def test_the_page_has_examples_and_names_every_moment_and_action() -> None:
    assert len(EXAMPLES) == 5
    for name in (*Moment, *(set(Actions.model_fields) - {"tell_ids"}), "tell_also"):
        assert f"`{name}`" in PAGE
