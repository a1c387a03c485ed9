"""Templates of answers: which are offered first, and what is filled in."""

from uuid import uuid4

import pytest

from contracts.desk import Template
from services.gateway.tickets.answer_templates import Answering, fill, found

KIM = Answering(
    customer="Kim Customer", agent="Anna Berg", number=10008, subject="Where is my lamp?", language="de"
)


def template(name: str, text: str = "Hello", language: str | None = None) -> Template:
    return Template(id=uuid4(), name=name, text=text, language=language)


def names(templates: list[Template], q: str, language: str = "") -> list[str]:
    return [one.name for one in found(templates, q, language)]


def test_a_template_is_filled_with_what_the_ticket_knows() -> None:
    text = "Hello {customer},\n{subject} is {number}.\n{agent}"
    assert fill(text, KIM) == "Hello Kim Customer,\nWhere is my lamp? is 10008.\nAnna Berg"


@pytest.mark.parametrize("text", ["{}", "{ customer }", "{price}", "{{", "f(x) = {x | x > 0}"])
def test_other_braces_stay_as_they_are(text: str) -> None:
    assert fill(text, KIM) == text


def test_what_a_customer_calls_himself_is_not_filled_in_again() -> None:
    sly = Answering(customer="{agent}", agent="Anna Berg", number=10008, subject="{customer}", language="")
    assert fill("{customer}: {subject}", sly) == "{agent}: {customer}"


def test_a_template_is_found_by_words_of_its_name_or_its_text() -> None:
    some = [
        template("Return of a lamp", "Send it to us."),
        template("Delay", "It comes on Monday, the lamp."),
    ]
    assert names(some, "") == ["Delay", "Return of a lamp"]
    assert names(some, "LAMP ret") == ["Return of a lamp"]
    assert names(some, "monday") == ["Delay"]
    assert names(some, "lamp") == ["Return of a lamp", "Delay"], "the name counts more"
    assert names(some, "piano") == []


def test_templates_in_the_customers_language_come_first() -> None:
    some = [template("A", language="fr"), template("B"), template("C", language="de")]
    assert names(some, "", "de-AT") == ["C", "B", "A"]
    assert names(some, "", "") == ["A", "B", "C"]
