"""Which parts of a message are its text, and which are its files."""

import re
from dataclasses import dataclass
from typing import assert_never

from services.ingest.reading import cms
from services.ingest.reading.charsets import decode
from services.ingest.reading.encodings import is_prose
from services.ingest.reading.files import attachments
from services.ingest.reading.letter import Attachment
from services.ingest.reading.part import MESSAGES, REPORTS, Part
from services.ingest.reading.repairs import Problem, Repairs
from services.ingest.reading.roles import Role, leaves, multiparts
from services.ingest.reading.texts import Texts

LONGEST_NOTICE = 400
"""Characters. A longer text around the parts is more than a notice to old programs."""

_NOTICE = re.compile(
    r"multi-?part\b.{0,40}\bMIME|MIME.{0,20}(?:format|encapsulated|message|compliant|aware)|cryptographically signed"
    r"|mail reader does not|(?:mail|MIME)[- ]?(?:reader|client|program).{0,40}(?:support|understand)",
    re.IGNORECASE | re.DOTALL,
)
_SUMMARY = ("from", "date", "subject")


@dataclass(frozen=True, slots=True)
class Bodies:
    """The text of a message, its HTML, its files, and by what it is signed and encrypted: `pgp` or `smime`."""

    text: str
    html: str | None
    attachments: tuple[Attachment, ...]
    signed: str | None
    encrypted: str | None


def bodies(root: Part, repairs: Repairs) -> Bodies:
    """Choose as a mail client does, and keep everything that is not shown as a file."""
    texts = Texts(repairs)
    files: list[Part] = []
    spares: list[Part] = []
    for part, alternative, role in leaves(root):
        match role:
            case Role.BODY:
                texts.take(part, alternative)
            case Role.FILE:
                files.append(part)
            case Role.SPARE:
                spares.append(part)
            case _:
                assert_never(role)
    text, html = texts.text(), texts.html
    if not text.strip():
        text, html = _spare(spares, texts) if spares else _elsewhere(root, files, texts, repairs)
    if any(part.type == "message/partial" for part in files):
        repairs.note(Problem.MESSAGE_PARTIAL)
    encrypted = next(filter(None, map(_encrypted_by, files)), "pgp" if texts.encrypted else None)
    if encrypted:
        repairs.note(Problem.ENCRYPTED)
    return Bodies(
        text=text,
        html=html,
        attachments=attachments([*files, *texts.files], html),
        signed=next(filter(None, map(_signed_by, files)), "pgp" if texts.signed else None),
        encrypted=encrypted,
    )


def _signed_by(part: Part) -> str | None:
    if part.type in {"application/pgp-signature", "application/pgp"}:
        return "pgp"
    if part.type in {"application/pkcs7-signature", "application/x-pkcs7-signature"}:
        return "smime"
    return "smime" if part.parts and cms.is_envelope(part.type, part.name) else None


def _encrypted_by(part: Part) -> str | None:
    if part.type == "application/pgp-encrypted":
        return "pgp"
    if part.parts or not cms.is_envelope(part.type, part.name):
        return None
    says_so = "enveloped" in part.parameters.get("smime-type", "").lower()
    return "smime" if says_so or cms.is_encrypted(part.content) else None


def _spare(spares: list[Part], texts: Texts) -> tuple[str, str | None]:
    """The text and the page of a message whose words are in TNEF."""
    page = next((part for part in spares if part.type == "text/html"), None)
    plain = next((part for part in spares if part.type != "text/html"), page)
    return texts.plain(plain) if plain else "", texts.html or (page.text if page else None)


def _elsewhere(root: Part, files: list[Part], texts: Texts, repairs: Repairs) -> tuple[str, str | None]:
    """What a person can read in a message without a text: around its parts, in its files, in messages in it."""
    before = [part.preamble for part in multiparts(root) if part.preamble]
    behind = [part.epilogue for part in multiparts(root) if part.epilogue]
    inline = [part for part in files if part.disposition != "attachment"]
    for part in inline:
        if part.type.startswith("text/"):
            texts.take(part)
    words = [texts.text(), *(part.text for part in inline if part.type in REPORTS)]
    if any(map(_is_more_than_notice, (*before, *behind))):
        repairs.note(Problem.PREAMBLE_KEPT)
        words = [*filter(_is_more_than_notice, before), *words, *filter(_is_more_than_notice, behind)]
    if not any(map(str.strip, words)):
        words = [Texts(repairs).plain(part) for part in files if _is_readable(part)][:1]
    if not any(map(str.strip, words)):
        words = [_nested(part, repairs) for part in files]
    kept = [text for text in words if text.strip()]
    return "\n\n".join(kept or before), texts.html


def _is_readable(part: Part) -> bool:
    return part.type.startswith("text/") or part.type in REPORTS


def _is_more_than_notice(text: str) -> bool:
    return len(text) > LONGEST_NOTICE or not _NOTICE.search(text)


def _nested(part: Part, repairs: Repairs) -> str:
    """A message in the message, with what its header says; of messages in messages the first that has words."""
    while part.type in MESSAGES or part.type == "message/partial":
        if not part.parts:  # a later piece of a message that was sent in several: often the middle of a file
            return decode(part.content, None, repairs) if is_prose(part.content) else ""
        message = part.parts[0]
        texts = Texts(repairs)
        inner: list[Part] = []
        for leaf, alternative, role in leaves(message):
            if role is Role.BODY:
                texts.take(leaf, alternative)
            elif leaf.type in MESSAGES:
                inner.append(leaf)
        head = "\n".join(f"{name}: {value}" for name, value in message.headers if name.lower() in _SUMMARY)
        text = texts.text().strip("\n")
        if text or not inner:
            return f"{head}\n\n{text}".strip("\n")
        part = inner[0]
    return ""
