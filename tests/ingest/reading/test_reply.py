"""What the author of a message newly wrote, by language and mail program."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from _pytest.mark import ParameterSet
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.reading.html_text import html_to_text
from services.ingest.reading.reply import new_text
from services.ingest.reading.reply.author import LONGEST, MOST_LINES
from tests.ingest.reading.attributions import WITH_ADDRESS, WITHOUT_ADDRESS
from tests.ingest.reading.header_blocks import LABELS, TITLES
from tests.ingest.reading.html_mails import ANSWERED_BELOW, MAILS
from tests.ingest.reading.kept_whole import KEPT_WHOLE, MARKS

ATTRIBUTION = "On Mon, Mar 2, 2026 at 1:05 PM Lamps Support <support@lamps.example> wrote:"


def lifelike_mails() -> Iterator[ParameterSet]:
    """The mails in `mails/`: a line that is new begins with a space there, one that is not with a hyphen."""
    for file in sorted((Path(__file__).parent / "mails").glob("*.txt")):
        for mail in re.split(r"^# ", file.read_text(), flags=re.MULTILINE)[1:]:
            title, _, body = mail.strip("\n").partition("\n")
            yield pytest.param(body.split("\n"), id=f"{file.stem}: {title}")


@pytest.mark.parametrize("lines", list(lifelike_mails()))
def test_of_a_lifelike_mail_what_is_new_is_shown(lines: list[str]) -> None:
    mail = "\n".join(line[1:] for line in lines)
    new = "\n".join(line[1:] for line in lines if not line.startswith("-"))
    assert new_text(mail) == new.strip()


@pytest.mark.parametrize("attribution", [line for lines in WITH_ADDRESS.values() for line in lines])
@pytest.mark.parametrize(
    "quoted", ["> Is it there?\n> Anna", "Is it there?\n\nAnna"], ids=["marked", "not marked"]
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"], ids=["close", "apart"])
def test_an_attribution_with_an_address_begins_a_quotation(attribution: str, quoted: str, gap: str) -> None:
    assert new_text(f"It is there.{gap}{attribution}{gap}{quoted}\n") == "It is there."


@pytest.mark.parametrize("attribution", [line for lines in WITHOUT_ADDRESS.values() for line in lines])
def test_an_attribution_without_an_address_begins_a_quotation_that_has_marks(attribution: str) -> None:
    assert new_text(f"It is there.\n\n{attribution}\n> Is it there?\n> Anna\n") == "It is there."


@pytest.mark.parametrize("attribution", [line for lines in WITHOUT_ADDRESS.values() for line in lines])
def test_below_one_quotation_the_answer_stands_alone(attribution: str) -> None:
    assert new_text(f"{attribution}\n> Is it there?\n\nIt is there.\n") == "It is there."


@pytest.mark.parametrize(
    "shape", ["{}: {}", "*{}:* {}", "**{}:** {}", "*{}*: {}", "{} : {}", "{}：{}", "{}:\t{}"]
)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_a_header_block_begins_a_quotation(labels: tuple[str, ...], shape: str) -> None:
    values = ("Lamps <support@lamps.example>", "Monday, 2 March 2026 13:05", "Harry", "RE: Order")
    block = [shape.format(label, value) for label, value in zip(labels, values, strict=True)]
    for above, joint in (("\n\n", "\n"), ("\n________________________________\n", "\n"), ("\n\n", "\n\n")):
        assert new_text(f"Both, please.{above}{joint.join(block)}\n\nOne or two?") == "Both, please."


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("quoted", ["One or two?", "> One or two?", "From: Lamps\nTo: Harry\n\nOne or two?"])
def test_a_title_begins_a_quotation(title: str, quoted: str) -> None:
    assert new_text(f"Both, please.\n\n{title}\n{quoted}") == "Both, please."


@pytest.mark.parametrize("mark", MARKS)
def test_the_mark_of_a_program_is_not_new(mark: str) -> None:
    assert new_text(f"Both, please.\n\n{mark}") == "Both, please."
    assert new_text(f"Both, please.\n\n{mark}\n\n{ATTRIBUTION}\n\n> One or two?") == "Both, please."


@pytest.mark.parametrize("letter", KEPT_WHOLE.values(), ids=KEPT_WHOLE.keys())
def test_what_only_looks_like_a_quotation_stays(letter: str) -> None:
    assert new_text(letter) == letter.strip()


@pytest.mark.parametrize(("html", "new"), MAILS.values(), ids=MAILS.keys())
def test_the_structure_of_html_shows_where_a_quotation_begins(html: str, new: str) -> None:
    lines = new_text(html_to_text(html)[0], html).split("\n")
    assert [line.lstrip("> ") for line in lines if line] == new.split("\n")


@pytest.mark.parametrize(
    "html", [None, "<p>I need:</p><blockquote type=cite>3 lamps</blockquote>", "<p>I need: 3 lamps</p>"]
)
def test_a_quotation_at_the_end_goes_even_without_an_attribution(html: str | None) -> None:
    assert new_text("I need\n\n> 3 lamps", html) == "I need"


@pytest.mark.parametrize(("html", "answers"), ANSWERED_BELOW.values(), ids=ANSWERED_BELOW.keys())
def test_what_html_has_below_a_quotation_is_never_hidden(html: str, answers: tuple[str, ...]) -> None:
    new = new_text(html_to_text(html)[0], html)
    assert all(answer in new for answer in answers)


def test_html_that_tells_another_story_than_the_text_decides_nothing() -> None:
    html = '<p>Something else</p><div class="gmail_quote">quoted</div>'
    assert new_text("The lamp is broken.\n\nquoted", html) == "The lamp is broken.\n\nquoted"


def test_a_mail_that_is_only_a_quotation_shows_it() -> None:
    assert "Has it come?" in new_text(f"{ATTRIBUTION}\n\n> Has it come?")


def test_line_ends_of_windows_change_nothing() -> None:
    assert new_text(f"Yes.\r\n\r\n{ATTRIBUTION}\r\n\r\n> Has it come?\r\n") == "Yes."


def test_a_text_beyond_the_limits_stays_whole() -> None:
    for text in (f"Yes.\n\n> {'x' * LONGEST}", "Yes.\n" + "> x\n" * (MOST_LINES + 1)):
        assert new_text(text) == text.rstrip()


LINE = st.sampled_from(
    [
        ATTRIBUTION,
        "On Monday, Anna wrote:",
        "-----Original Message-----",
        "Begin forwarded message:",
        "From: Lamps <support@lamps.example>",
        "Sent: 2 March 2026 13:05",
        "To: Harry",
        "Subject: Lamp",
        "> quoted",
        ">> quoted twice",
        "AB> quoted",
        "| quoted",
        "> wrote:",
        "-- ",
        "--",
        "___",
        "________________________________",
        "Sent from my iPhone",
        "https://lists.example/mailman/listinfo/lamps",
        "some words",
        "more words:",
        "",
        "   ",
    ]
)
TEXT = st.lists(LINE | st.text(max_size=30), max_size=30).map("\n".join)


@given(TEXT, st.none() | st.text(max_size=200))
def test_what_is_new_is_lines_of_the_text_in_order(text: str, html: str | None) -> None:
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for new in new_text(text, html).split("\n"):
        assert new == "" or any(new in {line, line.rstrip()} for line in lines)


@given(TEXT)
def test_something_is_new_in_every_mail_that_has_words(text: str) -> None:
    assert bool(new_text(text)) == bool(text.strip())


@given(TEXT)
def test_the_first_words_are_never_hidden(text: str) -> None:
    assert new_text(f"I would like to have another lamp.\n\n{text}").startswith(
        "I would like to have another lamp."
    )


@given(st.lists(st.sampled_from(["> quoted", ">> quoted", "", "words"]), max_size=30))
def test_between_quotations_no_word_is_hidden(lines: list[str]) -> None:
    assert new_text("\n".join(lines)).count("words") == lines.count("words")


@given(st.lists(st.sampled_from(["> quoted", "", "words"]), max_size=30))
def test_below_an_attribution_and_a_quotation_no_word_is_hidden(lines: list[str]) -> None:
    text = "\n".join(["Hello,", "", ATTRIBUTION, "> quoted", *lines])
    assert new_text(text).count("words") == lines.count("words")


HOSTILE = (
    "1 1 1 1 1 2026 wrote @ <a:\n",
    f"{'<' * 10}{'a@' * 20}:\n",
    "From: a@b\n",
    "From: a\nSent: b\n",
    "Importance: high\n",
    "Begin forwarded message:\n",
    "-----Original Message-----\n",
    "-----Original Message-----\nabc: d\n",
    "---\n",
    "--\nx\n",
    "-- \nx\n",
    "AB> x\n",
    "> x\ny\n",
    "> wrote:\n",
    "|\n",
    "\nSent from my iPhone\n",
    f"{ATTRIBUTION}\n",
    "\n",
)


@pytest.mark.parametrize("line", HOSTILE)
def test_twice_the_text_is_twice_the_work(line: str) -> None:
    once = steps(lambda: new_text("Hello.\n" + line * 200))
    twice = steps(lambda: new_text("Hello.\n" + line * 400))
    assert twice <= 2.2 * once


@pytest.mark.parametrize(
    "tag", ["<div ", "<div>", "<blockquote type=cite>", "<div class=gmail_quote>x</div>", "<"]
)
def test_twice_the_html_is_twice_the_work(tag: str) -> None:
    once = steps(lambda: new_text("Hello.", tag * 200))
    twice = steps(lambda: new_text("Hello.", tag * 400))
    assert twice <= 2.2 * once


def steps(work: Callable[[], object]) -> int:
    """How many lines of Python ran."""
    count = 0

    def watch(_frame: FrameType, event: str, _argument: object) -> "Callable[..., object]":
        nonlocal count
        count += event == "line"
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
