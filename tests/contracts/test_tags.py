"""A tag is the same tag, whoever wrote it and when."""

import json
from typing import Any
from uuid import uuid4

import pytest

from contracts.automations import Actions, Selection
from contracts.event import Event
from contracts.router import MessageRouted
from contracts.rulesets import Rule, RulesetPublished
from contracts.service_levels import Policy, Target
from contracts.tickets import TagsChanged, TicketOpened
from tests.contracts.test_samples import sample

AS_TYPED = ("VIP customer", " vip  Customer ", "Returns")
AS_KEPT = ("vip-customer", "returns")


def written(kind: type[Event]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sample(kind))
    return found


def test_rules_policies_and_automations_spell_tags_as_tickets_do() -> None:
    rule = Rule(name="Important", condition="true", tags=AS_TYPED)
    policy = Policy(id=uuid4(), name="Important", tags=AS_TYPED, targets={Target.RESOLUTION: 60})
    chosen, then = Selection(tags=AS_TYPED), Actions(add_tags=AS_TYPED, remove_tags=AS_TYPED)
    assert [rule.tags, policy.tags, chosen.tags, then.add_tags, then.remove_tags] == [AS_KEPT] * 5


@pytest.mark.parametrize("kind", [TicketOpened, TagsChanged, MessageRouted])
def test_what_an_early_release_wrote_is_read_in_the_same_spelling(
    kind: type[TicketOpened | TagsChanged | MessageRouted],
) -> None:
    read = kind.read(json.dumps(written(kind) | {"tags": AS_TYPED}), kind.schema_version)
    assert read.tags == AS_KEPT


def test_rules_of_an_early_release_are_read_in_the_same_spelling() -> None:
    early = written(RulesetPublished)
    early["rules"][0]["tags"] = AS_TYPED
    read = RulesetPublished.read(json.dumps(early), RulesetPublished.schema_version)
    assert read.rules[0].tags == AS_KEPT
