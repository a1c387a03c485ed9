"""docs/routing.md says what the code does."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.mail import Attachment, Authentication, AuthenticationResult, Kind
from contracts.rulesets import Rule
from rules.condition import check, context_of
from rules.fields import FIELDS, HEADERS, NAMES, empty_facts
from services.router.facts import Contact, Surroundings, facts_of
from tests import events

PAGE = (Path(__file__).parents[2] / "docs" / "routing.md").read_text()
EXAMPLES = re.findall(
    r"^\| `([^`]*message\.[^`]*)` \| [^`]", PAGE.partition("| name | value |")[0], re.MULTILINE
)
NOTHING = events.received(events.letter(), text="")
HEAD = events.letter(at=datetime(2026, 12, 25, 15, 30, tzinfo=UTC)).model_copy(
    update={
        "subject": "Invoice for order 48213",
        "from_": events.letter().from_.model_copy(update={"address": "maren@Kornblume.example"}),
        "recipients": ("press+lamps@example.com",),
    }
)
EVERYTHING = events.received(HEAD, text="Guten Tag, meine Bestellung ist noch nicht angekommen.").model_copy(
    update={
        "reply": None,
        "size": 20_000_000,
        "attachments": (Attachment(name="a.zip", type="application/zip", size=1, sha256="00"),),
        "headers": (("X-Spam-Flag", "YES"), ("List-Unsubscribe", "<https://example.com>")),
        "authentication": Authentication(
            by="postroom", results=(AuthenticationResult(method="dmarc", result="fail"),)
        ),
    }
)


class ClosedHours:
    """A calendar that is never open."""

    def is_open(self, _: datetime) -> bool:
        return False

    def local(self, at: datetime) -> datetime:
        return at


AROUND = Surroundings(
    {"kornblume.example": "Kornblume"},
    {"maren@kornblume.example": Contact("Rosa Feld", None)},
    ClosedHours(),  # type: ignore[arg-type]
)


def test_the_page_lists_what_a_condition_may_look_at() -> None:
    listed = set(re.findall(r"`message\.([a-z_]+)`", PAGE))
    assert listed == set(NAMES)


def test_the_page_lists_the_fields_of_a_rule_by_api() -> None:
    table = PAGE.partition("| field | value | as usual |\n|---|---|---|\n")[2].partition("\n\n")[0]
    fields = " ".join(row.split("|")[1] for row in table.splitlines())
    assert set(re.findall(r"`(\w+)`", fields)) == set(Rule.model_fields)


def test_the_page_has_examples_of_many_sorts() -> None:
    assert len(EXAMPLES) == 15


@pytest.mark.parametrize("condition", EXAMPLES)
def test_each_condition_that_it_shows_holds_for_what_it_says_and_not_for_an_ordinary_letter(
    condition: str,
) -> None:
    asked = check(condition)
    meant = EVERYTHING
    if kind := re.search(r"message\.kind == '(\w+)'", condition):
        meant = meant.model_copy(update={"letter": HEAD.model_copy(update={"kind": Kind(kind[1])})})
    context = context_of(facts_of(meant, AROUND, NAMES), asked.headers)
    assert asked.holds(context) is True
    assert asked.holds(context_of(facts_of(NOTHING, Surroundings(), NAMES), asked.headers)) is False


def test_facts_have_the_names_and_kinds_of_values_that_are_written_down() -> None:
    def kinds(facts: dict[str, object]) -> dict[str, object]:
        return {
            name: kinds(value) if isinstance(value, dict) and name != HEADERS else type(value)
            for name, value in facts.items()
        }

    assert kinds(dict(facts_of(EVERYTHING, AROUND, NAMES))) == kinds(empty_facts())


def test_a_field_whose_values_are_in_lower_case_is_marked_so() -> None:
    facts = facts_of(EVERYTHING, AROUND, NAMES)
    assert facts["from"] == "maren@kornblume.example"
    assert {field.name for field in FIELDS if field.any_case} >= {
        "from",
        "from_domain",
        "recipients",
        "lower.subject",
    }
