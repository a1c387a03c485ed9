"""Names and contents of files."""

from hashlib import sha256

import pytest

from services.ingest.reading.names import LONGEST_NAME, safe_name
from tests.ingest.reading.writing import file, multipart, part, sent


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Offer 2026.pdf", "Offer 2026.pdf"),
        ("Größe & Form (2).pdf", "Größe & Form (2).pdf"),
        ("見積書.pdf", "見積書.pdf"),
        ('He said "yes".txt', 'He said "yes".txt'),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        (r"C:\Users\Kim\offer.pdf", "offer.pdf"),
        (r"\\server\share\offer.pdf", "offer.pdf"),
        ("Invoice 3/4 of 05/2026.pdf", "Invoice 3_4 of 05_2026.pdf"),
        ("gpj.\u202efdp.exe", "gpj.fdp.exe"),
        ("a\x00b\x1b.pdf", "ab.pdf"),
        ("a\r\n b.pdf", "a b.pdf"),
        (".htaccess", "htaccess"),
        ("..", ""),
        ("offer.pdf. ", "offer.pdf"),
        ("con.txt", "_con.txt"),
        ("contract.pdf", "contract.pdf"),
    ],
)
def test_a_name_is_as_its_sender_meant_it_and_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_extension() -> None:
    for name in ("a" * 500 + ".pdf", "見" * 300 + ".pdf"):
        safe = safe_name(name)
        assert len(safe.encode()) <= LONGEST_NAME
        assert safe.endswith(".pdf")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (b"application/pdf", "attachment.pdf"),
        (b"image/jpeg", "attachment.jpg"),
        (b"text/csv", "attachment.csv"),
        (b"text/vcard", "contact.vcf"),
        (b"application/x-unknown", "attachment.bin"),
        (b"application/octet-stream", "attachment.bin"),
        (b"message/disposition-notification", "disposition-notification.txt"),
    ],
)
def test_a_file_without_a_name_is_called_by_its_type(kind: bytes, name: str) -> None:
    letter = sent(multipart(b"mixed", part(b"Hello"), part(b"x", kind)))
    assert [one.name for one in letter.attachments] == [name]


def test_several_files_without_a_name_are_numbered() -> None:
    letter = sent(multipart(b"mixed", part(b"Hello"), *[part(b"x", b"image/png")] * 3))
    assert [one.name for one in letter.attachments] == [
        "attachment.png",
        "attachment-2.png",
        "attachment-3.png",
    ]


def test_a_name_that_has_nothing_safe_in_it_is_none() -> None:
    letter = sent(multipart(b"mixed", part(b"Hello"), file(b'"../.."', b"x")))
    assert [one.name for one in letter.attachments] == ["attachment.pdf"]


def test_an_empty_file_with_a_name_is_a_file() -> None:
    letter = sent(multipart(b"mixed", part(b"Hello"), file(b"empty.txt", b"", b"text/plain")))
    assert [(one.name, one.size) for one in letter.attachments] == [("empty.txt", 0)]


def test_size_and_digest_are_those_of_the_decoded_content() -> None:
    letter = sent(multipart(b"mixed", part(b"Hello"), file(b"a.pdf", b"%PDF-1.7")))
    (one,) = letter.attachments
    assert (one.content, one.size, one.sha256) == (b"%PDF-1.7", 8, sha256(b"%PDF-1.7").hexdigest())


def test_the_name_of_the_disposition_counts_before_that_of_the_type() -> None:
    named = part(
        b"x", b"application/pdf; name=type.pdf", b"Content-Disposition: attachment; filename=file.pdf"
    )
    assert sent(multipart(b"mixed", named)).attachments[0].name == "file.pdf"
    unnamed = part(b"x", b"application/pdf; name=type.pdf", b"Content-Disposition: attachment")
    assert sent(multipart(b"mixed", unnamed)).attachments[0].name == "type.pdf"


@pytest.mark.parametrize("field", [b"Content-Location: photo 1.jpg", b"Content-Description: photo 1.jpg"])
def test_a_file_without_a_name_is_called_as_other_fields_call_it(field: bytes) -> None:
    letter = sent(multipart(b"mixed", part(b"Hello"), part(b"x", b"image/jpeg", field)))
    assert letter.attachments[0].name == "photo 1.jpg"


@pytest.mark.parametrize(
    "field", [b"Content-Location: https://x.example/a.jpg", b"Content-Description: My photo"]
)
def test_what_looks_like_no_name_of_a_file_is_none(field: bytes) -> None:
    letter = sent(multipart(b"mixed", part(b"Hello"), part(b"x", b"image/jpeg", field)))
    assert letter.attachments[0].name == "attachment.jpg"
