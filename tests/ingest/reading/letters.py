"""Lifelike mail to judge, and its structure."""

from collections.abc import Mapping
from pathlib import Path

from services.ingest.reading.bodies import bodies
from services.ingest.reading.kind import Judgement, judge
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Repairs
from services.ingest.reading.structure import structure

Headers = Mapping[str, str]
SAMPLES = Path(__file__).parent


def letter(headers: Headers, subject: str, text: str) -> bytes:
    """A message to us; what `headers` does not say is as a customer's mail program writes it."""
    usual = {
        "From": "Anna Klein <anna@customer.example>",
        "To": "support@example.com",
        "Date": "Mon, 11 Mar 2024 09:14:22 +0100",
        "Message-ID": "<a1@customer.example>",
        "Subject": subject,
        "Content-Type": "text/plain; charset=utf-8",
    }
    fields = usual | dict(headers)
    return ("".join(f"{name}: {value}\n" for name, value in fields.items()) + f"\n{text}\n").encode()


def tree(raw: bytes) -> Part:
    """The parts of a message."""
    return structure(raw, Repairs())


def text_of(root: Part) -> str:
    """What a person reads of it."""
    return bodies(root, Repairs()).text


def judged(raw: bytes) -> Judgement:
    root = tree(raw)
    return judge(root, text_of(root))
