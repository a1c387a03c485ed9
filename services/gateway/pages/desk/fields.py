"""Fields of a form: from a thing's JSON to what a person edits, and back. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import FormData

Widget = Literal[
    "line", "number", "checkbox", "text", "lines", "choice", "choices", "thing", "things",
    "rights", "spans", "days", "query",
]  # fmt: skip
Data = dict[str, object]
_SPAN = re.compile(r"^\d\d?:\d\d-\d\d?:\d\d$")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `name` is its place in the thing, with dots where it is within another."""

    name: str
    label: str
    widget: Widget = "line"
    help: str = ""
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    """Of a choice: value and words."""
    of: str = ""
    """Of things: their kind, or several, with a blank between."""
    unit: str = ""
    """What stands behind a number."""
    empty: str = "None"
    """What a choice of nothing says."""
    wrong: str = ""
    """What is said when it is wrong, where that can be said better than by the model."""
    suggestions: str = ""
    """Of lines: the `datalist` of the page that has some of them."""
    leave_out: bool = False
    """Whether an empty one is no value at all: it is one of several in a mapping."""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together, under a heading."""

    title: str
    fields: tuple[Field, ...]
    help: str = ""
    sentence: bool = False
    """Whether labels and fields are read one after the other, as one sentence."""


def value_at(data: Mapping[str, object], name: str) -> object:
    """The value of a field; None if it, or what it is in, is not there."""
    value: object = data
    for step in name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def chosen(field: Field, data: Mapping[str, object]) -> list[str]:
    """The things that a choice of things has."""
    value = value_at(data, field.name)
    return [str(one) for one in (_list(value) or [value]) if one]


def put_at(data: Data, name: str, value: object) -> None:
    """Give a field its value, within others if need be."""
    *steps, last = name.split(".")
    for step in steps:
        inner = data.setdefault(step, {})
        assert isinstance(inner, dict)  # noqa: S101 - forms are ours
        data = inner
    data[last] = value


def shown(field: Field, value: object) -> object:
    """A value as its widget shows it: text, or for choices of several a list of texts, or for rights a mapping."""
    match field.widget:
        case "line" | "number" | "text" | "choice" | "thing":
            return "" if value is None else str(value)
        case "checkbox":
            return bool(value)
        case "lines":
            return "\n".join(_texts(value))
        case "choices" | "things":
            return _texts(value)
        case "rights":
            return {
                str(one.get("ticketbox_id")): str(one.get("right"))
                for one in (value if isinstance(value, list) else [])
                if isinstance(one, Mapping)
            }
        case "spans":
            return ", ".join(_span(one) for one in _list(value))
        case "days":
            return "\n".join(_day(one) for one in _list(value) if isinstance(one, Mapping))
        case "query":
            return urlencode({str(k): str(v) for k, v in value.items()}) if isinstance(value, Mapping) else ""
        case _:
            assert_never(field.widget)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _texts(value: object) -> list[str]:
    return [str(one) for one in _list(value)]


def _span(value: object) -> str:
    return f"{value.get('begin', '')}-{value.get('end', '')}" if isinstance(value, Mapping) else str(value)


def _day(day: Mapping[str, object]) -> str:
    words = [
        str(day.get("date", "")),
        str(day.get("name", "")),
        *(_span(one) for one in _list(day.get("spans"))),
    ]
    return " ".join(word for word in words if word)


def read(fields: Iterable[Field], form: FormData) -> Data:
    """What a person entered, as JSON of the thing; what makes no sense is left as it is, for the model to refuse."""
    data: Data = {}
    for field in fields:
        value = _read(field, form)
        if not (field.leave_out and value in (None, [], "")):
            put_at(data, field.name, value)
    return data


def _read(field: Field, form: FormData) -> object:
    text = str(form.get(field.name, "")).replace("\r\n", "\n").strip()
    match field.widget:
        case "line" | "text":
            return text
        case "choice" | "thing":
            return text or None
        case "number":
            return int(text) if re.fullmatch(r"-?\d{1,15}", text) else text or None
        case "checkbox":
            return field.name in form
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "choices" | "things":
            return [str(one) for one in form.getlist(field.name)]
        case "rights":
            prefix = f"{field.name}."
            return [
                {"ticketbox_id": name.removeprefix(prefix), "right": str(right)}
                for name, right in form.items()
                if name.startswith(prefix) and right
            ]
        case "spans":
            return _spans(text.replace(",", " ").split())
        case "days":
            return [_read_day(line) for line in text.split("\n") if line.strip()]
        case "query":
            return dict(parse_qsl(text.removeprefix("/tickets").removeprefix("?"), keep_blank_values=True))
        case _:
            assert_never(field.widget)


def _spans(words: Iterable[str]) -> list[object]:
    spans: list[object] = []
    for word in words:
        begin, _, end = word.partition("-")
        if _SPAN.match(word):
            begin, end = begin.zfill(5), end.zfill(5)
        spans.append({"begin": begin, "end": end})
    return spans


def _read_day(line: str) -> Data:
    day, *words = line.split()
    hours = [word.rstrip(",") for word in words if _SPAN.match(word.rstrip(","))]
    name = " ".join(word for word in words if not _SPAN.match(word.rstrip(",")))
    return {"date": day, "name": name, "spans": _spans(hours)}


def by_field(fields: Iterable[Field], errors: Mapping[str, str]) -> dict[str, str]:
    """The words for each field of a form; what belongs to none is under the empty name."""
    found: dict[str, str] = {}
    known = list(fields)
    for place, words in errors.items():
        field = next((one for one in known if place == one.name or place.startswith(f"{one.name}.")), None)
        if field is None:
            found.setdefault("", f"{place}: {words}")
        else:
            found.setdefault(field.name, field.wrong or _sentence(words))
    return found


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
