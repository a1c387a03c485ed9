"""The words by which machines are known, in tables beside this file, and how texts are compared with them."""

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

Phrases = tuple[str, ...]


def folded(text: str) -> str:
    """Make texts comparable: one case, one width, no accents, plain apostrophes, single spaces.

    Accents go because the mail of servers loses them often enough.
    """
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
        text = "".join(character for character in apart if not unicodedata.combining(character))
    return " ".join(text.casefold().split())


def says(text: str, phrases: Iterable[str]) -> bool:
    """Whether a folded text holds one of the phrases."""
    return any(phrase in text for phrase in phrases)


def phrases(table: str, name: str) -> Phrases:
    """The phrases of `table`.toml under `name` ("subjects.failure"), of all languages below it, folded."""
    found: object = _tables(table)
    for key in name.split("."):
        found = found[key] if isinstance(found, dict) else None
    return tuple(dict.fromkeys(_folded_phrase(phrase) for phrase in _flat(found)))


def names(table: str, name: str) -> tuple[str, ...]:
    """The keys below `name`, in the order of the file."""
    found = _tables(table)[name]
    return tuple(found) if isinstance(found, dict) else ()


@cache
def _tables(table: str) -> dict[str, object]:
    return tomllib.loads((files(__package__) / f"{table}.toml").read_text(encoding="utf-8"))


def _flat(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for inner in found.values():
            yield from _flat(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from _flat(inner)


def _folded_phrase(phrase: str) -> str:
    """Spaces around a phrase ask for whole words, and stay."""
    before, after = phrase[: phrase.startswith(" ")], " " * phrase.endswith(" ")
    return before + folded(phrase) + after
