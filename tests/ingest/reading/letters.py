"""Lifelike mail to judge, and its structure."""

import csv
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.ingest.reading.bodies import bodies
from services.ingest.reading.kind import Judgement, judge
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Repairs
from services.ingest.reading.structure import structure

SAMPLES = Path(__file__).parent

USUAL = {
    "From": "Anna Klein <anna@customer.example>",
    "To": "support@example.com",
    "Date": "Mon, 11 Mar 2024 09:14:22 +0100",
    "Message-ID": "<a1@customer.example>",
    "Content-Type": "text/plain; charset=utf-8",
}
"""How a customer's mail program begins a message to us."""


def letter(subject: str, text: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A message to us, with what `headers` adds to the usual header or says otherwise."""
    fields = {**USUAL, "Subject": subject, **(headers or {})}
    return ("".join(f"{name}: {value}\n" for name, value in fields.items()) + f"\n{text}\n").encode()


def table(name: str) -> Mapping[str, bytes]:
    """The messages of a TOML file beside this one, by their names."""
    found: dict[str, dict[str, Any]] = tomllib.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return {name: letter(**message) for name, message in found.items()}


def expected(folder: str) -> list[dict[str, str | None]]:
    """The rows of a folder's `expected.csv`; what is empty there is None."""
    with (SAMPLES / folder / "expected.csv").open(encoding="utf-8", newline="") as rows:
        return [{name: value or None for name, value in row.items()} for row in csv.DictReader(rows)]


def tree(raw: bytes) -> Part:
    """The parts of a message."""
    return structure(raw, Repairs())


def text_of(root: Part) -> str:
    """What a person reads of it."""
    return bodies(root, Repairs()).text


def judged(raw: bytes) -> Judgement:
    root = tree(raw)
    return judge(root, text_of(root))
