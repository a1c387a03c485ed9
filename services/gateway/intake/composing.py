"""Writes the message of someone who sent none himself: of a form, or of a program that speaks JSON (RFC 5322)."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from contracts.mail import Address
from mail import headers

LONGEST_NAME = 200
"""Characters of a file's name that are kept."""
_TYPE = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,63})/([a-z0-9][a-z0-9!#$&^_.+-]{0,63})", re.IGNORECASE)
_NO_FILE = frozenset({"multipart", "message"})
"""Types whose content may not be base64 (RFC 2045 §6.4), so no file can travel as one."""


@dataclass(frozen=True, slots=True)
class File:
    name: str
    type: str
    content: bytes
    content_id: str | None = None
    """Without angle brackets; the HTML shows it as `cid:`."""


@dataclass(frozen=True, slots=True)
class NewLetter:
    """What is to be written."""

    message_id: str
    date: datetime
    from_: Address
    to: Address
    subject: str
    text: str | None
    html: str | None = None
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    """Other header fields."""
    files: tuple[File, ...] = ()


def compose(letter: NewLetter) -> bytes:
    """Make the message.

    Raises:
        headers.Uncomposable: an address or id is none, or a value would start a header of its own.
    """
    references = tuple(map(_message_id, letter.references))
    head = b"".join(
        (
            headers.field("Date", f" {format_datetime(letter.date)}"),
            headers.addresses("From", (letter.from_,)),
            headers.addresses("To", (letter.to,)),
            headers.addresses("Cc", letter.cc) if letter.cc else b"",
            headers.addresses("Reply-To", letter.reply_to) if letter.reply_to else b"",
            headers.unstructured("Subject", letter.subject),
            headers.message_ids("Message-ID", (_message_id(letter.message_id),)),
            headers.message_ids("In-Reply-To", (_message_id(letter.in_reply_to),))
            if letter.in_reply_to
            else b"",
            headers.message_ids("References", references) if references else b"",
            *(headers.unstructured(name, value) for name, value in letter.more),
        )
    )
    return head + _body(letter).as_bytes()


def message_id_for(identity: UUID, recipient: str) -> str:
    """The Message-ID of a letter that has none of its own: the same at each try."""
    return f"<{identity}@{headers.addr_spec(recipient).rpartition('@')[2]}>"


def _message_id(value: str) -> str:
    found = headers.message_id(value)
    if found is None:
        raise headers.Uncomposable(f"This is no Message-ID: {value!r}")
    return found


def _body(letter: NewLetter) -> EmailMessage:
    """Only content and the headers that describe it: the standard library writes these well."""
    message = EmailMessage(policy=SMTP)
    shown: MIMEPart = message
    if letter.text is not None or letter.html is None:
        message.set_content(letter.text or "")
    else:
        message.set_content(letter.html, subtype="html")
    if letter.text is not None and letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
        shown = next(part for part in message.iter_parts() if part.get_content_subtype() == "html")
    # Beside the HTML first, around all of it afterwards: the other way round there is no place beside the HTML.
    for file in letter.files:
        if file.content_id and letter.html is not None:
            shown.add_related(file.content, *_type(file), disposition="inline", **_names(file))
    for file in letter.files:
        if not file.content_id or letter.html is None:
            message.add_attachment(file.content, *_type(file), **_names(file))
    return message


def _names(file: File) -> dict[str, Any]:
    printable = "".join(character if character.isprintable() else " " for character in file.name)
    names = {"filename": printable[-LONGEST_NAME:].strip() or "file"}
    return {**names, "cid": f"<{file.content_id}>"} if file.content_id else names


def _type(file: File) -> tuple[str, str]:
    match = _TYPE.fullmatch(file.type.partition(";")[0].strip())
    if match is None or match[1].lower() in _NO_FILE:
        return "application", "octet-stream"
    return match[1].lower(), match[2].lower()
