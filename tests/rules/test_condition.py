"""Conditions: what can be asked, what is refused before it is in force, and what is empty."""

import re

import pytest

from rules.condition import BadCondition, Unanswerable, any_of, check, compile_condition, context_of
from rules.fields import empty_facts

FACTS = {
    **empty_facts(),
    "subject": "Invoice 4711",
    "lower": {"subject": "invoice 4711", "text": "hello"},
    "size": 300,
    "headers": {"x-score": "7", "subject": "Invoice 4711"},
    "attachments": ["a.pdf"],
}


def holds(source: str) -> bool:
    condition = compile_condition(source)
    return condition.holds(context_of(FACTS, condition.headers))


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("message.subject.contains('Invoice') && size(message.attachments) > 0", True),
        ("message.lower.subject.startsWith('invoice')", True),
        ("message.attachments.exists(one, one.endsWith('.pdf'))", True),
        ("int(message.headers['x-score']) > 5", True),
        ("message.subject.matches('[0-9]{4}$')", True),
        ("message.subject.matches(r'^\\d')", False),
        ("'message.nothing' == message.subject", False),
        ("true // message.nothing is a comment", True),
        ("message . lower\n. subject == 'invoice 4711'", True),
        ("'message.subject' != message.subject", True),
        ("message.lower['text'] == 'hello'", True),
        ("size(message.headers) == 2 && message.size == 300", True),
        ("has(message.subject)", True),
    ],
)
def test_a_condition_says_yes_or_no(condition: str, answer: bool) -> None:
    assert holds(condition) is answer
    check(condition)


@pytest.mark.parametrize(
    ("condition", "whole"),
    [
        ("message.subject.contains('Invoice') && message.headers['x-score'] == '7'", False),
        ("message.lower.text == 'hello'", False),
        ("size(message.headers) == 2", True),
        ("has(message.subject)", True),
    ],
)
def test_the_message_as_a_whole_is_handed_over_only_where_it_is_asked_for(
    condition: str, whole: bool
) -> None:
    asked = compile_condition(condition)
    assert asked.whole is whole
    assert asked.holds(context_of(FACTS, asked.headers, whole=whole))


_MOMENT = "timestamp('2026-03-02T12:34:56Z')"


@pytest.mark.parametrize(
    "condition",
    [
        "size(message.subject) == 12",
        "int('3') == 3 && uint('3') == 3u && double('0.5') == 0.5 && string(3) == '3'",
        "duration('1h') > duration('59m')",
        f"{_MOMENT}.getFullYear() == 2026 && {_MOMENT}.getMonth() == 2 && {_MOMENT}.getDate() == 2",
        f"{_MOMENT}.getDayOfMonth() == 1 && {_MOMENT}.getDayOfWeek() == 1 && {_MOMENT}.getDayOfYear() == 60",
        f"{_MOMENT}.getHours() == 12 && {_MOMENT}.getMinutes() == 34 && {_MOMENT}.getSeconds() == 56",
    ],
)
def test_every_function_that_is_let_through_is_there(condition: str) -> None:
    assert holds(condition)


def test_a_header_that_a_message_has_not_is_empty_and_can_be_asked_for() -> None:
    assert holds("message.headers['x-spam'] == ''")
    assert not holds("'x-spam' in message.headers")
    assert holds("'x-score' in message.headers && !('x-spam' in message.headers)")
    assert not holds("'x-spam' in message.headers || message.headers['x-spam'] == 'yes'")


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("message.subject ==", "not CEL"),
        ("message.nothing == 1", "message.nothing"),
        ("false && message.nothing == 1", "message.nothing"),
        ("message == 1", "whole"),
        ("message['subject'] == 'a'", "whole"),
        ("message.authentication.spof == 'pass'", "spof"),
        ("message.size", "neither true nor false"),
        ("message.subject > 3", "overload"),
        ("subject == 'a'", "Undefined"),
        ("false && message.subject.lower() == 'a'", "no function “lower”"),
        ("message.size > 5 && max(message.size, 9) == 9", "no function “max”"),
        ("message.size > 5 && min(message.size, 9) == 9", "no function “min”"),
        ("message.size > 5 && bool('true')", "no function “bool”"),
        ("false && message.subject.matches('(')", "regular expression"),
        ("message.headers['X-Spam'] == ''", "lower case: x-spam"),
        (r"message.headers['\q'] == ''", "not a text of CEL"),
        (r"message.subject.matches('\q')", "not a text of CEL"),
        ("true ||" + " true ||" * 2000 + " true", "10,000"),
    ],
)
def test_what_is_no_condition_is_refused_and_the_reason_is_told(condition: str, why: str) -> None:
    with pytest.raises(BadCondition, match=why):
        check(condition)


def test_any_of_several_conditions_says_no_only_where_each_says_no() -> None:
    def asked(*sources: str) -> bool:
        together = any_of(map(compile_condition, sources))
        return together.holds(context_of(FACTS, together.headers))

    assert not asked("false", "message.subject == 'b' // never", "message.headers['x-score'] == '8'")
    assert asked("false", "message.headers['x-score'] == '7'")
    for no_answer in ("int(message.subject) > 5", "message.headers['x-score'] == '7' ? 0 : false"):
        for both in (("false", no_answer), (no_answer, "false")):
            with pytest.raises(Unanswerable):
                asked(*both)


def test_what_only_some_messages_answer_may_be_put_in_force_and_says_of_which_it_cannot() -> None:
    condition = check("int(message.subject) > 5")
    with pytest.raises(Unanswerable, match="int"):
        condition.holds(context_of(FACTS, condition.headers))


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("duration(message.subject) > duration('1s')", "“duration” can do nothing with"),
        ("timestamp(message.subject).getFullYear() > 2000", "“timestamp” can do nothing with"),
        ("message.text.matches(message.subject + '(')", "“matches” can do nothing with"),
        ("size(message.subject) > 0 && message.headers[message.subject] == 'yes'", "a key that is not there"),
        ("[1, 2][size(message.subject)] == 1", "a place that is not there"),
        ("size(message.subject) == 0 || message.subject", "types do not fit"),
        ("message.size / (size(message.subject) - 12) == 1", "divides by zero"),
        ("size(message.subject) == 0 ? true : message.subject", "neither true nor false"),
    ],
)
def test_why_there_is_no_answer_is_told_without_words_of_the_message(condition: str, why: str) -> None:
    with pytest.raises(Unanswerable, match=why) as refused:
        holds(condition)
    assert not {"Invoice", "4711", "12"} & set(re.findall(r"\w+", str(refused.value)))


def test_a_condition_knows_what_it_looks_at() -> None:
    source = (
        "message.authentication.spf == 'fail' && message.headers['x-a'] == '' "
        "&& message.subject.contains('message.to')"
    )
    assert compile_condition(source).names == ("authentication.spf", "headers.x-a", "subject")
