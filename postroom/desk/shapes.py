"""How a file shows things: by names instead of ids, and what is as usual is left out. Pure, both ways."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from contracts.automations import Automation
from contracts.desk import KINDS, PATH_SEPARATOR, Category, CustomField, Team, Template, Ticketbox, View
from contracts.people import Person, Role
from contracts.rulesets import Rule, RulesetPublished
from contracts.service_levels import Calendar, Policy
from contracts.things import Thing
from services.gateway.desk.categories import path_of

Data = dict[str, object]
RULESET = "ruleset"
SECTIONS: dict[str, type[Thing]] = KINDS
"""The parts of a file, in their order; the ruleset comes last."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that holds ids, what a file calls it, and of which section they are."""

    field: str
    shown: str
    section: str
    or_section: str | None = None
    """Where it is looked for if the first has it not."""
    within: str | None = None
    """The field that it is part of."""
    words: tuple[str, ...] = ()
    """What it may say in place of a name."""

    @property
    def path(self) -> tuple[str, ...]:
        """Its place in a thing of a file."""
        return (self.within, self.shown) if self.within else (self.shown,)


REFERENCES: dict[type[Thing], tuple[Reference, ...]] = {
    Ticketbox: (Reference("calendar_id", "calendar", "calendars"),),
    Team: (Reference("member_ids", "members", "people"),),
    Policy: (
        Reference("ticketbox_ids", "ticketboxes", "ticketboxes"),
        Reference("organisation_ids", "organisations", "organisations"),
        Reference("calendar_id", "calendar", "calendars"),
    ),
    CustomField: (Reference("ticketbox_ids", "ticketboxes", "ticketboxes"),),
    Template: (Reference("ticketbox_ids", "ticketboxes", "ticketboxes"),),
    Automation: (
        Reference("ticketbox_ids", "ticketboxes", "ticketboxes", within="tickets"),
        Reference("category_ids", "categories", "categories", within="tickets"),
        Reference("organisation_ids", "organisations", "organisations", within="tickets"),
        Reference("move_to", "move_to", "ticketboxes", within="then"),
        Reference("assign_to", "assign_to", "people", within="then"),
        Reference("tell_ids", "tell_also", "people", "teams", within="then"),
    ),
}
RULE_REFERENCES = (
    Reference("ticketbox_id", "ticketbox", "ticketboxes"),
    Reference("category_id", "category", "categories"),
    Reference("assignee_id", "owner", "people"),
    Reference("alert", "alert", "people", "teams"),
)
VIEW_REFERENCES = {
    reference.field: reference
    for reference in (
        Reference("box", "box", "ticketboxes", within="parameters"),
        Reference("assignee", "assignee", "people", within="parameters", words=("me", "none")),
        Reference("watcher", "watcher", "people", "teams", within="parameters", words=("me",)),
        Reference("category", "category", "categories", within="parameters"),
        Reference("organisation", "organisation", "organisations", within="parameters"),
    )
}
"""The parameters of views that are ids, as `TicketQuery` has them."""
KEYS: dict[type[Thing], str] = {Person: "email", CustomField: "key"}
"""The field that a file knows a thing by, where it is not its name."""


class UnknownName(Exception):
    """A file names something that is neither in it nor on the desk."""

    def __init__(self, path: tuple[str, ...], section: str, name: object) -> None:
        self.path = path
        super().__init__(f"there is nothing called “{name}” among the {section}")


@dataclass(frozen=True, slots=True)
class Names:
    """Names and ids of things, in both directions."""

    keys: Mapping[UUID, str] = field(default_factory=dict)
    ids: Mapping[tuple[str, str], UUID] = field(default_factory=dict)
    """By section and name, without regard to case."""

    def key_of(self, identity: object) -> str:
        """What a file calls a thing; an id of nothing stays as it is."""
        return self.keys.get(UUID(str(identity)), str(identity))

    def id_of(self, path: tuple[str, ...], section: str, name: object) -> UUID:
        """The thing with a name.

        Raises:
            UnknownName.
        """
        found = self.ids.get((section, str(name).casefold()))
        if found is None:
            raise UnknownName(path, section, name)
        return found

    def id_of_any(self, reference: "Reference", name: object) -> UUID:
        """The thing that a field names.

        Raises:
            UnknownName.
        """
        key = str(name).casefold()
        found = self.ids.get((reference.or_section, key)) if reference.or_section else None
        return (
            self.ids.get((reference.section, key))
            or found
            or self.id_of(reference.path, reference.section, name)
        )


def names_of(things: Iterable[Thing]) -> Names:
    """The names of all things of a desk that a file can have."""
    by_id = {thing.id: thing for thing in things}
    sections = {kind: section for section, kind in SECTIONS.items()}
    keys = {thing.id: key_of(thing, by_id) for thing in by_id.values() if in_file(thing)}
    return Names(keys, {(sections[type(by_id[one])], key.casefold()): one for one, key in keys.items()})


def in_file(thing: Thing) -> bool:
    """Whether a file has it: views of one's own are not configuration."""
    return not (isinstance(thing, View) and thing.owner_id is not None)


def key_of(thing: Thing, things: Mapping[UUID, Thing]) -> str:
    """What a file knows a thing by; of a category, the names of those above it too."""
    if isinstance(thing, Category):
        return path_of(thing, things)
    key: str = getattr(thing, KEYS.get(type(thing), "name"))
    return key


def shape(thing: Thing, names: Names, *, whole: bool = False) -> Data:
    """A thing as a file has it below its name; `whole`: with what is as usual, too."""
    data = thing.model_dump(
        mode="json", exclude_defaults=not whole, exclude={"id", "kind", KEYS.get(type(thing), "name")}
    )
    for reference in REFERENCES.get(type(thing), ()):
        part = data.get(reference.within) if reference.within else data
        if isinstance(part, dict):
            _rename(part, reference.field, reference.shown, lambda value: _keys(value, names))
    match thing:
        case Ticketbox():
            distribution = data.get("distribution")
            if isinstance(distribution, dict) and distribution.get("overflow_to"):
                distribution["overflow_to"] = names.key_of(distribution["overflow_to"])
        case Person():
            # An import asks for them where somebody has some: what was exported can always be imported.
            if thing.rights or whole or thing.role is not Role.ADMINISTRATOR:
                data["rights"] = {names.key_of(one.ticketbox_id): one.right.value for one in thing.rights}
        case Category():
            data.pop("parent_id", None)
        case View():
            data.pop("owner_id", None)
            _rename(data, "parameters", "parameters", lambda value: _parameters(value, names))
        case Calendar():
            data = _with_short_spans(data)
        case _:
            pass
    return data


def _rename(data: Data, old: str, new: str, change: Callable[[object], object]) -> None:
    """Another name and value for a field, which keeps its place."""
    if old in data:
        items = [(new, change(value)) if name == old else (name, value) for name, value in data.items()]
        data.clear()
        data.update(items)


def _keys(value: object, names: Names) -> object:
    if isinstance(value, list):
        return [names.key_of(one) for one in value]
    return None if value is None else names.key_of(value)


def _parameters(value: object, names: Names) -> object:
    """The parameters of a view, some of which may be ids."""
    assert isinstance(value, dict)  # noqa: S101 - the model says so
    return {
        name: names.key_of(one) if name in VIEW_REFERENCES and _is_id(one) else one
        for name, one in value.items()
    }


def _is_id(text: object) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True


def _with_short_spans(data: Data) -> Data:
    """`09:00-12:30` for a span, and days as days."""

    def short(value: object) -> object:
        match value:
            case {"begin": begin, "end": end}:
                return f"{begin}-{end}"
            case {"date": str(day), **rest}:
                return {"date": date.fromisoformat(day), **{name: short(one) for name, one in rest.items()}}
            case dict():
                return {name: short(one) for name, one in value.items()}
            case list():
                return [short(one) for one in value]
            case _:
                return value

    return {name: short(value) for name, value in data.items()}


def unshape(kind: type[Thing], key: str, data: Mapping[str, object], names: Names) -> Data:
    """The fields of a thing as its model takes them, but for its id.

    Raises:
        UnknownName: with the path of the field in the file.
    """
    fields: Data = dict(data)
    for reference in REFERENCES.get(kind, ()):
        part = fields
        if reference.within and isinstance(inner := fields.get(reference.within), Mapping):
            part = fields[reference.within] = dict(inner)
        if reference.shown in part:
            part[reference.field] = _ids(part.pop(reference.shown), reference, names)
    if kind is Category:
        above, _, name = key.rpartition(PATH_SEPARATOR)
        fields["name"] = name
        if above:
            fields["parent_id"] = names.id_of((), "categories", above)
    else:
        fields[KEYS.get(kind, "name")] = key
    if kind is Ticketbox and isinstance(distribution := fields.get("distribution"), Mapping):
        fields["distribution"] = dict(distribution)
        if distribution.get("overflow_to") is not None:
            path = ("distribution", "overflow_to")
            overflow_to = names.id_of(path, "ticketboxes", distribution["overflow_to"])
            fields["distribution"] = {**distribution, "overflow_to": overflow_to}
    if kind is Person and isinstance(rights := fields.get("rights"), Mapping):
        fields["rights"] = [
            {"ticketbox_id": names.id_of(("rights", str(box)), "ticketboxes", box), "right": right}
            for box, right in rights.items()
        ]
    if kind is View and isinstance(parameters := fields.get("parameters"), Mapping):
        fields["parameters"] = _with_ids(parameters, names)
    return _with_long_spans(fields) if kind is Calendar else fields


def _ids(value: object, reference: Reference, names: Names) -> object:
    if isinstance(value, list):
        return [names.id_of_any(reference, one) for one in value]
    return None if value is None else names.id_of_any(reference, value)


def _with_ids(parameters: Mapping[str, object], names: Names) -> Data:
    return {
        name: _with_id(reference, value, names) if (reference := VIEW_REFERENCES.get(name)) else value
        for name, value in parameters.items()
    }


def _with_id(reference: Reference, value: object, names: Names) -> str:
    if value in reference.words:
        return str(value)
    try:
        return str(names.id_of_any(reference, value))
    except UnknownName:
        if _is_id(value):  # of what was removed: views may name it, and a file has it so
            return str(value)
        raise


def _with_long_spans(fields: Data) -> Data:
    def long(value: object) -> object:
        match value:
            case str() if "-" in value:
                begin, _, end = value.partition("-")
                return {"begin": begin.strip(), "end": end.strip()}
            case list():
                return [long(one) for one in value]
            case _:
                return value

    if isinstance(week := fields.get("week"), Mapping):
        fields["week"] = {day: long(spans) for day, spans in week.items()}
    if isinstance(days := fields.get("days"), list):
        fields["days"] = [
            {**day, "spans": long(day.get("spans", []))} if isinstance(day, Mapping) else day for day in days
        ]
    return fields


def shape_ruleset(ruleset: RulesetPublished, names: Names) -> Data:
    """A ruleset as a file has it."""
    return {
        "default": names.key_of(ruleset.default_ticketbox_id),
        "rules": [_shape_rule(rule, names) for rule in ruleset.rules],
    }


def _shape_rule(rule: Rule, names: Names) -> Data:
    data = rule.model_dump(mode="json", exclude_defaults=True)
    for reference in RULE_REFERENCES:
        _rename(data, reference.field, reference.shown, lambda value: _keys(value, names))
    return data


def unshape_rule(data: Mapping[str, object], names: Names) -> Data:
    """The fields of a rule as its model takes them.

    Raises:
        UnknownName.
    """
    fields: Data = dict(data)
    for reference in RULE_REFERENCES:
        value = fields.pop(reference.shown, None)
        if isinstance(value, list):
            fields[reference.field] = [names.id_of_any(reference, one) for one in value]
        elif value is not None:
            fields[reference.field] = names.id_of_any(reference, value)
    return fields
