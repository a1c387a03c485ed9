"""Reads rulesets: the one in force, its versions, the draft, and what they differ in."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts.desk import Organisation, Ticketbox
from contracts.reports import RuleFigures
from contracts.rulesets import Rule, RulesetDraftDropped, RulesetDrafted, RulesetPublished
from contracts.stream_ids import RULESET, RULESET_DRAFT
from rules.condition import BadCondition, check, organisations_of
from services.gateway.contacts import organisations
from services.gateway.desk import desk
from services.gateway.problems import NotFound
from services.gateway.read_model.history import BY_STREAM
from services.gateway.representations.basics import Named, Representation


class RulesetItem(Representation):
    """A version of the rules, as a line of a list."""

    version: int
    in_force: bool
    published_at: datetime
    author: Named | None
    """None: made with the installation."""
    reason: str
    rolls_back_to: int | None
    number_of_rules: int


class RulesetView(RulesetItem):
    """A version with its rules, in the order in which they are asked."""

    rules: list[Rule]
    default_ticketbox_id: UUID


class Difference(Representation):
    """A rule that is other than in another version."""

    rule: str
    change: str
    """`added`, `removed`, `changed` or `moved`."""
    before: Rule | None
    after: Rule | None
    fields: list[str]
    """Of a changed rule: in what."""


class DraftView(Representation):
    """The rules that are being worked on. There is one draft."""

    version: int
    """Of the draft: `expected_version` of the next change."""
    based_on: int
    """The version of the rules that was in force when it was begun."""
    changed_at: datetime
    author: Named
    comment: str
    rules: list[Rule]
    default_ticketbox_id: UUID
    problems: dict[str, str]
    """What keeps rules from being put in force, by the rule's name."""
    warnings: dict[str, str]
    """What rules ask for in vain, by the rule's name; they can be put in force all the same."""
    differences: list[Difference]
    """Against the version in force."""


_VERSIONS = f"""
SELECT position, version, type, recorded_at, schema_version, data::text AS data
FROM history
WHERE {BY_STREAM}
  AND stream_id = $1
ORDER BY version DESC
LIMIT $2
"""


async def versions(db: Connection, most: int = 100) -> list[RulesetView]:
    """What was in force, the newest first."""
    names = await desk.names(db)
    rows = await db.fetch(_VERSIONS, RULESET, most)
    return [_view(row, names, newest=number == 0) for number, row in enumerate(rows)]


async def in_force(db: Connection) -> RulesetView:
    """The rules by which mail is routed now.

    Raises:
        NotFound: the first ones have not come yet.
    """
    found = await versions(db, 1)
    if not found:
        raise NotFound("There are no rules yet; they come with the installation in a moment.")
    return found[0]


_ONE = f"""
SELECT version, recorded_at, schema_version, data::text AS data,
       version = (SELECT max(version) FROM history WHERE {BY_STREAM} AND stream_id = $1) AS newest
FROM history
WHERE {BY_STREAM}
  AND stream_id = $1
  AND version = $2
"""


async def one(db: Connection, version: int) -> RulesetView:
    """The rules of a version.

    Raises:
        NotFound.
    """
    row = await db.fetchrow(_ONE, RULESET, version)
    if row is None:
        raise NotFound(f"There is no version {version} of the rules.")
    return _view(row, await desk.names(db), newest=row["newest"])


def _view(row: asyncpg.Record, names: Mapping[UUID, str], *, newest: bool) -> RulesetView:
    published = RulesetPublished.read(row["data"], row["schema_version"])
    author = published.author_id
    return RulesetView(
        version=row["version"],
        in_force=newest,
        published_at=row["recorded_at"],
        author=Named(id=author, name=names.get(author, "Postroom")) if author else None,
        reason=published.comment,
        rolls_back_to=published.rolls_back_to,
        number_of_rules=len(published.rules),
        rules=list(published.rules),
        default_ticketbox_id=published.default_ticketbox_id,
    )


async def draft(db: Connection, now: RulesetView) -> DraftView | None:
    """The draft, if there is one that was not put in force since."""
    rows = await db.fetch(_VERSIONS, RULESET_DRAFT, 1)
    if not rows or rows[0]["type"] != RulesetDrafted.type_name():
        return None
    drafted = RulesetDrafted.read(rows[0]["data"], rows[0]["schema_version"])
    if await _was_published(db, drafted, rows[0]["position"]):
        return None
    names = await desk.names(db)
    return DraftView(
        version=rows[0]["version"],
        based_on=drafted.based_on,
        changed_at=rows[0]["recorded_at"],
        author=Named(id=drafted.author_id, name=names.get(drafted.author_id, "somebody")),
        comment=drafted.comment,
        rules=list(drafted.rules),
        default_ticketbox_id=drafted.default_ticketbox_id,
        problems=problems_of(drafted.rules),
        warnings=await warnings(db, drafted.rules),
        differences=differences(now.rules, drafted.rules),
    )


_PUBLISHED_SINCE = f"""
SELECT schema_version, data::text AS data
FROM history
WHERE {BY_STREAM}
  AND stream_id = $1
  AND position > $2
"""


async def _was_published(db: Connection, drafted: RulesetDrafted, position: int) -> bool:
    """Whether the draft of this position was put in force since, by whichever version: others may have come after."""
    rows = await db.fetch(_PUBLISHED_SINCE, RULESET, position)
    published = (RulesetPublished.read(row["data"], row["schema_version"]) for row in rows)
    return any(_says_the_same(drafted, one) for one in published)


def _says_the_same(drafted: RulesetDrafted, other: RulesetPublished | RulesetView) -> bool:
    return (
        list(drafted.rules) == list(other.rules)
        and drafted.default_ticketbox_id == other.default_ticketbox_id
    )


@dataclass(frozen=True, slots=True)
class DroppedDraft:
    """A draft that was thrown away; no other was begun since."""

    version: int
    """Of the draft's stream."""
    dropped_at: datetime
    dropped_by: str
    drafted: RulesetDrafted
    """As it was last."""


async def dropped_draft(db: Connection, now: RulesetView) -> DroppedDraft | None:
    """The draft that was thrown away last, if it said anything else than the rules in force."""
    rows = await db.fetch(_VERSIONS, RULESET_DRAFT, 2)
    if [row["type"] for row in rows] != [RulesetDraftDropped.type_name(), RulesetDrafted.type_name()]:
        return None
    newest, before = rows
    drafted = RulesetDrafted.read(before["data"], before["schema_version"])
    if _says_the_same(drafted, now):
        return None
    dropped_by = RulesetDraftDropped.read(newest["data"], newest["schema_version"]).dropped_by
    names = await desk.names(db)
    return DroppedDraft(newest["version"], newest["recorded_at"], names.get(dropped_by, "somebody"), drafted)


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The rule that the last change took out of the draft."""

    rule: str
    rules: tuple[Rule, ...]
    """Those of the draft before, with it."""


async def taken_out(db: Connection) -> TakenOut | None:
    """What the last change of the draft was, if it was that one rule went."""
    rows = await db.fetch(_VERSIONS, RULESET_DRAFT, 2)
    if [row["type"] for row in rows] != [RulesetDrafted.type_name()] * 2:
        return None
    newest, before = (RulesetDrafted.read(row["data"], row["schema_version"]) for row in rows)
    if newest.based_on != before.based_on:  # one of them is another draft
        return None
    for place, rule in enumerate(before.rules):
        if newest.rules == (*before.rules[:place], *before.rules[place + 1 :]):
            return TakenOut(rule.name, before.rules)
    return None


async def draft_version(db: Connection) -> int:
    """Of the draft's stream, whether there is a draft or not."""
    rows = await db.fetch(_VERSIONS, RULESET_DRAFT, 1)
    return rows[0]["version"] if rows else 0


def problems_of(rules: Sequence[Rule]) -> dict[str, str]:
    """What keeps rules from being put in force, as far as their conditions go; tickets looks at the rest."""
    found: dict[str, str] = {}
    names: set[str] = set()
    for rule in rules:
        try:
            check(rule.condition)
        except BadCondition as error:
            found[rule.name] = f"Its condition cannot be used: {error}."
        if rule.name in names:
            found[rule.name] = "Another rule has this name too."
        names.add(rule.name)
    return found


async def warnings(db: Connection, rules: Sequence[Rule]) -> dict[str, str]:
    """What rules ask for in vain, by the rule's name, with the desk as it is now."""
    known = await organisations.read(db)
    return warnings_of(rules, await desk.every(db, Ticketbox), known.by_id.values())


def warnings_of(
    rules: Sequence[Rule], boxes: Sequence[Ticketbox], known: Collection[Organisation]
) -> dict[str, str]:
    """What rules ask for in vain, by the rule's name: words that nobody wrote, an organisation that is not there."""
    telling = {box.id for box in boxes if box.acknowledgement}
    names = {one.name for one in known}
    found: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        for name in organisations_of(rule.condition):
            if name not in names:
                found[rule.name].append(f"No organisation is called “{name}”.")
        if not rule.acknowledge or rule.acknowledgement:
            continue
        if rule.ticketbox_id is not None and rule.ticketbox_id not in telling:
            found[rule.name].append("Its ticketbox has no text for acknowledgements, so none is sent.")
        elif not telling:
            found[rule.name].append("No ticketbox has a text for acknowledgements, so none is sent.")
    return {name: " ".join(words) for name, words in found.items()}


def differences(before: Sequence[Rule], after: Sequence[Rule]) -> list[Difference]:
    """Rules by their names: what was added, removed, changed, and what is asked in another order."""
    old, new = {rule.name: rule for rule in before}, {rule.name: rule for rule in after}
    found = [
        Difference(rule=name, change="removed", before=rule, after=None, fields=[])
        for name, rule in old.items()
        if name not in new
    ]
    stayed = [name for name in new if name in old]
    moved = _moved([name for name in old if name in new], stayed)
    for name, rule in new.items():
        was = old.get(name)
        if was is None:
            found.append(Difference(rule=name, change="added", before=None, after=rule, fields=[]))
        elif fields := [field for field in Rule.model_fields if getattr(was, field) != getattr(rule, field)]:
            found.append(Difference(rule=name, change="changed", before=was, after=rule, fields=fields))
        elif name in moved:
            found.append(Difference(rule=name, change="moved", before=was, after=rule, fields=[]))
    return found


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Names that are not in the longest part of the order that stayed."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    stayed = {before[block.a + at] for block in matcher.get_matching_blocks() for at in range(block.size)}
    return set(after) - stayed


def hits_of(figures: Sequence[RuleFigures], version: int) -> dict[str, RuleFigures]:
    """What each rule did under a version, by its name."""
    return {one.rule: one for one in figures if one.ruleset_version == version}
