"""What somebody wrote into a form, what is wrong with it, and the letter that it becomes."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid5

from contracts.mail import Address
from mail import headers
from services.gateway.intake.composing import File, NewLetter, message_id_for

LONGEST = {"name": 100, "email": 254, "subject": 200, "message": 50_000}
"""Characters of each field."""
MOST_FILES = 5
MOST_FILE_BYTES = 10 * 1000 * 1000
"""Of all files of one form together."""
FORM_HEADER = "X-Postroom-Form"
HONEYPOT = "honeypot"
"""The value of the header in a letter of somebody who filled in what people do not see."""

Field = Literal["name", "email", "subject", "message", "files"]
Mistake = Literal["missing", "wrong", "too_long", "too_many", "too_large"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields as they were filled in."""

    name: str = ""
    email: str = ""
    subject: str = ""
    message: str = ""
    trap: str = ""
    """Not shown to people: only a program fills it in."""
    file_sizes: tuple[int, ...] = ()
    """Bytes of each file that was chosen. What is in the files is read when all else is right."""


def tidy(entry: Entry) -> Entry:
    """Fields of one line have one line, and nothing holds NUL."""

    def line(text: str) -> str:
        return " ".join(text.replace("\x00", "").split())

    return Entry(
        name=line(entry.name),
        email=line(entry.email),
        subject=line(entry.subject),
        message=entry.message.replace("\x00", "").strip(),
        trap=line(entry.trap),
        file_sizes=entry.file_sizes,
    )


def mistakes(entry: Entry, most_file_bytes: int = MOST_FILE_BYTES) -> dict[Field, Mistake]:
    """What must be mended, field by field, in the order of the page."""
    found: dict[Field, Mistake] = {}
    if len(entry.name) > LONGEST["name"]:
        found["name"] = "too_long"
    if not entry.email:
        found["email"] = "missing"
    elif not _is_address(entry.email):
        found["email"] = "wrong"
    for field, text in (("subject", entry.subject), ("message", entry.message)):
        if not text:
            found[field] = "missing"  # type: ignore[index]
        elif len(text) > LONGEST[field]:
            found[field] = "too_long"  # type: ignore[index]
    if len(entry.file_sizes) > MOST_FILES:
        found["files"] = "too_many"
    elif sum(entry.file_sizes) > most_file_bytes:
        found["files"] = "too_large"
    return found


def _is_address(text: str) -> bool:
    try:
        return "." in headers.addr_spec(text).rpartition("@")[2]
    except headers.Uncomposable:
        return False


def identity(entry: Entry, files: tuple[File, ...], visit_number: UUID) -> UUID:
    """The same for what is sent twice from one visit, by a double click or a reload; another if a word is changed."""
    digest = sha256()
    for text in (entry.name, entry.email, entry.subject, entry.message, entry.trap):
        digest.update(f"{len(text)} {text}\n".encode())
    for file in files:
        digest.update(f"{file.name}\n".encode() + sha256(file.content).digest())
    return uuid5(visit_number, digest.hexdigest())


def letter_of(
    entry: Entry, files: tuple[File, ...], recipient: str, command_id: UUID, now: datetime
) -> NewLetter:
    """What was written, as a letter from who wrote it. No person's words are an answer of a machine (RFC 3834)."""
    return NewLetter(
        message_id=message_id_for(command_id, recipient),
        date=now,
        from_=Address(name=entry.name, address=entry.email),
        to=Address(address=recipient),
        subject=entry.subject,
        text=entry.message,
        more=(("Auto-Submitted", "no"), *(((FORM_HEADER, HONEYPOT),) if entry.trap else ())),
        files=files,
    )
