"""What a file would change, and the commands for it. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from pydantic import ValidationError

from contracts.commands import OPERATOR, ChangeDesk, PublishRuleset, RemoveThing, SetThing
from contracts.desk import AnyThing
from contracts.people import Person, Role
from contracts.rulesets import Rule, RulesetPublished
from contracts.things import Thing
from postroom.desk.reading import BadFile, File, Mistake
from postroom.desk.shapes import (
    REFERENCES,
    RULE_REFERENCES,
    RULESET,
    SECTIONS,
    Names,
    UnknownName,
    in_file,
    names_of,
    shape,
    shape_ruleset,
    unshape,
    unshape_rule,
)
from rules.condition import BadCondition, check
from services.gateway.desk.differences import Difference, differences, flat


@dataclass(frozen=True, slots=True)
class Present:
    """The desk as it is now. `versions` are of its things, by id."""

    things: Mapping[UUID, AnyThing]
    versions: Mapping[UUID, int]
    ruleset: RulesetPublished | None
    ruleset_version: int


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is added, changed or removed."""

    what: Literal["added", "changed", "removed"]
    kind: str
    name: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, all or nothing; only what comes of all commands together must hold."""

    changes: tuple[Change, ...]
    commands: tuple[ChangeDesk | PublishRuleset, ...]

    @property
    def new_people(self) -> tuple[str, ...]:
        """Addresses of people who have no password yet."""
        return tuple(one.name for one in self.changes if one.what == "added" and one.kind == "person")


def plan(
    file: File, present: Present, command_id: UUID, new_id: Callable[[], UUID], *, prune: bool, reason: str
) -> Plan:
    """Compare a file with the desk. What the file does not have is left alone, or removed with `prune`.

    Only sections that the file has are pruned. The `reason` is kept with a new version of the ruleset.

    Raises:
        BadFile.
    """
    before = names_of(present.things.values())
    names = _with_new(file, before, new_id)
    wanted, mistakes = _things(file, names)
    mistakes += _widened(file, names, present)
    ruleset, more = _ruleset(file, names)
    if mistakes or more:
        raise BadFile([*mistakes, *more])
    kept = {thing.id for thing in wanted}
    removed = [
        thing
        for section, kind in SECTIONS.items()
        if prune and section in file.sections
        for thing in present.things.values()
        if type(thing) is kind and in_file(thing) and thing.id not in kept
    ]
    different = [thing for thing in wanted if thing != present.things.get(thing.id)]
    changes = [_change(thing, present, before, names) for thing in different]
    changes += [Change("removed", thing.kind, before.key_of(thing.id)) for thing in removed]
    sets = [SetThing(thing=one, seen_version=present.versions.get(one.id)) for one in different]
    gone = [
        RemoveThing(kind=one.kind, id=one.id, seen_version=present.versions.get(one.id)) for one in removed
    ]
    commands: list[ChangeDesk | PublishRuleset] = []
    if sets or gone:
        commands.append(
            ChangeDesk(command_id=uuid5(command_id, "things"), actor_id=OPERATOR, changes=(*sets, *gone))
        )
    if ruleset is not None and (changed := _ruleset_change(ruleset, present, before, names)):
        changes.append(changed)
        commands.append(
            PublishRuleset(
                command_id=uuid5(command_id, "rules"),
                actor_id=OPERATOR,
                rules=ruleset.rules,
                default_ticketbox_id=ruleset.default_ticketbox_id,
                seen_version=present.ruleset_version,
                comment=reason,
            )
        )
    return Plan(tuple(changes), tuple(commands))


def _with_new(file: File, before: Names, new_id: Callable[[], UUID]) -> Names:
    """The names of the desk, and those that are in the file only."""
    keys, ids = dict(before.keys), dict(before.ids)
    for section, things in file.sections.items():
        for key in things:
            identity = ids.setdefault((section, key.casefold()), new_id())
            keys[identity] = key
    return Names(keys, ids)


def _things(file: File, names: Names) -> tuple[list[AnyThing], list[Mistake]]:
    found: list[AnyThing] = []
    mistakes: list[Mistake] = []
    for section, things in file.sections.items():
        kind = SECTIONS[section]
        shown = {reference.field: reference.shown for reference in REFERENCES.get(kind, ())}
        for key, data in things.items():
            try:
                fields = unshape(kind, key, data, names)
                identity = names.ids[section, key.casefold()]
                found.append(_validated(kind, {**fields, "id": identity}))
            except UnknownName as error:
                mistakes.append(file.mistake((section, key, *error.path), str(error)))
            except ValidationError as error:
                mistakes += file.mistakes_of(error, (section, key), shown)
    return found, mistakes


def _validated(kind: type[Thing], fields: Mapping[str, object]) -> AnyThing:
    thing: AnyThing = kind.model_validate(fields, extra="forbid")  # type: ignore[assignment]  # of KINDS
    return thing


def _widened(file: File, names: Names, present: Present) -> Iterator[Mistake]:
    """Who has rights in some ticketboxes, and would be everywhere only because the file says nothing of them."""
    for key, fields in file.sections.get("people", {}).items():
        person = present.things.get(names.ids["people", key.casefold()])
        if not isinstance(person, Person) or person.by_role:
            continue
        if "rights" not in fields and fields.get("role") != Role.ADMINISTRATOR:
            words = (
                "without rights this person would be everywhere; write them, or rights: {} if that is meant"
            )
            yield file.mistake(("people", key), words)


def _ruleset(file: File, names: Names) -> tuple[RulesetPublished | None, list[Mistake]]:
    if file.ruleset is None:
        return None, []
    mistakes = [
        file.mistake((RULESET, name), "there is no such field; there are default and rules")
        for name in file.ruleset.keys() - {"default", "rules"}
    ]
    rules, more = _rules(file, file.ruleset.get("rules"), names)
    mistakes += more
    try:
        default = names.id_of(("default",), "ticketboxes", file.ruleset.get("default"))
    except UnknownName as error:
        mistakes.append(file.mistake((RULESET, *error.path), str(error)))
        return None, mistakes
    return RulesetPublished(rules=tuple(rules), default_ticketbox_id=default), mistakes


def _rules(file: File, written: object, names: Names) -> tuple[list[Rule], list[Mistake]]:
    if not isinstance(written, list):
        # Taken for none, it would leave a desk without any rule.
        return [], [file.mistake((RULESET, "rules"), "write them as a list, each behind a dash; [] is none")]
    rules: list[Rule] = []
    mistakes: list[Mistake] = []
    for number, data in enumerate(written):
        at = (RULESET, "rules", number)
        if not isinstance(data, Mapping):
            mistakes.append(file.mistake(at, "a rule has a name, a condition, and what it does"))
            continue
        try:
            rule = Rule.model_validate(unshape_rule(data, names), extra="forbid")
            check(rule.condition)
            rules.append(rule)
        except UnknownName as error:
            mistakes.append(file.mistake((*at, *error.path), str(error)))
        except ValidationError as error:
            mistakes += file.mistakes_of(error, at, {one.field: one.shown for one in RULE_REFERENCES})
        except BadCondition as error:
            mistakes.append(file.mistake((*at, "condition"), str(error)))
    return rules, mistakes


def _change(thing: AnyThing, present: Present, before: Names, after: Names) -> Change:
    old = present.things.get(thing.id)
    new = shape(thing, after, whole=old is not None)
    if old is None:
        # Whatever is there is not as usual, also where it is nothing.
        told = tuple(Difference(field, None, value) for field, value in flat(new).items())
        return Change("added", thing.kind, after.key_of(thing.id), told)
    was = {"name": before.key_of(old.id), **shape(old, before, whole=True)}
    now = {"name": after.key_of(thing.id), **new}
    if isinstance(old, Person) and isinstance(thing, Person) and old.by_role != thing.by_role:
        was["rights"], now["rights"] = _reach(old, before), _reach(thing, after)
    return Change("changed", thing.kind, after.key_of(thing.id), tuple(differences(was, now)))


def _reach(person: Person, names: Names) -> str:
    """Where somebody may do what: to lose the last right of one's own is to be everywhere."""
    if person.by_role:
        return f"everywhere, as the role {person.role} may"
    return "only " + ", ".join(f"{names.key_of(one.ticketbox_id)} ({one.right})" for one in person.rights)


def _ruleset_change(
    ruleset: RulesetPublished, present: Present, before: Names, after: Names
) -> Change | None:
    old = _by_rule(shape_ruleset(present.ruleset, before)) if present.ruleset else {}
    found = differences(old, _by_rule(shape_ruleset(ruleset, after)))
    return Change("changed" if old else "added", RULESET, "", tuple(found)) if found else None


def _by_rule(shaped: Mapping[str, object]) -> dict[str, object]:
    """Rules by their names, so that one that is put before others is one difference."""
    rules = shaped["rules"]
    assert isinstance(rules, list)  # noqa: S101 - shape_ruleset makes a list
    named: dict[str, object] = {}
    for rule in rules:
        name, number = rule["name"], 2
        while name in named:
            name, number = f"{rule['name']} ({number})", number + 1
        named[name] = {field: value for field, value in rule.items() if field != "name"}
    return {"default": shaped["default"], "order": list(named), "rule": named}
