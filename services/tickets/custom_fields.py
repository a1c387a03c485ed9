"""Values of custom fields: what fits which type."""

from datetime import date
from uuid import UUID

from chassis.commands import Invalid
from contracts.desk import CustomField, FieldType
from contracts.tickets import FieldValue


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
            wanted = f"one of {', '.join(field.choices)}" if field.choices else f"a {field.type}"
            raise Invalid(f"“{text}” does not fit “{field.name}”: it takes {wanted}.", field=field.key)


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN is no number of ours
        return None
    return int(number) if number.is_integer() else number


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
