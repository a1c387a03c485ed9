"""What holds for any bytes, and for any letter that was made well."""

import unicodedata
from email.message import EmailMessage
from email.policy import EmailPolicy

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.ingest.reading import Letter, read
from services.ingest.reading.names import safe_name
from tests.ingest.reading.writing import HEAD

PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b\n",
        b"Content-Type: text/html\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"Subject: ",
        b"Content-Disposition: attachment; filename*0*=",
        b"Content-Type: application/ms-tnef\n",
        b"From: ",
        b"<",
        b">",
        b"@",
        b"--b\n",
        b"--b--\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\n\n",
        b" ",
        b"=?utf-8?q?",
        b"?=",
        b"=",
        b"\x78\x9f\x3e\x22",
        b"\x30\x80",
        b"begin 644 a\n",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n",
        b"<div style='display:none'>",
        b"\x00",
        b"\xff\xfe",
        b'; a="',
        b"Content-Type: application/pkcs7-mime\n",
        b"; charset=iso-2022-jp\n",
        b"\x1b$B",
    ]
)
SCRIBBLE = st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=60).map(b"".join)


def strings(letter: Letter) -> list[str]:
    people = [*([letter.from_] if letter.from_ else []), *letter.to, *letter.cc, *letter.reply_to]
    return [
        letter.subject,
        letter.text,
        letter.html or "",
        letter.message_id or "",
        letter.in_reply_to or "",
        *letter.references,
        *(text for person in people for text in (person.name, person.address)),
        *(text for one in letter.attachments for text in (one.name, one.type, one.content_id or "")),
        *(text for field in letter.headers for text in field),
        *letter.problems,
    ]


def assert_storable(letter: Letter) -> None:
    for text in strings(letter):
        assert "\x00" not in text
        text.encode()
    for one in letter.attachments:
        assert not {"/", "\\", "\u202e"} & set(one.name)
        assert not any(unicodedata.category(character) == "Cc" for character in one.name)
        assert one.name
    assert "unreadable" not in letter.problems


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_letter_that_can_be_stored(raw: bytes) -> None:
    assert_storable(read(raw))


@given(SCRIBBLE)
@settings(max_examples=300)
def test_any_mixture_of_what_mail_is_made_of_is_a_letter_that_can_be_stored(raw: bytes) -> None:
    assert_storable(read(raw))
    assert_storable(read(HEAD + raw))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
LINE = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
TEXTS = (
    st.lists(st.one_of(LINE, st.just("")), max_size=6)
    .map("\n".join)
    .filter(lambda text: text.strip() or not text)
)
NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30)
ADDRESSES = st.from_regex(r"[a-z][a-z0-9.+-]{0,20}[a-z]@[a-z]{1,20}\.example", fullmatch=True)
FILES = st.lists(st.tuples(NAMES, st.binary(max_size=300)), max_size=3)


@given(LINE, NAMES, ADDRESSES, st.lists(st.tuples(NAMES, ADDRESSES), max_size=5), TEXTS, FILES, st.booleans())
@settings(max_examples=300)
def test_a_letter_that_was_made_well_is_read_as_it_was_written(
    subject: str,
    name: str,
    address: str,
    recipients: list[tuple[str, str]],
    text: str,
    files: list[tuple[str, bytes]],
    crlf: bool,
) -> None:
    assume(not any(safe_name(f"{filename}.bin") != f"{filename}.bin" for filename, _ in files))
    written = EmailMessage()
    written["Subject"] = subject
    written["From"] = f'"{name}" <{address}>'
    if recipients:
        written["To"] = ", ".join(f'"{one}" <{other}>' for one, other in recipients)
    written.set_content(text)
    for filename, content in files:
        written.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=f"{filename}.bin"
        )
    # Not folded: the standard library loses blanks, and commas, where it folds what it encodes.
    letter = read(
        written.as_bytes(policy=EmailPolicy(max_line_length=None, linesep="\r\n" if crlf else "\n"))
    )
    assert letter.subject == subject
    assert letter.from_ is not None
    assert (letter.from_.name, letter.from_.address) == (name, address)
    assert [(person.name, person.address) for person in letter.to] == recipients
    assert letter.text.removesuffix("\n") == text.removesuffix("\n")
    assert [(one.name, one.content) for one in letter.attachments] == [(f"{n}.bin", c) for n, c in files]
    assert not set(letter.problems) - {"date_missing"}
