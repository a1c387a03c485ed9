"""Lifelike mail to judge, and its structure."""

import email
import re
from collections.abc import Mapping
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from services.ingest.reading.kind import Judgement, judge
from services.ingest.reading.part import Part

Headers = Mapping[str, str]
SAMPLES = Path(__file__).parent


def letter(headers: Headers, subject: str, text: str) -> bytes:
    """A message to us; what `headers` does not say is as a customer's mail program writes it."""
    usual = {
        "From": "Anna Klein <anna@customer.example>",
        "To": "support@example.com",
        "Date": "Mon, 11 Mar 2024 09:14:22 +0100",
        "Message-ID": "<a1@customer.example>",
        "Subject": subject,
        "Content-Type": "text/plain; charset=utf-8",
    }
    fields = usual | dict(headers)
    return ("".join(f"{name}: {value}\n" for name, value in fields.items()) + f"\n{text}\n").encode()


def tree(raw: bytes) -> Part:
    """The parts of a message."""
    return _part(email.message_from_bytes(raw))


def _part(message: "Message[str, str]") -> Part:
    payload = message.get_payload()
    parts = tuple(_part(inner) for inner in payload if isinstance(inner, Message)) if isinstance(payload, list) else ()
    kind = message.get_content_type()
    content = b"" if parts else message.get_payload(decode=True) or b""
    if kind.startswith("message/") and kind not in ("message/rfc822", "message/partial") and parts:
        content = b"\n".join(part.as_bytes() for part in payload)
        parts = ()
    assert isinstance(content, bytes)
    texty = kind.startswith("text/") or (kind.startswith("message/") and not parts) or (kind.startswith("multipart/") and not parts)
    charset = message.get_content_charset() or "utf-8"
    try:
        text = content.decode(charset, "replace") if texty else ""
    except (LookupError, ValueError):
        text = content.decode("latin-1")
    def dec(v):
        try:
            return str(make_header(decode_header(re.sub(r"[\r\n]+\s*", " ", str(v)).encode('utf-8','surrogateescape').decode('utf-8','replace'))))
        except Exception:
            return str(v).encode('utf-8','replace').decode()
    return Part(
        headers=tuple((n, dec(v)) for n, v in message.raw_items()),
        type=kind,
        parameters={k.lower(): v for k, v in (message.get_params() or [])[1:]},
        disposition=message.get_content_disposition(),
        name=message.get_filename(),
        content=content, text=text.replace("\r\n", "\n").replace("\x00",""), parts=parts)


def judged(raw: bytes) -> Judgement:
    from services.ingest.reading.read import read
    return judge(tree(raw), read(raw).text)
