"""Real mail of other projects, where there is some: all is read, no text is lost, what is expected is found."""

import csv
import email
import html
import json
import os
import re
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest

from services.ingest.reading import Letter, read
from services.ingest.reading.encodings import from_base64, from_quoted_printable, from_uuencode
from services.ingest.reading.repairs import Repairs
from services.ingest.reading.tnef import parts_of_tnef

CORPUS = Path(os.environ.get("POSTROOM_CORPUS", ""))
pytestmark = pytest.mark.skipif(
    "POSTROOM_CORPUS" not in os.environ, reason="POSTROOM_CORPUS names no folder with real mail"
)

WORD = re.compile(r"[A-Za-z]{4,}")
SHOWN_NOWHERE = re.compile(
    r"<(style|script|title|xml)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE
)


def messages() -> list[Path]:
    with (CORPUS / "manifest.tsv").open() as manifest:
        return [
            CORPUS / row["path"] for row in csv.DictReader(manifest, delimiter="\t") if row["kind"] == "msg"
        ]


def kept(letter: Letter) -> set[str]:
    """Every word that somebody who has the letter can see."""
    files = b" ".join(one.content for one in letter.attachments)
    return {
        word
        for text in (letter.text, letter.html or "", files.decode("latin-1"))
        for word in WORD.findall(text)
    }


def written(part: "Message[str, str]") -> str:
    """The text of a part as the standard library decodes it."""
    content = part.get_payload(decode=True)
    text = content.decode("latin-1") if isinstance(content, bytes) else ""
    if part.get_content_subtype() in {"html", "enriched"}:
        text = html.unescape(SHOWN_NOWHERE.sub(" ", text))
    return text


def test_every_message_is_read_without_an_emergency() -> None:
    for path in messages():
        letter = read(path.read_bytes())
        assert "unreadable" not in letter.problems, path


def test_every_word_of_a_text_is_in_the_text_or_in_a_file() -> None:
    """Of messages that the standard library reads without a defect: what it makes of the others is no measure."""
    read_by_both = 0
    for path in messages():
        raw = path.read_bytes()
        parsed = email.message_from_bytes(raw)
        leaves = [part for part in parsed.walk() if part.get_content_maintype() == "text"]
        if (
            len(parsed.get_all("content-type", [])) > 1
            or any(part.defects for part in parsed.walk())
            or any("BEGIN PGP" in written(part) for part in leaves)
        ):
            continue
        if any(part.get_content_type() == "message/rfc822" for part in parsed.walk()) or b"\nbegin 6" in raw:
            continue  # the words of a message in it are in its bytes, encoded
        lost = {word for part in leaves for word in WORD.findall(written(part))} - kept(read(raw))
        assert not lost, f"{path}: {sorted(lost)[:10]}"
        read_by_both += 1
    assert read_by_both > 700


def expected_by_php() -> list[str]:
    path = CORPUS / "php-mime-mail-parser/expected.json"
    if not path.is_file():
        return []
    return [name for name in json.loads(path.read_text()) if (path.parent / name).is_file()]


@pytest.mark.parametrize("name", expected_by_php())
def test_what_a_parser_of_attachments_expects_is_found(name: str) -> None:
    folder = CORPUS / "php-mime-mail-parser"
    expected = json.loads((folder / "expected.json").read_text())[name]
    letter = read((folder / name).read_bytes())
    if "subject" in expected:
        assert letter.subject == expected["subject"]
    if "from" in expected:
        assert letter.from_ is not None
        assert letter.from_.address == expected["from"][0]["address"]
        assert (letter.from_.name or letter.from_.address) == expected["from"][0]["display"]
    for key, text in (("text", letter.text), ("html", letter.html or "")):
        match expected.get(key):
            case ["MATCH", whole]:
                assert text.strip() == whole.strip()
            case ["COUNT", count, words]:
                assert text.count(words) == count
            case _:
                pass
    assert len(letter.attachments) == len(expected["attachments"])
    for found, wanted in zip(letter.attachments, expected["attachments"], strict=True):
        if not wanted["filename"].startswith("noname"):
            assert found.name == wanted["filename"].replace("/", "_")
        assert (found.type, found.size) == (wanted["content_type"], wanted["size"])
        assert found.inline == (wanted["disposition"] == "inline")


def tnef_files() -> list[str]:
    return sorted(path.stem for path in (CORPUS / "mimekit/UnitTests/TestData/tnef").glob("*.tnef"))


@pytest.mark.parametrize("name", tnef_files())
def test_the_files_that_others_find_in_tnef_are_found(name: str) -> None:
    folder = CORPUS / "mimekit/UnitTests/TestData/tnef"
    parts = parts_of_tnef((folder / f"{name}.tnef").read_bytes(), Repairs())
    listed = (folder / f"{name}.list").read_text().split("\n")
    opened = {"Untitled Attachment", ""}  # messages in it, that others only list
    wanted = {line for line in listed if not line.startswith("body.")} - opened
    assert wanted <= {part.name or "" for part in parts}
    if any(line.startswith("body.") for line in listed):
        assert any(part.text.strip() for part in parts if part.disposition is None)


@pytest.mark.parametrize(
    ("name", "decode"),
    [
        ("codec_base64/basic-decode.base64", from_base64),
        ("codec_base64/corrupt.base64", from_base64),
        ("codec_b/basic-decode.b", from_base64),
        ("codec_b/null-decode.b", from_base64),
        ("codec_quoted-printable/basic-decode.quoted-printable", from_quoted_printable),
        ("codec_quoted-printable/corrupt2.quoted-printable", from_quoted_printable),
        ("codec_quoted-printable/corrupt3.quoted-printable", from_quoted_printable),
        ("codec_x-uuencode/basic-decode.x-uuencode", from_uuencode),
    ],
)
def test_encodings_are_decoded_as_others_do(name: str, decode: Callable[[bytes, Repairs], bytes]) -> None:
    path = CORPUS / "kmime/autotests/data" / name
    assert decode(path.read_bytes(), Repairs()) == Path(f"{path}.expected").read_bytes()
