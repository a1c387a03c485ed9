"""Conditions from rows of field, operator and value, for people who do not write CEL; and back. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rules.fields import FIELDS, HEADERS, Field, Sort


class Operator(StrEnum):
    """How a field is compared."""

    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"
    CONTAINS_NOT = "does not contain"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    MATCHES = "matches the pattern"
    INCLUDES = "is one of them"
    INCLUDES_NOT = "is none of them"
    ONE_CONTAINS = "one contains"
    ONE_ENDS_WITH = "one ends with"
    SOME = "there is one"
    NONE = "there is none"
    AT_LEAST = "is at least"
    AT_MOST = "is at most"
    FROM = "is on or after"
    UNTIL = "is on or before"
    YES = "yes"
    NO = "no"


_TEMPLATES: dict[Operator, str] = {
    Operator.IS: "{path} == {value}",
    Operator.IS_NOT: "{path} != {value}",
    Operator.CONTAINS: "{path}.contains({value})",
    Operator.CONTAINS_NOT: "!{path}.contains({value})",
    Operator.STARTS_WITH: "{path}.startsWith({value})",
    Operator.ENDS_WITH: "{path}.endsWith({value})",
    Operator.MATCHES: "{path}.matches({value})",
    Operator.INCLUDES: "{value} in {path}",
    Operator.INCLUDES_NOT: "!({value} in {path})",
    Operator.ONE_CONTAINS: "{path}.exists(one, one.contains({value}))",
    Operator.ONE_ENDS_WITH: "{path}.exists(one, one.endsWith({value}))",
    Operator.SOME: "size({path}) > 0",
    Operator.NONE: "size({path}) == 0",
    Operator.AT_LEAST: "{path} >= {value}",
    Operator.AT_MOST: "{path} <= {value}",
    Operator.FROM: "{path} >= {value}",
    Operator.UNTIL: "{path} <= {value}",
    Operator.YES: "{path}",
    Operator.NO: "!{path}",
}
OPERATORS: dict[Sort, tuple[Operator, ...]] = {
    Sort.TEXT: tuple(Operator)[:7],
    Sort.TEXTS: (
        Operator.INCLUDES,
        Operator.INCLUDES_NOT,
        Operator.ONE_CONTAINS,
        Operator.ONE_ENDS_WITH,
        Operator.SOME,
        Operator.NONE,
    ),
    Sort.NUMBER: (Operator.AT_LEAST, Operator.AT_MOST),
    Sort.DATE: (Operator.IS, Operator.IS_NOT, Operator.FROM, Operator.UNTIL),
    Sort.YES_OR_NO: (Operator.YES, Operator.NO),
    Sort.CHOICE: (Operator.IS, Operator.IS_NOT),
}
ALONE = frozenset({Operator.SOME, Operator.NONE, Operator.YES, Operator.NO})
"""Those that compare with no value."""
_OF_A_PART = frozenset(
    {
        Operator.CONTAINS,
        Operator.CONTAINS_NOT,
        Operator.STARTS_WITH,
        Operator.ENDS_WITH,
        Operator.MATCHES,
        Operator.ONE_CONTAINS,
        Operator.ONE_ENDS_WITH,
    }
)
"""Those for which nothing is a part of everything: with an empty value they would hold for all mail, or for none."""

_FIELDS = {field.name: field for field in FIELDS}
_HEADER = re.compile(r"headers\.([a-z0-9-]+)")
_VALUE = r'(?P<value>"(?:\\.|[^"\\])*"|-?\d+)'
_PATH = r'(?P<path>message\.headers\["[a-z0-9-]+"\]|message(?:\.[a-z_]+){1,2}?)'


class BadRow(Exception):
    """A row from which no condition can be made."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the builder. `field` is a field's name, or `headers.NAME`; `value` is empty where none is compared."""

    field: str
    operator: Operator
    value: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """A condition that the builder can show. `every`: all rows must hold; else one is enough."""

    rows: tuple[Row, ...]
    every: bool = True


def field_of(name: str) -> Field | None:
    """A field by its name, or a header's."""
    if header := _HEADER.fullmatch(name):
        return Field(name, Sort.TEXT, f"Header {header[1]}")
    return _FIELDS.get(name)


def write(built: Built) -> str:
    """The condition as CEL; without rows it always holds.

    Raises:
        BadRow: a field, an operator or a value that does not fit.
    """
    return (" && " if built.every else " || ").join(map(_write, built.rows)) or "true"


def _write(row: Row) -> str:
    field = field_of(row.field)
    if field is None:
        raise BadRow(f"There is no field “{row.field}”; a header is written as headers.x-spam.")
    if row.operator not in OPERATORS[field.sort]:
        raise BadRow(f"“{field.title}” cannot be asked whether it “{row.operator}”.")
    if row.operator in _OF_A_PART and not row.value:
        raise BadRow(f"“{field.title}” is compared with nothing yet: write what “{row.operator}” looks for.")
    return _TEMPLATES[row.operator].format(path=_path(field), value=_value(field, row.value))


def _path(field: Field) -> str:
    header = _HEADER.fullmatch(field.name)
    return f'message.{HEADERS}["{header[1]}"]' if header else field.path


def _value(field: Field, value: str) -> str:
    match field.sort:
        case Sort.NUMBER:
            if not re.fullmatch(r"-?\d{1,15}", value.strip()):
                raise BadRow(f"“{field.title}” is compared with a whole number, not with “{value}”.")
            return str(int(value))
        case Sort.DATE if not _is_date(value):
            raise BadRow(f"“{field.title}” is compared with a day such as 2026-12-24, not with “{value}”.")
        case Sort.CHOICE if value not in field.choices:
            raise BadRow(f"“{field.title}” is one of {', '.join(field.choices)}, not “{value}”.")
        case _:
            return json.dumps(value.lower() if field.any_case else value, ensure_ascii=False)


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value  # compared as text with the day of the message
    except ValueError:
        return False


def read(condition: str) -> Built | None:
    """The rows that a condition was made of; None if it says more than rows can."""
    if condition.strip() == "true":
        return Built(())
    pieces, every = _pieces(condition.strip())
    rows = [_read(piece) for piece in pieces]
    found = tuple(row for row in rows if row is not None)
    # Only what would be written so is shown so: nothing of a condition gets lost on the way.
    built = Built(found, every)
    try:
        return built if len(found) == len(rows) and write(built) == condition.strip() else None
    except BadRow:
        return None


_SPLIT = re.compile(r' && | \|\| |"(?:\\.|[^"\\])*"')


def _pieces(condition: str) -> tuple[Sequence[str], bool]:
    """What stands between the signs for `and` and `or` that are in no text, and whether the first sign is `and`."""
    signs = [found for found in _SPLIT.finditer(condition) if not found[0].startswith('"')]
    ends = [*(sign.start() for sign in signs), len(condition)]
    starts = [0, *(sign.end() for sign in signs)]
    pieces = [condition[start:end] for start, end in zip(starts, ends, strict=True)]
    return pieces, not signs or signs[0][0] == " && "


def _pattern(template: str) -> re.Pattern[str]:
    whole = re.escape(template)
    return re.compile(whole.replace(r"\{path\}", _PATH).replace(r"\{value\}", _VALUE))


_PATTERNS = {operator: _pattern(template) for operator, template in _TEMPLATES.items()}


def _read(piece: str) -> Row | None:
    for operator, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(piece):
            name = re.sub(r'\["([a-z0-9-]+)"\]', r".\1", found["path"]).removeprefix("message.")
            field = field_of(name)
            if field is None or operator not in OPERATORS[field.sort]:
                continue
            value = found.groupdict().get("value")
            return Row(name, operator, "" if value is None else _plain(value))
    return None


def _plain(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        text: str = json.loads(value)
    except ValueError:  # an escape of CEL's that JSON has not: then it does not come back the same either
        return ""
    return text
