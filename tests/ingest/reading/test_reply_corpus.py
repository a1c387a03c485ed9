"""What is new in real mail, where there is some: the cases of another project, and no false cut in all the rest."""

import csv
import mailbox
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from services.ingest.reading import Letter, read
from services.ingest.reading.reply import new_text
from services.ingest.reading.reply.lines import Lines
from services.ingest.reading.reply.pieces import Kind, Piece, pieces_of
from services.ingest.reading.reply.signature import MOST_LINES

CORPUS = Path(os.environ.get("POSTROOM_CORPUS", "."))
pytestmark = pytest.mark.skipif(
    "POSTROOM_CORPUS" not in os.environ, reason="POSTROOM_CORPUS names no folder with real mail"
)

UNLIKE_THE_CASES = {"spam_1.txt"}
"""Nothing but quotations, of which nothing is expected: here such a mail shows them."""

REVIEWED = {
    "groupwise_03.txt",
    "simple_17.txt",
    "simple_18.txt",
    "attachment_with_base64_encoded_name.eml",
    "attachment_with_encoded_name.eml",
    "raw_email2.eml",
    "raw_email8.eml",
    "m0013",
    "ticket_reply_from_mail.eml",
}
"""Messages in which words without marks of quotation are cut, below an introduction. A person has read each of them."""


def test_what_is_new_in_the_cases_of_email_reply_trimmer() -> None:
    cases = CORPUS / "email_reply_trimmer" / "test"
    right = {
        case.name: new_text(content(case)) == content(cases / "trimmed" / case.name).strip("\n").rstrip()
        for case in (cases / "emails").glob("*.txt")
    }
    assert {name for name in right if not right[name]} == UNLIKE_THE_CASES
    assert sum(right.values()) == 63


def content(file: Path) -> str:
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def messages() -> Iterator[tuple[str, Letter]]:
    with (CORPUS / "manifest.tsv").open(encoding="utf-8") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            file = CORPUS / row["path"]
            if row["kind"] == "msg":
                yield file.name, read(file.read_bytes())
            elif row["kind"] == "mbox":
                yield from (
                    (file.name, read(message.as_bytes())) for message in mailbox.mbox(file, create=False)
                )


def test_no_word_is_cut_but_below_a_sign_that_programs_set() -> None:
    """Without an introduction above them words are cut only in signatures, marks and footers.

    What an introduction without marked quotation cuts is a judgement; those messages are few and were looked at.
    """
    seen = 0
    unmarked = set()
    for name, letter in messages():
        seen += 1
        lines = Lines.of(letter.text)
        pieces = pieces_of(lines)
        first = next((piece.begin for piece in pieces if piece.kind is Kind.INTRODUCTION), len(lines))
        for piece in cut(pieces, lines, letter):
            if piece.kind is Kind.WORDS:
                assert piece.begin > first, name
                unmarked.add(name)
            elif piece.kind in {Kind.SIGNATURE, Kind.FOOTER}:
                assert piece.end - piece.begin <= 2 * MOST_LINES, name
    assert seen > 989
    assert unmarked <= REVIEWED


def test_of_words_below_a_marked_quotation_none_is_cut() -> None:
    for name, letter in messages():
        lines = Lines.of(letter.text)
        pieces = pieces_of(lines)
        gone = set(cut(pieces, lines, letter))
        quoted = next((piece.begin for piece in pieces if piece.kind is Kind.QUOTATION), len(lines))
        introduced = {
            after.begin
            for piece, after in pairwise(pieces)
            if piece.kind is Kind.INTRODUCTION and after.kind is not Kind.QUOTATION
        }
        first_unmarked = min(introduced, default=len(lines))
        for piece in gone:
            assert piece.kind is not Kind.WORDS or not quoted < piece.begin < first_unmarked, name


def cut(pieces: list[Piece], lines: Lines, letter: Letter) -> Iterator[Piece]:
    """The pieces of the text of which the first line is not among what is new, in order."""
    new = iter(new_text(letter.text, letter.html).split("\n"))
    expected = next(new, None)
    for piece in pieces:
        for number in range(piece.begin, piece.end):
            while expected is not None and not expected.strip():
                expected = next(new, None)
            if expected is not None and lines.raw[number].rstrip() == expected.rstrip():
                expected = next(new, None)
            elif number == piece.begin:
                yield piece
