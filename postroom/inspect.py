"""What intake makes of one raw message, as the JSON object of `postroom inspect`."""

import sys
from hashlib import sha256
from pathlib import Path

import orjson

from contracts.mail import Kind
from services.ingest.reading import Letter, read
from services.ingest.reading.letter import Address, Attachment


def inspect_file(name: str) -> bytes:
    """One JSON line.

    Raises:
        OSError: the file cannot be read.
    """
    raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return orjson.dumps(describe(name, raw, read(raw)))


def describe(name: str, raw: bytes, letter: Letter) -> dict[str, object]:
    """The keys that scripts rely on; all are always there."""
    return {
        "file": name,
        "size": len(raw),
        "sha256": sha256(raw).hexdigest(),
        "message_id": letter.message_id,
        "in_reply_to": letter.in_reply_to,
        "references": letter.references,
        "subject": letter.subject,
        "date": letter.date.isoformat().replace("+00:00", "Z") if letter.date else None,
        "from": _address(letter.from_) if letter.from_ else None,
        "to": [_address(person) for person in letter.to],
        "cc": [_address(person) for person in letter.cc],
        "reply_to": [_address(person) for person in letter.reply_to],
        "text": letter.text,
        "reply": letter.reply,
        "html": letter.html,
        "attachments": [_attachment(attachment) for attachment in letter.attachments],
        # It knows no ticketboxes, so every Postroom's mark counts as ours.
        "kind": (Kind.LOOP if letter.marker else letter.kind).value,
        "bounce": letter.bounce,
        "feedback": letter.feedback,
        "signed": letter.signed,
        "encrypted": letter.encrypted,
        "problems": letter.problems,
    }


def _address(person: Address) -> dict[str, str]:
    return {"name": person.name, "address": person.address}


def _attachment(attachment: Attachment) -> dict[str, object]:
    return {
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "inline": attachment.inline,
        "content_id": attachment.content_id,
    }
