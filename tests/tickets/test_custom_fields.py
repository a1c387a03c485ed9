"""Custom fields of tickets: what fits which type, and what must be filled in before a ticket is solved."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from chassis.commands import Invalid
from contracts.commands import AnyTicketCommand, CloseTicket, SetFields, SolveTicket, SubmitReply
from contracts.desk import CustomField, FieldType, Ticketbox
from contracts.stream_ids import ticket_id_of
from contracts.tickets import FieldValue, State
from services.tickets.custom_fields import fit
from tests.tickets.desktop import ANNA, BOX, DESK, Desktop, letter

TICKET = ticket_id_of(letter(1).message_id)

ORDER = CustomField(id=uuid4(), name="Order", key="order", type=FieldType.NUMBER)
BOUGHT = CustomField(id=uuid4(), name="Bought on", key="bought", type=FieldType.DATE)
STRICT = Ticketbox(
    id=BOX, name="Support", addresses=("support@example.com",), required_fields=(ORDER.key, BOUGHT.key)
)


def field(kind: FieldType) -> CustomField:
    choices = ("broken", "late") if kind is FieldType.CHOICE else ()
    return CustomField(id=uuid4(), name="About", key="about", type=kind, choices=choices)


@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        (FieldType.TEXT, "  a lamp ", "a lamp"),
        (FieldType.TEXT, 12, "12"),
        (FieldType.CHOICE, " late ", "late"),
        (FieldType.CHECKBOX, "True", True),
        (FieldType.CHECKBOX, False, False),
        (FieldType.NUMBER, " 4711 ", 4711),
        (FieldType.NUMBER, -1.5, -1.5),
        (FieldType.NUMBER, "2.50", 2.5),
        (FieldType.NUMBER, "+1e3", 1000),
        (FieldType.NUMBER, "123456789012345678", 123456789012345678),
        (FieldType.NUMBER, -999999999999999999, -999999999999999999),
        (FieldType.NUMBER, "0.123456789012345", 0.123456789012345),
        (FieldType.DATE, "2026-03-02", date(2026, 3, 2)),
        (FieldType.DATE, date(2026, 3, 2), date(2026, 3, 2)),
    ],
)
def test_a_value_that_fits_is_kept_in_the_type_of_the_field(
    kind: FieldType, said: FieldValue, kept: FieldValue
) -> None:
    found = fit(field(kind), said)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (FieldType.TEXT, "  "),
        (FieldType.TEXT, True),
        (FieldType.CHOICE, "lost"),
        (FieldType.CHOICE, "Late"),
        (FieldType.CHECKBOX, "yes"),
        (FieldType.CHECKBOX, 1),
        (FieldType.NUMBER, "many"),
        (FieldType.NUMBER, True),
        (FieldType.NUMBER, "nan"),
        (FieldType.NUMBER, "-inf"),
        (FieldType.NUMBER, "1e999"),
        (FieldType.NUMBER, "1e-999"),
        (FieldType.NUMBER, "1e999999999"),
        (FieldType.NUMBER, "1e-999999999"),
        (FieldType.NUMBER, "1_000"),
        (FieldType.NUMBER, "12345678901234567890"),
        (FieldType.NUMBER, "0.12345678901234567890"),
        (FieldType.DATE, "2026-02-30"),
        (FieldType.DATE, "tomorrow"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(kind: FieldType, said: FieldValue) -> None:
    with pytest.raises(Invalid, match="does not fit “About”"):
        fit(field(kind), said)


def test_who_said_something_else_is_told_the_choices() -> None:
    with pytest.raises(Invalid, match="“lost” does not fit “About”: it takes one of broken, late"):
        fit(field(FieldType.CHOICE), "lost")


SOLVE = SolveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET)
CLOSE = CloseTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET)
ANSWER = SubmitReply(
    command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, reply_id=uuid4(), text="Hello", seen_version=9
)
ANSWER_AND_SOLVE = ANSWER.model_copy(update={"solve": True})


def given(**fields: FieldValue) -> Desktop:
    """A ticket of a ticketbox that wants two fields filled in, of which some are."""
    strict = {thing.id: thing for thing in (STRICT, ORDER, BOUGHT)}
    desktop = Desktop.empty(replace(DESK, things={**DESK.things, **strict}))
    desktop.take(letter(1))
    desktop.ask(SetFields(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, fields=dict(fields)))
    return desktop


def state(desktop: Desktop) -> State:
    return desktop.tickets[TICKET].state


@pytest.mark.parametrize("command", [SOLVE, CLOSE, ANSWER_AND_SOLVE], ids=["solve", "close", "answer"])
def test_what_is_missing_is_named_before_solving_and_nothing_happens(command: AnyTicketCommand) -> None:
    desktop = given(order=4711)
    with pytest.raises(Invalid, match=r"^Fill in before solving: Bought on\.$") as refusal:
        desktop.ask(command)
    assert refusal.value.facts == {"missing": "bought"}
    assert (state(desktop), desktop.tickets[TICKET].replies) == (State.OPEN, {})


@pytest.mark.parametrize(
    ("command", "becomes"),
    [(SOLVE, State.SOLVED), (CLOSE, State.CLOSED), (ANSWER_AND_SOLVE, State.SOLVED)],
    ids=["solve", "close", "answer"],
)
def test_a_ticket_with_all_of_them_is_solved(command: AnyTicketCommand, becomes: State) -> None:
    desktop = given(order=0, bought="2026-03-02")
    desktop.ask(command)
    assert state(desktop) is becomes


def test_an_answer_that_does_not_solve_needs_none_of_them() -> None:
    desktop = given()
    desktop.ask(ANSWER)
    assert len(desktop.tickets[TICKET].replies) == 1


def test_a_field_that_is_emptied_is_missing_again() -> None:
    desktop = given(order=4711, bought="2026-03-02")
    desktop.ask(SetFields(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, fields={"order": None}))
    with pytest.raises(Invalid, match="Order"):
        desktop.ask(SOLVE)
