"""One rule as a form: what a person typed, what it means, and how it is shown again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from pydantic import ValidationError
from starlette.datastructures import FormData

from contracts.router import Disposition
from contracts.rulesets import Rule
from rules import builder
from rules.builder import ALONE, OPERATORS, BadRow, Built, Operator, Row
from rules.condition import BadCondition, check
from rules.fields import FIELDS, Sort
from services.gateway.pages import entered
from services.gateway.problems import Unprocessable

HEADER = "headers"
"""The field of a row whose header is named beside it."""


@dataclass(frozen=True, slots=True)
class RowForm:
    """A row as it was typed."""

    field: str = FIELDS[0].name
    header: str = ""
    operator: str = Operator.CONTAINS
    value: str = ""

    @property
    def name(self) -> str:
        return f"{HEADER}.{self.header.strip().lower()}" if self.field == HEADER else self.field

    @property
    def sort(self) -> Sort:
        """What values the field has."""
        found = builder.field_of(self.name)
        return found.sort if found else Sort.TEXT

    @property
    def operators(self) -> tuple[Operator, ...]:
        """Those that fit the field."""
        return OPERATORS[self.sort]

    @property
    def choices(self) -> tuple[str, ...]:
        """What the value can be; empty: anything."""
        found = builder.field_of(self.name)
        return found.choices if found else ()

    @property
    def needs_value(self) -> bool:
        return self.operator not in ALONE

    def row(self) -> Row:
        """What it means.

        Raises:
            BadRow: no operator has this name.
        """
        if self.operator not in set(Operator):
            raise BadRow(f"There is no operator “{self.operator}”.")
        return Row(self.name, Operator(self.operator), self.value)

    def fitting(self) -> "RowForm":
        """With an operator and a value that the field has, where what was chosen was for another field."""
        operator = self.operator if self.operator in self.operators else self.operators[0]
        value = self.choices[0] if self.choices and self.value not in self.choices else self.value
        return replace(self, operator=operator, value=value)


def row_form(row: Row) -> RowForm:
    """A row as it is shown."""
    if row.field.startswith(f"{HEADER}."):
        return RowForm(HEADER, row.field.removeprefix(f"{HEADER}."), row.operator, row.value)
    return RowForm(row.field, "", row.operator, row.value)


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule as it was typed."""

    name: str = ""
    called: str = ""
    """The name that it has in the draft; empty: it is new."""
    written_as: Literal["rows", "cel"] = "rows"
    rows: tuple[RowForm, ...] = (RowForm(),)
    every: bool = True
    condition: str = "true"
    ticketbox: str = ""
    priority: str = ""
    tags: str = ""
    disposition: str = Disposition.DELIVER
    reason: str = ""
    category: str = ""
    owner: str = ""
    acknowledge: str = ""
    """Empty, `yes` or `no`."""
    acknowledgement: str = ""
    copies: str = ""
    alerts: tuple[str, ...] = ()
    stop: bool = True

    @property
    def written(self) -> str:
        """The condition that the form makes; what keeps the rows from making one, in its place."""
        if self.written_as == "cel":
            return self.condition
        try:
            return builder.write(Built(tuple(row.row() for row in self.rows), self.every))
        except BadRow as error:
            return f"// {error}"

    @property
    def problem(self) -> str | None:
        """What is wrong with the condition."""
        if self.written.startswith("// "):
            return self.written.removeprefix("// ")
        try:
            check(self.written)
        except BadCondition as error:
            return f"This condition cannot be used: {error}."
        return None

    def rule(self) -> Rule:
        """The rule that was meant.

        Raises:
            Unprocessable: something does not fit.
        """
        if self.problem is not None and self.written_as == "rows":
            raise Unprocessable(self.problem)
        if not self.name.strip():
            raise Unprocessable("Give the rule a name: it is shown with every decision.")
        try:
            return Rule(
                name=self.name.strip(),
                condition=self.written.strip() or "true",
                ticketbox_id=entered.identity(self.ticketbox),
                priority=entered.priority(self.priority),
                tags=tuple(tag for tag in self.tags.split(",") if tag.strip()),
                disposition=Disposition(self.disposition),
                reason=self.reason.strip() or None,
                category_id=entered.identity(self.category),
                assignee_id=entered.identity(self.owner),
                acknowledge={"yes": True, "no": False}.get(self.acknowledge),
                acknowledgement=self.acknowledgement.strip() or None,
                forward_to=tuple(dict.fromkeys(self.copies.split())),
                alert=tuple(UUID(one) for one in self.alerts),
                stop=self.stop,
            )
        except (ValidationError, ValueError) as error:
            raise Unprocessable(f"This rule cannot be kept: {error}.") from error

    def after(self, button: str) -> "RuleForm":
        """The form after a button that changes it: `add`, `remove N`, `rows` or `cel`."""
        match button.split():
            case ["add"]:
                return replace(self, rows=(*self.rows, RowForm()))
            case ["remove", number]:
                kept = tuple(row for at, row in enumerate(self.rows) if str(at) != number)
                return replace(self, rows=kept)
            case ["cel"]:
                return replace(self, written_as="cel", condition=self.written)
            case ["rows"]:
                return self._in_rows()
            case _:
                return self

    def _in_rows(self) -> "RuleForm":
        built = builder.read(self.condition)
        if built is None:
            raise Unprocessable("This condition says more than rows can show; it stays as it is written.")
        return replace(self, written_as="rows", rows=tuple(map(row_form, built.rows)), every=built.every)


def form_of(rule: Rule) -> RuleForm:
    """A rule as it is shown; in rows if rows can say it."""
    built = builder.read(rule.condition)
    return RuleForm(
        name=rule.name,
        called=rule.name,
        written_as="rows" if built else "cel",
        rows=tuple(map(row_form, built.rows)) if built else (),
        every=built.every if built else True,
        condition=rule.condition,
        ticketbox=str(rule.ticketbox_id or ""),
        priority=rule.priority or "",
        tags=", ".join(rule.tags),
        disposition=rule.disposition,
        reason=rule.reason or "",
        category=str(rule.category_id or ""),
        owner=str(rule.assignee_id or ""),
        acknowledge={True: "yes", False: "no", None: ""}[rule.acknowledge],
        acknowledgement=rule.acknowledgement or "",
        copies="\n".join(rule.forward_to),
        alerts=tuple(map(str, rule.alert)),
        stop=rule.stop,
    )


def read_form(data: FormData) -> RuleForm:
    """What was typed."""

    def text(name: str) -> str:
        return str(data.get(name, ""))

    def texts(name: str) -> Sequence[str]:
        return [str(value) for value in data.getlist(name)]

    columns = (texts("field"), texts("header"), texts("operator"), texts("value"))
    return RuleForm(
        name=text("name"),
        called=text("called"),
        written_as="cel" if text("written_as") == "cel" else "rows",
        rows=tuple(RowForm(*cells).fitting() for cells in zip(*columns, strict=False)),
        every=text("every") != "one",
        condition=text("condition").replace("\r\n", "\n"),
        ticketbox=text("ticketbox"),
        priority=text("priority"),
        tags=text("tags"),
        disposition=text("disposition") or Disposition.DELIVER,
        reason=text("reason"),
        category=text("category"),
        owner=text("owner"),
        acknowledge=text("acknowledge"),
        acknowledgement=text("acknowledgement").replace("\r\n", "\n"),
        copies=text("copies"),
        alerts=tuple(texts("alert")),
        stop=text("stop") != "",
    )
