"""Rules on the page: what a form means, what versions differ in, and why a message is where it is."""

from uuid import uuid4

import pytest
from starlette.datastructures import FormData

from contracts.desk import Organisation, Ticketbox
from contracts.mail import LOOP_HEADER
from contracts.router import NO_TICKETBOX, Disposition, Priority, RoutingEvidence, RuleActed, RuleFailed
from contracts.rulesets import Rule
from rules.builder import Operator
from services.gateway.messages.why_here import sentence, view
from services.gateway.pages.rule_form import RowForm, RuleForm, form_of, read_form
from services.gateway.problems import Unprocessable
from services.gateway.rules.rulesets import differences, problems_of, warnings_of

BOX, ANNA = uuid4(), uuid4()


def typed(*rows: tuple[str, str, str, str], **fields: str) -> RuleForm:
    """A form as a browser sends it."""
    cells = [pair for row in rows for pair in zip(("field", "header", "operator", "value"), row, strict=True)]
    return read_form(FormData([("name", "Invoices"), ("written_as", "rows"), *cells, *fields.items()]))


def test_rows_become_a_condition() -> None:
    form = typed(
        ("lower.subject", "", "contains", "Invoice"),
        ("headers", "X-Spam", "is", "no"),
        ("automatic", "", "no", ""),
    )
    assert form.rule().condition == (
        'message.lower.subject.contains("invoice") && message.headers["x-spam"] == "no" && !message.automatic'
    )


def test_an_operator_of_another_field_gives_way_when_the_field_is_changed() -> None:
    (row,) = typed(("size", "", "contains", "12")).rows
    assert row.operator == Operator.AT_LEAST
    (row,) = typed(("local.date", "", "contains", "12")).rows
    assert row.operator == Operator.IS
    (row,) = typed(("kind", "", "contains", "12")).rows
    assert (row.operator, row.value) == (Operator.IS, "customer")


def test_a_rule_that_is_shown_and_kept_is_the_same() -> None:
    rule = Rule(
        name="Everything",
        condition='message.size >= 3 || message.headers["x-a"] != "b"',
        ticketbox_id=BOX,
        priority=Priority.HIGH,
        tags=("a", "b c"),
        disposition=Disposition.QUARANTINE,
        reason="odd",
        category_id=uuid4(),
        assignee_id=ANNA,
        acknowledge=False,
        acknowledgement="Hello {number}",
        forward_to=("a@x.example", "b@x.example"),
        alert=(ANNA,),
        stop=False,
    )
    assert form_of(rule).rule() == rule
    assert [row.field for row in form_of(rule).rows] == ["size", "headers"]


def test_a_condition_that_rows_cannot_show_is_shown_as_cel_and_says_so() -> None:
    form = form_of(Rule(name="Long", condition="size(message.attachments) > 3"))
    assert form.written_as == "cel"
    assert form.rule().condition == "size(message.attachments) > 3"
    with pytest.raises(Unprocessable, match="more than rows can show"):
        form.after("rows")


def test_buttons_change_the_form_and_keep_nothing() -> None:
    form = RuleForm(rows=(RowForm(value="a"), RowForm(value="b")))
    assert [row.value for row in form.after("remove 0").rows] == ["b"]
    assert len(form.after("add").rows) == 3
    as_cel = form.after("cel")
    assert (as_cel.written_as, as_cel.condition) == ("cel", form.written)
    assert [row.value for row in as_cel.after("rows").rows] == ["a", "b"]


def test_what_is_wrong_is_told_and_not_kept() -> None:
    assert "whole number" in (typed(("size", "", "is at least", "much")).problem or "")
    with pytest.raises(Unprocessable, match="whole number"):
        typed(("size", "", "is at least", "much")).rule()
    with pytest.raises(Unprocessable, match="name"):
        RuleForm(name=" ", rows=()).rule()


def test_an_unfinished_condition_in_cel_may_be_kept_in_the_draft_and_its_problem_is_told() -> None:
    form = RuleForm(name="Soon", written_as="cel", condition="message.subject ==")
    assert form.problem is not None
    assert problems_of([form.rule()])["Soon"].startswith("Its condition cannot be used")


def rule(name: str, condition: str = "true", **of: object) -> Rule:
    return Rule.model_validate({"name": name, "condition": condition, **of})


def test_versions_differ_in_rules_that_were_added_removed_changed_or_moved() -> None:
    before = [rule("A"), rule("B"), rule("C"), rule("D")]
    after = [rule("C"), rule("A"), rule("B", "false", tags=("x",)), rule("E")]
    assert [(one.rule, one.change, one.fields) for one in differences(before, after)] == [
        ("D", "removed", []),
        ("C", "moved", []),
        ("B", "changed", ["condition", "tags"]),
        ("E", "added", []),
    ]
    assert differences(before, before) == []


def test_two_rules_of_one_name_are_a_problem_of_the_draft() -> None:
    assert "this name too" in problems_of([rule("A"), rule("A")])["A"]


ACTED = RuleActed(rule="Invoices", condition="true", matched=(("subject", "Invoice 7"),), did=("ticketbox",))
TAGGED = RuleActed(rule="Tag", condition="true", did=("tags",))


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (
            RoutingEvidence(ruleset_version=3, rule=None, matched=(("recipients", "a@example.com"),)),
            "No rule matched, so it went where its address points (ruleset 3).",
        ),
        (
            RoutingEvidence(ruleset_version=3, rule="Invoices", acted=(ACTED,), ticketbox_rule="Invoices"),
            "The rule “Invoices” matched (ruleset 3).",
        ),
        (
            RoutingEvidence(ruleset_version=3, rule="Tag", acted=(TAGGED, ACTED), ticketbox_rule="Invoices"),
            "The rules “Tag” and “Invoices” matched (ruleset 3); “Invoices” chose the ticketbox.",
        ),
        (
            RoutingEvidence(ruleset_version=1, rule="Early", condition="true"),
            "The rule “Early” matched (ruleset 1).",
        ),
    ],
)
def test_why_a_message_is_where_it_is_takes_one_sentence(evidence: RoutingEvidence, said: str) -> None:
    assert sentence(view(evidence, "Orders")) == said


TELLING = Ticketbox(id=BOX, name="Orders", addresses=("orders@example.com",), acknowledgement="We have it.")
SILENT = Ticketbox(id=uuid4(), name="Support", addresses=("support@example.com",))


def test_a_rule_that_acknowledges_where_the_ticketbox_has_no_words_is_warned_of() -> None:
    rules = [
        rule("In vain", acknowledge=True, ticketbox_id=SILENT.id),
        rule("Other box", acknowledge=True, ticketbox_id=BOX),
        rule("Own words", acknowledge=True, ticketbox_id=SILENT.id, acknowledgement="Soon."),
        rule("No", acknowledge=False, ticketbox_id=SILENT.id),
        rule("As the ticketbox does", ticketbox_id=SILENT.id),
        rule("Box by address", acknowledge=True),
    ]
    warned = warnings_of(rules, [TELLING, SILENT], [])
    assert warned == {"In vain": "Its ticketbox has no text for acknowledgements, so none is sent."}


def test_a_rule_that_acknowledges_wherever_it_may_be_is_warned_of_if_no_ticketbox_has_words() -> None:
    warned = warnings_of([rule("Box by address", acknowledge=True)], [SILENT], [])
    assert warned == {"Box by address": "No ticketbox has a text for acknowledgements, so none is sent."}


def test_a_rule_that_asks_for_an_organisation_that_is_not_there_is_warned_of() -> None:
    rules = [
        rule("In rows", 'message.organisation == "Mohn" && message.automatic'),
        rule("In CEL", "message.size > 3 && message.organisation != 'kornblume'"),
        rule("Known", 'message.organisation == "Kornblume"'),
        rule("Nobody's", 'message.organisation.contains("Mohn")'),
    ]
    warned = warnings_of(rules, [TELLING], [Organisation(id=uuid4(), name="Kornblume")])
    assert warned == {
        "In rows": "No organisation is called “Mohn”.",
        "In CEL": "No organisation is called “kornblume”.",
    }


def test_a_draft_may_have_a_condition_that_is_no_cel() -> None:
    unreadable = rule("Unreadable", r"message.organisation == '\q'")
    assert warnings_of([unreadable], [TELLING], []) == {}
    assert problems_of([unreadable]).keys() == {"Unreadable"}


RECIPIENT = ("recipients", "a@example.com")
INFECTED = (("scan", "infected"), ("finding", "Eicar"), ("scanner", "ClamAV 1.4"))
LOOP = ((LOOP_HEADER, "example.com"),)


@pytest.mark.parametrize(
    ("matched", "released", "said"),
    [
        (
            (("recipients", NO_TICKETBOX),),
            False,
            "No rule matched, so it went to the default ticketbox, as no ticketbox had its address (ruleset 3).",
        ),
        (
            INFECTED,
            True,
            "No rule was asked, as the virus scanner called it infected (ruleset 3); a person let it through.",
        ),
        (
            LOOP,
            True,
            "No rule was asked, as it was our own mail that came back (ruleset 3); a person let it through.",
        ),
        (
            (RECIPIENT,),
            True,
            "A person let it through, and it went where its address points (ruleset 3).",
        ),
        ((), False, "No rule decided (ruleset 3)."),
    ],
    ids=["default", "virus", "loop", "failed", "erased"],
)
def test_where_no_rule_held_what_decided_is_told(
    matched: tuple[tuple[str, str], ...], released: bool, said: str
) -> None:
    shown = view(RoutingEvidence(ruleset_version=3, rule=None, matched=matched), "Orders", released=released)
    assert sentence(shown) == said
    assert shown.matched == dict(matched)


def test_what_a_rule_held_back_was_let_through_by_a_person() -> None:
    held = RuleActed(rule="Noise", condition="true", did=("held_back",))
    shown = view(RoutingEvidence(ruleset_version=3, rule="Noise", acted=(held,)), "Orders", released=True)
    assert sentence(shown) == "The rule “Noise” matched (ruleset 3); a person let it through."
    assert shown.matched == {}


def test_the_evidence_has_the_values_and_the_rules_without_an_answer() -> None:
    failed = RuleFailed(rule="Score", error="no number")
    shown = view(
        RoutingEvidence(ruleset_version=3, rule="Invoices", acted=(ACTED,), failed=(failed,)), "Orders"
    )
    assert shown.rules[0].matched == {"subject": "Invoice 7"}
    assert shown.no_answer == {"Score": "no number"}
