"""The draft of the rules, as the gateway reads it: there is one until it is put in force."""

from dataclasses import replace

import pytest

from chassis.database import Connection
from contracts.rulesets import Rule, RulesetDrafted, RulesetPublished
from contracts.stream_ids import RULESET, RULESET_DRAFT
from services.gateway.read_model.inbox import apply
from services.gateway.rules import rulesets
from tests.events import ANNA, BOX, recorded

pytestmark = pytest.mark.anyio
LAMPS = Rule(name="Lamps", condition="message.subject.contains('lamp')", tags=("lamp",))
SHADES = Rule(name="Shades", condition="message.subject.contains('shade')", tags=("shade",))


def drafted(*rules: Rule, based_on: int) -> RulesetDrafted:
    return RulesetDrafted(rules=rules, default_ticketbox_id=BOX, based_on=based_on, author_id=ANNA)


def published(*rules: Rule) -> RulesetPublished:
    return RulesetPublished(rules=rules, default_ticketbox_id=BOX, author_id=ANNA, comment="Lamps")


async def happened(db: Connection, *said: RulesetDrafted | RulesetPublished) -> None:
    """These things in the log of tickets, each in its stream."""
    versions = {RULESET: 0, RULESET_DRAFT: 0}
    batch = []
    for one in recorded(*said):
        stream_id = RULESET if isinstance(one.event, RulesetPublished) else RULESET_DRAFT
        versions[stream_id] += 1
        batch.append(replace(one, stream_id=stream_id, version=versions[stream_id]))
    async with db.transaction():
        await apply(batch, db)


async def names_in_draft(db: Connection) -> list[str] | None:
    found = await rulesets.draft(db, await rulesets.in_force(db))
    return [rule.name for rule in found.rules] if found else None


async def test_a_draft_is_gone_when_it_is_in_force_and_stays_gone_when_others_are(db: Connection) -> None:
    put_in_force = (published(), drafted(LAMPS, based_on=1), published(LAMPS))
    rolled_back, imported = published(), published(SHADES)
    await happened(db, *put_in_force, rolled_back, imported)
    assert await names_in_draft(db) is None


async def test_a_draft_is_there_while_other_rules_are_put_in_force(db: Connection) -> None:
    await happened(db, published(), drafted(LAMPS, SHADES, based_on=1), published(SHADES))
    assert await names_in_draft(db) == ["Lamps", "Shades"]


async def test_a_draft_may_say_what_was_in_force_before_it(db: Connection) -> None:
    await happened(db, published(), published(LAMPS), published(), drafted(LAMPS, based_on=1))
    assert await names_in_draft(db) == ["Lamps"]


async def test_a_draft_that_was_just_begun_says_what_is_in_force(db: Connection) -> None:
    await happened(db, published(LAMPS), drafted(LAMPS, based_on=1))
    assert await names_in_draft(db) == ["Lamps"]
