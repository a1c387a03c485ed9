"""Values with parameters: Content-Type and Content-Disposition (RFC 2045, 2183, 2231)."""

import pytest

from services.ingest.reading.parameters import content_type, parse
from services.ingest.reading.repairs import Repairs


def filename(parameters: str) -> str | None:
    return parse(f"attachment; {parameters}", Repairs())[1].get("filename")


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ('filename="a.pdf"', "a.pdf"),
        ('FileName = "a.pdf" ; size=3', "a.pdf"),
        ('filename="a;b.pdf"', "a;b.pdf"),
        (r'filename="a\"b.pdf"', 'a"b.pdf'),
        ('filename="a.pdf" (a comment)', "a.pdf"),
        ("filename*=utf-8''%C3%BC.pdf", "ü.pdf"),
        ("filename*=utf-8''a%20b.pdf; filename=\"c.pdf\"", "a b.pdf"),
        ("filename=\"c.pdf\"; filename*=utf-8''a%20b.pdf", "a b.pdf"),
        ("filename*0*=utf-8''%C3; filename*1*=%BC; filename*2=\".pdf\"", "ü.pdf"),
        ('filename*1="b.pdf"; filename*0="a"', "ab.pdf"),
        ("filename*0*=iso-8859-1'de'%FC; filename*1=\".pdf\"", "ü.pdf"),
    ],
)
def test_names_of_files_are_read_as_the_standards_say(parameters: str, name: str) -> None:
    assert filename(parameters) == name


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("filename=a b.pdf", "a b.pdf"),
        ("filename=a b.pdf; size=3", "a b.pdf"),
        ('filename="a"b".pdf"', 'a"b".pdf'),
        ('filename="not closed.pdf', "not closed.pdf"),
        ('filename="not closed.pdf; size=1', "not closed.pdf"),
        ("filename='a.pdf'", "a.pdf"),
        (r"filename=\"a.pdf\"", "a.pdf"),
        (r'filename="C:\new\a.pdf"', r"C:\new\a.pdf"),
        ('filename="ü.pdf"', "ü.pdf"),
        ('filename="=?utf-8?Q?=C3=BC.pdf?="', "ü.pdf"),
        ("filename==?utf-8?B?w7wucGRm?=", "ü.pdf"),
        ("filename==?utf-8?Q?a;b=C3=BC.pdf?=; size=1", "a;bü.pdf"),
        ('filename*0="=?utf-8?Q?a"; filename*1="=C3=BC.pdf?="', "aü.pdf"),
        ("filename*=\"utf-8''%C3%BC.pdf\"", "ü.pdf"),
        ("filename*=%C3%BC.pdf", "ü.pdf"),
        ("filename*=bogus''%FC.pdf", "ü.pdf"),
        ("filename*=utf-8''it's.pdf", "it's.pdf"),
        ("filename*0*=utf-8''a; filename*2*=c", "ac"),
        (';;filename="a.pdf";;', "a.pdf"),
    ],
)
def test_names_of_files_are_read_as_they_were_meant(parameters: str, name: str) -> None:
    assert filename(parameters) == name


def test_a_semicolon_that_is_missing_is_put_in() -> None:
    assert parse('attachment filename="a.pdf"', Repairs()) == ("attachment", {"filename": "a.pdf"})
    assert content_type("text/html charset=utf-8", Repairs()) == ("text/html", {"charset": "utf-8"})


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("TEXT/Plain", "text/plain"),
        ("text / html", "text/html"),
        ("text", "text/plain"),
        ("plain", "text/plain"),
        ("", "text/plain"),
        ("text/", "text/plain"),
        ("html", "text/html"),
        ("multipart", "multipart/mixed"),
        ("multipart/; boundary=x", "multipart/mixed"),
        ("pdf", "application/octet-stream"),
        ("image; name=a.png", "application/octet-stream"),
        ("text/plain, text/html", "text/plain"),
    ],
)
def test_a_type_that_is_broken_is_guessed(value: str, kind: str) -> None:
    assert content_type(value, Repairs())[0] == kind


def test_a_broken_type_is_noted() -> None:
    repairs = Repairs()
    content_type("image", repairs)
    assert repairs.codes() == ("content_type_invalid",)
