"""What a condition may look at, as `message.NAME`: the one list behind facts, checks, the builder and the docs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from contracts.mail import Kind, ScanVerdict

Facts = Mapping[str, object]
"""A message as conditions see it: the first part of each field's name, and its value."""


class Sort(StrEnum):
    """What values a field has."""

    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    DATE = "date"
    YES_OR_NO = "yes_or_no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    """`name` has two parts where the value is part of a map."""

    name: str
    sort: Sort
    title: str
    """For people who build a condition from rows."""
    choices: tuple[str, ...] = ()
    any_case: bool = False
    """Its values are in lower case, so what they are compared with must be."""

    @property
    def path(self) -> str:
        """As CEL writes it."""
        return f"message.{self.name}"


METHODS = ("spf", "dkim", "dmarc", "arc")
RESULTS = ("pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror", "none")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NO_SCAN = "none"

FIELDS: tuple[Field, ...] = (
    Field("from", Sort.TEXT, "Sender's address", any_case=True),
    Field("from_name", Sort.TEXT, "Sender's name"),
    Field("from_domain", Sort.TEXT, "Sender's domain", any_case=True),
    Field("contact", Sort.TEXT, "Sender's name, as we keep it"),
    Field("organisation", Sort.TEXT, "Sender's organisation"),
    Field("recipients", Sort.TEXTS, "Our address that it came to", any_case=True),
    Field("to", Sort.TEXTS, "Address in To", any_case=True),
    Field("cc", Sort.TEXTS, "Address in Cc", any_case=True),
    Field("lower.subject", Sort.TEXT, "Subject, in any case", any_case=True),
    Field("lower.text", Sort.TEXT, "Text, in any case", any_case=True),
    Field("subject", Sort.TEXT, "Subject, exactly"),
    Field("text", Sort.TEXT, "Text, exactly"),
    Field("reply", Sort.TEXT, "Text without quotations"),
    Field("language", Sort.TEXT, "Language, such as en", any_case=True),
    Field("kind", Sort.CHOICE, "Kind of mail", tuple(one.value for one in Kind)),
    Field("automatic", Sort.YES_OR_NO, "A machine sent it"),
    Field("attachments", Sort.TEXTS, "Name of a file"),
    Field("attachment_types", Sort.TEXTS, "Type of a file", any_case=True),
    Field("size", Sort.NUMBER, "Size in bytes"),
    Field("source", Sort.TEXT, "Way that it came"),
    *(
        Field(f"authentication.{method}", Sort.CHOICE, f"Result of {method.upper()}", RESULTS)
        for method in METHODS
    ),
    Field("scan", Sort.CHOICE, "Virus scanner's verdict", (*(one.value for one in ScanVerdict), NO_SCAN)),
    Field("in_business_hours", Sort.YES_OR_NO, "Came in business hours"),
    Field("local.weekday", Sort.CHOICE, "Day of the week", WEEKDAYS),
    Field("local.hour", Sort.NUMBER, "Hour of the day, 0 to 23"),
    Field("local.date", Sort.DATE, "Date"),
)
"""Beside them there is the map `message.headers`, whose names are those of each message."""

HEADERS = "headers"
NAMES = frozenset({HEADERS, *(field.name.partition(".")[0] for field in FIELDS)})


def _sample(field: Field) -> object:
    match field.sort:
        case Sort.TEXT | Sort.DATE:
            return ""
        case Sort.TEXTS:
            return []
        case Sort.NUMBER:
            return 0
        case Sort.YES_OR_NO:
            return False
        case Sort.CHOICE:
            return field.choices[0]
        case _:
            assert_never(field.sort)


def empty_facts() -> dict[str, object]:
    """A message without anything in it, to try conditions on."""
    facts: dict[str, object] = {HEADERS: {}}
    for field in FIELDS:
        whole, _, part = field.name.partition(".")
        if part:
            inner = facts.setdefault(whole, {})
            assert isinstance(inner, dict)  # noqa: S101 - no name is both a value and a map
            inner[part] = _sample(field)
        else:
            facts[whole] = _sample(field)
    return facts
