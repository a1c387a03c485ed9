"""docs/distribution.md: its examples come out as it says."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from ruamel.yaml import YAML

from contracts.desk import Distribution, DistributionMethod
from contracts.people import Person, Presence, Role
from services.router.distribution import Agent, Wanted, choose, known_in
from tests.desks import SUPPORT
from tests.router.test_distribution import ticket

PAGE = (Path(__file__).parents[2] / "docs" / "distribution.md").read_text()
EXAMPLES = [
    YAML(typ="safe").load(text)
    for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
]


def agent(identity: UUID, name: str, described: dict[str, Any]) -> Agent:
    person = Person(
        id=identity,
        name=name,
        email=f"{identity}@example.com",
        role=Role.AGENT,
        skills=tuple(described.get("skills", ())),
        languages=tuple(described.get("languages", ())),
        capacity=described.get("capacity"),
    )
    return Agent(person, Presence(described.get("presence", "available")))


def test_the_page_names_every_method_and_has_examples() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == {"method", *DistributionMethod}
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_ticket_goes_to_whom_the_page_says_and_for_that_reason(example: dict[str, Any]) -> None:
    ids = {name: UUID(int=number) for number, name in enumerate(sorted(example["people"]), 1)}
    members = [agent(ids[name], name, described) for name, described in example["people"].items()]
    loads = {ids[name]: described.get("has", 0) for name, described in example["people"].items()}
    said = example.get("ticket", {})
    wanted = Wanted(
        ticket(tags=tuple(said.get("tags", ())), given_back_by=ids.get(said.get("given_back_by"))),
        said.get("language", ""),
        ids.get(said.get("last_agent")),
    )
    box = SUPPORT.model_copy(update={"id": uuid4(), "distribution": Distribution(**example["distribution"])})
    asked = known_in(box, members).asked_by(wanted)
    choice = choose(wanted, asked, box, members, loads, ids.get(example.get("last")))
    if choice is None:
        assert example["goes to"] == "nobody"
    else:
        assert (choice.agent_id, choice.evidence.why) == (ids[example["goes to"]], example["because"])
