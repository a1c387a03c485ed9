"""The builder: rows become CEL, and come back."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.builder import ALONE, OPERATORS, BadRow, Built, Operator, Row, field_of, read, write
from rules.condition import check
from rules.fields import FIELDS, Sort

MAY_BE_EMPTY = {Operator.IS, Operator.IS_NOT, Operator.INCLUDES, Operator.INCLUDES_NOT}


@st.composite
def rows(draw: st.DrawFn) -> Row:
    headers = st.from_regex(r"headers\.[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
    name = draw(st.one_of(st.sampled_from([field.name for field in FIELDS]), headers))
    field = field_of(name)
    assert field is not None
    operator = draw(st.sampled_from(OPERATORS[field.sort]))
    match field.sort:
        case Sort.NUMBER:
            value = str(draw(st.integers(-(10**12), 10**12)))
        case Sort.CHOICE:
            value = draw(st.sampled_from(field.choices))
        case _ if operator in ALONE:
            value = ""
        case Sort.DATE:
            value = draw(st.dates()).isoformat()
        case _:
            letters = st.characters(exclude_categories=["Cs"])
            value = draw(st.text(letters, min_size=0 if operator in MAY_BE_EMPTY else 1))
            if operator is Operator.MATCHES:
                value = draw(st.sampled_from(["^a+$", r"\d{4}", "a|b", 'say "hi"']))
    return Row(name, operator, value.lower() if field.any_case else value)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.builds(Built, st.lists(rows(), max_size=6).map(tuple), st.booleans()))
def test_what_the_builder_writes_can_be_put_in_force_and_read_back(built: Built) -> None:
    condition = write(built)
    check(condition)
    found = read(condition)
    assert found is not None
    assert found.rows == built.rows
    assert len(built.rows) < 2 or found.every == built.every


@pytest.mark.parametrize(
    "condition",
    [
        "message.subject == 'a'",  # the builder writes double quotation marks
        'message.subject == "a" && (message.size >= 3)',
        'message.subject == "a" && message.size >= 3 || message.automatic',
        "message.nothing",
        'message.subject == "\\a"',
        "size(message.attachments) > 1",
        "size(message.subject) > 0",
        'message.local.date >= "2026-13-01"',
    ],
)
def test_what_the_builder_cannot_show_it_does_not_show(condition: str) -> None:
    assert read(condition) is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (Row("nothing", Operator.IS, "a"), "no field"),
        (Row("size", Operator.CONTAINS, "a"), "cannot be asked"),
        (Row("size", Operator.AT_LEAST, "much"), "whole number"),
        (Row("kind", Operator.IS, "spam"), "one of"),
        (Row("local.date", Operator.FROM, "24.12.2026"), "a day such as 2026-12-24"),
        (Row("local.date", Operator.UNTIL, "20261224"), "a day such as 2026-12-24"),
        (Row("subject", Operator.CONTAINS), "compared with nothing yet"),
        (Row("subject", Operator.CONTAINS_NOT), "compared with nothing yet"),
        (Row("headers.x-spam", Operator.MATCHES), "compared with nothing yet"),
        (Row("recipients", Operator.ONE_ENDS_WITH), "compared with nothing yet"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row: Row, why: str) -> None:
    with pytest.raises(BadRow, match=why):
        write(Built((row,)))


def test_files_and_days_are_asked_for_in_rows() -> None:
    rows = (Row("attachments", Operator.SOME), Row("local.date", Operator.FROM, "2026-12-24"))
    assert write(Built(rows)) == 'size(message.attachments) > 0 && message.local.date >= "2026-12-24"'


def test_without_rows_a_rule_holds_for_every_message() -> None:
    assert write(Built(())) == "true"
    assert read("true") == Built(())
