"""A file of the desk as it is read: every mistake with its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from postroom.desk.shapes import RULESET, SECTIONS

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something in a file that must be mended."""

    line: int
    path: Path
    words: str

    def __str__(self) -> str:
        place = " > ".join(str(step) for step in self.path)
        return f"line {self.line}: {place}: {self.words}" if place else f"line {self.line}: {self.words}"


class BadFile(Exception):
    """A file that cannot be applied, with all mistakes that were found in it."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(one) for one in sorted(mistakes, key=lambda one: one.line)))


@dataclass(frozen=True, slots=True)
class File:
    """What a file says: its sections by name, each with its things by theirs."""

    tree: CommentedMap
    sections: Mapping[str, Mapping[str, Mapping[str, object]]]
    ruleset: Mapping[str, object] | None

    def mistake(self, path: Path, words: str) -> Mistake:
        """A mistake at a place, or at the nearest place above it that the file has."""
        return Mistake(_line(self.tree, path), path, words)

    def mistakes_of(self, error: ValidationError, at: Path, shown: Mapping[str, str]) -> list[Mistake]:
        """What a model finds wrong; `shown` are the fields that a file calls otherwise."""
        found = []
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            inner = tuple(shown.get(step, step) if isinstance(step, str) else step for step in one["loc"])
            words = "there is no such field" if one["type"] == "extra_forbidden" else one["msg"]
            found.append(self.mistake((*at, *inner), words[0].lower() + words[1:]))
        return found


def parse(text: str) -> File:
    """Read a file.

    Raises:
        BadFile: it is no YAML, or not in the shape of a desk.
    """
    # YAML 1.2: in the older one, NO is false and 12:30 is a number.
    reader = YAML(typ="rt", pure=True)
    try:
        tree = reader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise BadFile([Mistake(mark.line + 1 if mark else 1, (), words or "this is no YAML")]) from error
    except (YAMLError, ValueError) as error:
        raise BadFile([Mistake(1, (), f"this is no YAML: {error}")]) from error
    if not isinstance(tree, CommentedMap):
        raise BadFile([Mistake(1, (), f"a desk has sections: {', '.join([*SECTIONS, RULESET])}")])
    mistakes = list(_misshapen(tree))
    if mistakes:
        raise BadFile(mistakes)
    sections = {
        name: {str(key): _plain_mapping(body) for key, body in (tree[name] or {}).items()}
        for name in SECTIONS
        if name in tree
    }
    return File(tree, sections, _plain_mapping(tree[RULESET]) if RULESET in tree else None)


def _misshapen(tree: CommentedMap) -> Iterator[Mistake]:
    for name, section in tree.items():
        if name == RULESET:
            if not isinstance(section, CommentedMap):
                yield Mistake(_line(tree, (name,)), (name,), "it has a default and rules")
        elif name not in SECTIONS:
            words = f"there is no such section; there are {', '.join([*SECTIONS, RULESET])}"
            yield Mistake(_line(tree, (name,)), (str(name),), words)
        elif section is not None and not isinstance(section, CommentedMap):
            yield Mistake(
                _line(tree, (name,)), (name,), "write each as its name, a colon, and its fields below"
            )
        elif section is not None:
            yield from _misshapen_things(tree, name, section)


def _misshapen_things(tree: CommentedMap, name: str, section: CommentedMap) -> Iterator[Mistake]:
    spellings: dict[str, str] = {}
    for key, body in section.items():
        if not isinstance(key, str):
            yield Mistake(_line(tree, (name, key)), (name, str(key)), "write this name in quotes")
        elif (first := spellings.setdefault(key.casefold(), key)) != key:
            words = f"it is there already, as “{first}”; upper and lower case are the same"
            yield Mistake(_line(tree, (name, key)), (name, key), words)
        elif body is not None and not isinstance(body, CommentedMap):
            yield Mistake(_line(tree, (name, key)), (name, key), "its fields belong below its name")


def _line(tree: object, path: Path) -> int:
    line = 1
    for step in path:
        match tree:
            case CommentedMap() if step in tree:
                line = tree.lc.key(step)[0] + 1
                tree = tree[step]
            case CommentedSeq() if isinstance(step, int) and step < len(tree):
                line = tree.lc.item(step)[0] + 1
                tree = tree[step]
            case _:
                return line
    return line


def _plain_mapping(value: object) -> dict[str, object]:
    return {str(name): _plain(one) for name, one in value.items()} if isinstance(value, Mapping) else {}


def _plain(value: object) -> object:
    """Without what the reader knows beside the value, so that models take it for what it is."""
    match value:
        case Mapping():
            return {name: _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case bool() | None:
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case str():
            return str(value)
        case _:
            return value
