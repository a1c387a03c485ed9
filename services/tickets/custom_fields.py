"""Values of custom fields: what fits which type."""

from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from chassis.commands import Invalid
from contracts.desk import CustomField, FieldType
from contracts.tickets import FieldValue

MOST = 10**18
"""Numbers are smaller: JSON is read and written with integers of 64 bits."""


def belongs(field: CustomField, ticketbox_id: UUID) -> bool:
    """Whether tickets of a ticketbox have the field."""
    return not field.ticketbox_ids or ticketbox_id in field.ticketbox_ids


def fit(field: CustomField, value: FieldValue) -> FieldValue:
    """The value in the field's own type, where forms and programs write it as text.

    Raises:
        Invalid: it does not fit.
    """
    text = str(value).strip()
    match field.type:
        case FieldType.TEXT if text and not isinstance(value, bool):
            return text
        case FieldType.CHOICE if text in field.choices:
            return text
        case FieldType.CHECKBOX if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        case FieldType.NUMBER if not isinstance(value, bool) and (number := _number(text)) is not None:
            return number
        case FieldType.DATE if (day := _day(text)) is not None:
            return day
        case _:
            raise Invalid(
                f"“{text}” does not fit “{field.name}”: it takes {_wanted(field)}.", field=field.key
            )


def _wanted(field: CustomField) -> str:
    if field.choices:
        return f"one of {', '.join(field.choices)}"
    if field.type is FieldType.NUMBER:
        return "a number of at most 18 digits, or 15 with a decimal point"
    return f"a {field.type}"


def _number(text: str) -> int | float | None:
    """The number that a text says; None: none, or one that would not come back from JSON to its last digit."""
    try:
        said = Decimal(text)
    except InvalidOperation:
        return None
    if "_" in text or not said.is_finite() or not -MOST < said < MOST:
        return None
    number = int(said) if said == int(said) else float(said)
    return number if Decimal(str(number)) == said else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
