"""What sort of mail a message is: machines are told from people, and people are never taken for machines."""

from collections.abc import Mapping
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.mail import LOOP_HEADER, Kind
from services.ingest.reading.kind import judge
from services.ingest.reading.part import Part
from services.ingest.reading.words import phrases
from tests.ingest.reading.letters import SAMPLES, expected, judged, letter, table, text_of, tree

PEOPLE = table("people.toml")
AUTOMATIC = table("automatic.toml")
LISTS = table("lists.toml")


@pytest.mark.parametrize("name", PEOPLE)
def test_what_a_person_should_read_is_customer(name: str) -> None:
    assert judged(PEOPLE[name]).kind is Kind.CUSTOMER


@pytest.mark.parametrize("name", AUTOMATIC)
def test_what_a_machine_answers_is_auto_reply(name: str) -> None:
    assert judged(AUTOMATIC[name]).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize("name", LISTS)
def test_mail_to_the_members_of_a_list_is_list(name: str) -> None:
    assert judged(LISTS[name]).kind is Kind.LIST


@pytest.mark.parametrize("row", expected("mail"), ids=lambda row: row["file"])
def test_reports_and_invitations_are_told_from_what_people_attach(row: Mapping[str, str | None]) -> None:
    judgement = judged((SAMPLES / "mail" / f"{row['file']}.eml").read_bytes())
    assert judgement.kind == row["kind"]
    reported = judgement.feedback
    assert (reported and reported.type, reported and reported.original_message_id) == (
        row["feedback"],
        row["original_message_id"],
    )


@pytest.mark.parametrize("folder", ["bounces", "mail"])
def test_each_sample_says_what_is_expected_of_it(folder: str) -> None:
    files = {path.stem for path in (SAMPLES / folder).glob("*.eml")}
    assert {row["file"] for row in expected(folder)} == files


def test_the_keyword_of_auto_submitted_is_kept_without_its_comment() -> None:
    assert (
        judged(letter("x", "x", {"Auto-Submitted": "Auto-Replied (vacation)"})).auto_submitted
        == "auto-replied"
    )
    assert judged(letter("x", "x")).auto_submitted is None


@pytest.mark.parametrize("name", [*PEOPLE, "plain"])
def test_the_mark_of_a_postroom_is_told_and_the_rest_is_judged_as_ever(name: str) -> None:
    raw = PEOPLE.get(name, letter("Hello", "Hello"))
    marked = judged(f"{LOOP_HEADER}: Example.com\n".encode() + raw)
    assert (marked.marker, marked.kind) == ("example.com", judged(raw).kind)


@pytest.mark.parametrize("prefix", ["Re:", "AW:", "Fwd:", "WG:", "RE[2]:", "回复:", "TR :"])
@pytest.mark.parametrize("name", ["Exchange, German", "Outlook rule, without any header", "Zendesk"])
def test_a_person_who_answers_or_forwards_an_auto_reply_stays_a_person(name: str, prefix: str) -> None:
    note = tree(AUTOMATIC[name])
    raw = letter(f"{prefix} {note.first('subject')}", f"Who else can help me?\n\n> {text_of(note)}")
    assert judged(raw).kind is Kind.CUSTOMER


TABLES = [
    ("bounces", "said"),
    ("bounces", "subjects"),
    ("bounces", "senders"),
    ("automatic", "notes"),
    ("lists", "roles"),
]
SIGNS = st.sampled_from(sorted({phrase for table, name in TABLES for phrase in phrases(table, name)}))
WORDS = st.lists(
    SIGNS | st.text(max_size=20) | st.sampled_from(["a@b.example", "550", "5.1.1", "\n", ": ", "<>"])
)
FIELDS = st.sampled_from(
    [
        "From",
        "Subject",
        "Return-Path",
        "Auto-Submitted",
        "Precedence",
        "List-Id",
        "X-Failed-Recipients",
        "To",
        "Sender",
    ]
)
TYPES = st.sampled_from(
    [
        "text/plain",
        "text/html",
        "text/calendar",
        "multipart/report",
        "multipart/mixed",
        "message/rfc822",
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "text/rfc822-headers",
        "application/octet-stream",
    ]
)
TEXTS = WORDS.map(" ".join)
LEAVES = st.builds(
    Part, headers=st.lists(st.tuples(FIELDS, TEXTS), max_size=4).map(tuple), type=TYPES, text=TEXTS
)


def trees(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.builds(
        Part,
        headers=st.lists(st.tuples(FIELDS, TEXTS), max_size=4).map(tuple),
        type=TYPES,
        parameters=st.dictionaries(st.sampled_from(["report-type", "method"]), SIGNS, max_size=2),
        parts=st.lists(inner, max_size=3).map(tuple),
    )


@given(root=st.recursive(LEAVES, trees, max_leaves=6), text=TEXTS)
def test_whatever_the_parts_are_there_is_a_verdict_that_fits_its_details(root: Part, text: str) -> None:
    judgement = judge(root, text)
    assert (judgement.bounce is not None) == (judgement.kind is Kind.BOUNCE)
    assert (judgement.feedback is not None) == (judgement.kind is Kind.FEEDBACK)
    if judgement.bounce:
        assert all(len(part) <= 600 for part in astuple(judgement.bounce) if isinstance(part, str))


@given(raw=st.binary(max_size=500))
def test_any_bytes_have_a_kind(raw: bytes) -> None:
    assert judged(raw).kind in Kind
