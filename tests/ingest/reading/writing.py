"""Builds messages byte by byte, so that a test can break what it wants to see repaired."""

from base64 import encodebytes

from services.ingest.reading import Letter, read

SENDER = b"From: Kim <kim@customers.example>\nTo: support@example.com\nSubject: My lamp\n"
HEAD = (
    SENDER + b"Date: Mon, 2 Mar 2026 13:00:00 +0100\nMessage-ID: <1@customers.example>\nMIME-Version: 1.0\n"
)


def message(body: bytes, kind: bytes = b"text/plain; charset=utf-8", *more: bytes) -> Letter:
    """A letter of one part; `more` are further fields of its header."""
    return read(
        HEAD + b"Content-Type: " + kind + b"\n" + b"".join(field + b"\n" for field in more) + b"\n" + body
    )


def part(body: bytes, kind: bytes = b"text/plain; charset=utf-8", *more: bytes) -> bytes:
    return b"Content-Type: " + kind + b"\n" + b"".join(field + b"\n" for field in more) + b"\n" + body


def file(
    name: bytes, content: bytes, kind: bytes = b"application/pdf", disposition: bytes = b"attachment"
) -> bytes:
    return part(
        encodebytes(content),
        kind,
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition: " + disposition + b"; filename=" + name,
    )


def multipart(kind: bytes, *parts: bytes, boundary: bytes = b"=_b1") -> bytes:
    """A header and a body, without the fields of a message."""
    body = b"".join(b"--" + boundary + b"\n" + one + b"\n" for one in parts)
    return (
        b"Content-Type: multipart/"
        + kind
        + b'; boundary="'
        + boundary
        + b'"\n\n'
        + body
        + b"--"
        + boundary
        + b"--\n"
    )


def sent(entity: bytes) -> Letter:
    """A letter of an entity that has its own header of content."""
    return read(HEAD + entity)
