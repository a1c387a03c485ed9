"""Which parts of a message are its text, and which are its files."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from urllib.parse import unquote

from services.ingest.reading import cms
from services.ingest.reading.charsets import decode
from services.ingest.reading.encodings import is_prose
from services.ingest.reading.flowed import unflowed
from services.ingest.reading.html_text import html_to_text
from services.ingest.reading.letter import Attachment
from services.ingest.reading.names import default_name, safe_name
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Problem, Repairs
from services.ingest.reading.structure import MESSAGES, REPORTS, TNEF
from services.ingest.reading.wrapped import unwrapped

LONGEST_TEXT = 2_000_000
"""Characters of all texts together. A part behind them is kept as a file only."""
LONGEST_NOTICE = 400
"""Characters. A longer text around the parts is more than a notice to old programs."""
_DIRECT = ("from", "date", "subject")

_NOT_READ = frozenset(
    {
        "text/calendar", "text/css", "text/csv", "text/directory", "text/javascript", "text/json", "text/rfc822-headers",
        "text/rtf", "text/tab-separated-values", "text/vcard", "text/x-vcard", "text/xml", "text/yaml",
    }
)  # fmt: skip
"""Types of text that are no prose: they are files even without a name."""
_OTHER_VIEWS = frozenset({"text/x-amp-html", "text/watch-html"})
_NOTICE = re.compile(
    r"multi-?part\b.{0,40}\bMIME|MIME.{0,20}(?:format|encapsulated|message|compliant|aware)|cryptographically signed"
    r"|mail reader does not|(?:mail|MIME)[- ]?(?:reader|client|program).{0,40}(?:support|understand)",
    re.IGNORECASE | re.DOTALL,
)
_STUB = re.compile(r"\bhtml\b", re.IGNORECASE)
_CONTENT_ID = re.compile(r"\bcid:([^\"'\s<>()]{1,250})", re.IGNORECASE)
_INVISIBLE = " \t\r\n\xa0\u00ad\u200b\u200c\u200d\u2060\ufeff"


class Role(Enum):
    """What a part is for its reader."""

    BODY = "body"
    FILE = "file"
    SPARE = "spare"
    """Read only where the message has no other text, and not kept as a file."""


@dataclass(slots=True)
class _Choice:
    """What belongs together: one text, or the alternatives of one."""

    texts: list[str] = field(default_factory=list)
    htmls: list[str] = field(default_factory=list)

    @property
    def has_text(self) -> bool:
        return any(text.strip(_INVISIBLE) for text in self.texts)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The text of a message, its HTML and its files, and who vouches for it: `pgp`, `smime` or nobody."""

    text: str
    html: str | None
    attachments: tuple[Attachment, ...]
    signed: str | None = None
    encrypted: str | None = None


def bodies(root: Part, repairs: Repairs) -> Bodies:
    """Choose as a mail client does, and keep everything that is not shown as a file."""
    return _Reader(repairs).read(root)


class _Reader:
    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._choices: list[_Choice] = []
        self._alternatives: dict[int, _Choice] = {}
        self._files: list[Part] = []
        self._spares: list[Part] = []
        self._read = 0
        self._signed: str | None = None
        self._encrypted: str | None = None

    def read(self, root: Part) -> Bodies:
        for part, alternative, role in _leaves(root):
            self._mark(part)
            if role is Role.FILE:
                self._files.append(part)
            elif role is Role.SPARE:
                self._spares.append(part)
            else:
                self._take(part, alternative)
        text = self._text()
        html = "\n".join(html for choice in self._choices for html in choice.htmls) or None
        if not text.strip():
            text, html = self._spare_text(root, html)
        shown = {unquote(address) for address in _CONTENT_ID.findall(html)} if html else set()
        kept = [part for part in self._files if _is_kept(part)]
        attachments = tuple(
            _attachment(part, name, shown) for part, name in zip(kept, _names(kept), strict=True)
        )
        return Bodies(text, html, attachments, self._signed, self._encrypted)

    def _mark(self, part: Part) -> None:
        if part.type == "message/partial":
            self._repairs.note(Problem.PARTIAL)
        elif part.type in {"application/pgp-signature", "application/pgp"}:
            self._signed = self._signed or "pgp"
        elif part.type in {"application/pkcs7-signature", "application/x-pkcs7-signature"}:
            self._signed = self._signed or "smime"
        elif part.type == "application/pgp-encrypted":
            self._encrypted = "pgp"
            self._repairs.note(Problem.ENCRYPTED)
        elif part.type in cms.TYPES:
            if part.parts:
                self._signed = self._signed or "smime"
            else:
                self._encrypted = self._encrypted or "smime"

    def _take(self, part: Part, alternative: int) -> None:
        if self._read > LONGEST_TEXT or (part.text and part.is_cut):
            self._repairs.note(Problem.TEXT_CUT)
            self._files.append(part)
            if self._read > LONGEST_TEXT:
                return
        self._read += len(part.text)
        choice = self._alternatives.get(alternative) if alternative else None
        if choice is None:
            choice = _Choice()
            self._choices.append(choice)
            if alternative:
                self._alternatives[alternative] = choice
        if part.type == "text/html":
            choice.htmls.append(part.text)
            return
        text = self._plain(part)
        if text not in choice.texts:
            choice.texts.append(text)

    def _plain(self, part: Part) -> str:
        """The words of a text: as paragraphs if it flows, without files and armour in it."""
        text = part.text
        if part.type in {"text/enriched", "text/richtext"}:
            return _enriched(text)
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        found = unwrapped(text)
        for name, content in found.files:
            self._files.append(
                Part(type="application/octet-stream", name=name, disposition="attachment", content=content)
            )
        if found.signed:
            self._signed = self._signed or "pgp"
        if found.encrypted:
            self._encrypted = self._encrypted or "pgp"
            self._repairs.note(Problem.ENCRYPTED)
        return found.text

    def _text(self) -> str:
        """The texts in their order, each in its best form."""
        plain: list[str] = []
        texts: list[tuple[str, bool]] = []
        for choice in self._choices:
            if choice.has_text or not choice.htmls:
                plain += choice.texts
                texts += [(text, False) for text in choice.texts]
            if choice.htmls and (not choice.has_text or self._is_stub(choice)):
                page = "\n\n".join(self._from_html(html) for html in choice.htmls)
                texts.append((page, True))
                if choice.texts and page:
                    stub = choice.has_text
                    self._repairs.note(
                        Problem.ALTERNATIVE_TEXT_STUB if stub else Problem.ALTERNATIVE_TEXT_EMPTY
                    )
        # Programs that mix text and HTML without saying that they are alternatives say the same twice.
        known = {word for text in plain for word in text.split()} if len(texts) > 1 else set()
        kept = [text for text, is_page in texts if text.strip() and not (is_page and _is_known(text, known))]
        return "\n".join(kept or plain[:1])

    def _is_stub(self, choice: _Choice) -> bool:
        """Whether a text only says that there is HTML."""
        size = sum(map(len, choice.texts))
        if not choice.htmls or size > 400 or not any(_STUB.search(text) for text in choice.texts):
            return False
        return sum(len(self._from_html(html)) for html in choice.htmls) > 3 * size

    def _from_html(self, html: str) -> str:
        text, was_cut = html_to_text(html)
        if was_cut:
            self._repairs.note(Problem.TEXT_CUT)
        return text

    def _spare_text(self, root: Part, html: str | None) -> tuple[str, str | None]:
        """What a person can read in a message without a text: around its parts, in its files, in messages in it."""
        if self._spares:
            page = next((part.text for part in self._spares if part.type == "text/html"), None)
            plain = "\n".join(part.text for part in self._spares if part.type != "text/html")
            return plain if plain.strip() else self._from_html(page or ""), html or page
        before = [part.preamble for part in _multiparts(root) if part.preamble]
        behind = [part.epilogue for part in _multiparts(root) if part.epilogue]
        inline = [part for part in self._files if part.disposition != "attachment" and _is_readable(part)]
        texts = [text for part in inline if (text := self._readable(part)).strip()]
        if words := [
            text for text in (*before, *behind) if len(text) > LONGEST_NOTICE or not _NOTICE.search(text)
        ]:
            self._repairs.note(Problem.PREAMBLE_KEPT)
            texts = [
                *(text for text in before if text in words),
                *texts,
                *(text for text in behind if text in words),
            ]
        if not texts:
            attached = next((part for part in self._files if _is_readable(part)), None)
            texts = [self._readable(attached)] if attached else []
        if not texts:
            texts = [text for part in self._files if (text := self._nested(part))]
        return "\n\n".join(texts or before), html

    def _readable(self, part: Part) -> str:
        return self._from_html(part.text) if part.type == "text/html" else self._plain(part)

    def _nested(self, part: Part) -> str:
        """A message in the message, with what its header says; of messages in messages the first that has words."""
        while part.type in MESSAGES or part.type == "message/partial":
            if not part.parts:
                return self._fragment(part)
            (message,) = part.parts
            reader = _Reader(self._repairs)
            for leaf, alternative, role in _leaves(message):
                if role is Role.BODY:
                    reader._take(leaf, alternative)
                elif role is Role.FILE:
                    reader._files.append(leaf)
            head = "\n".join(f"{name}: {value}" for name, value in message.headers if name.lower() in _DIRECT)
            if text := reader._text().strip("\n"):
                return f"{head}\n\n{text}" if head else text
            nested = [one for one in reader._files if one.type in MESSAGES]
            if not nested:
                return head
            part = nested[0]
        return ""

    def _fragment(self, part: Part) -> str:
        """A later piece of a message that was sent in several: often the middle of a file."""
        return decode(part.content, None, self._repairs) if is_prose(part.content[:LONGEST_TEXT]) else ""


def _leaves(root: Part) -> Iterator[tuple[Part, int, Role]]:
    """The leaves in order, each with the alternative that it is one of, and its role. A message in it is a leaf."""
    waiting: list[tuple[Part, int, bool]] = [(root, 0, True)]
    while waiting:
        part, alternative, is_first = waiting.pop()
        if part.type.startswith("multipart/"):
            if part.type == "multipart/alternative" and not alternative:
                alternative = id(part)
            waiting.extend(
                (inner, alternative, _is_shown(part, inner, number))
                for number, inner in reversed(list(enumerate(part.parts)))
            )
        elif part.type in TNEF or (part.parts and part.type == "application/octet-stream"):
            if not part.parts:
                yield part, 0, Role.FILE
            for inner in part.parts:
                yield inner, 0, Role.FILE if inner.disposition == "attachment" else Role.SPARE
        elif part.type in cms.TYPES:
            yield part, 0, Role.FILE
            waiting.extend((inner, alternative, True) for inner in part.parts)
        elif part.type in _OTHER_VIEWS and alternative:
            continue
        else:
            yield part, alternative, Role.BODY if _is_body(part, is_first) else Role.FILE


def _multiparts(root: Part) -> Iterator[Part]:
    """The message itself, and the multiparts in it, but not those of messages in it."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        if part is root or part.type.startswith("multipart/"):
            waiting.extend(inner for inner in reversed(part.parts) if inner.type.startswith("multipart/"))


def _is_shown(multipart: Part, part: Part, number: int) -> bool:
    """Whether a part is shown in its multipart even if it has a name."""
    if multipart.type == "multipart/alternative":
        return part.disposition != "attachment"
    if multipart.type == "multipart/related" and (start := multipart.parameters.get("start")):
        return part.content_id == start.strip("<> ")
    return number == 0 and multipart.type in {"multipart/related", "multipart/signed"}


def _is_body(part: Part, is_first: bool) -> bool:
    if not part.type.startswith("text/") or part.disposition == "attachment" or part.type in _NOT_READ:
        return False
    return is_first or part.name is None


def _is_readable(part: Part) -> bool:
    return part.type.startswith("text/") or part.type in REPORTS


def _is_kept(part: Part) -> bool:
    return bool(part.name or part.disposition == "attachment" or part.content)


def _is_known(text: str, known: set[str]) -> bool:
    """Whether nine of ten words are."""
    words = text.split()
    return sum(word not in known for word in words) * 10 <= len(words)


def _enriched(text: str) -> str:
    """Text without the commands of RFC 1896, and with its line breaks."""
    text = re.sub(r"<param>[^<]*</param>|<(?!<)/?[A-Za-z-]{1,60}>", "", text, flags=re.IGNORECASE).replace(
        "<<", "<"
    )
    return re.sub(r"\n+", lambda breaks: "\n" * (len(breaks[0]) - 1) or " ", text)


def _attachment(part: Part, name: str, shown: set[str]) -> Attachment:
    """A file; it is inline if its sender says so, or if the HTML shows it by its Content-ID (RFC 2392)."""
    content = part.content
    inline = part.disposition == "inline" or (part.disposition is None and part.content_id is not None)
    return Attachment(
        name=name,
        type=part.type,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        inline=inline or part.content_id in shown,
        content_id=part.content_id,
        content=content,
    )


def _names(parts: list[Part]) -> Iterator[str]:
    """The name that each file has from its sender, or one by its type; those are numbered if there are several."""
    given: Counter[str] = Counter()
    for part in parts:
        if part.name and (name := safe_name(part.name)):
            yield name
            continue
        subject = part.parts[0].first("subject") if part.type in MESSAGES and part.parts else None
        name = safe_name(f"{subject}.eml") if subject and safe_name(subject) else default_name(part.type)
        given[name] += 1
        stem, dot, extension = name.rpartition(".")
        yield name if given[name] == 1 else f"{stem}-{given[name]}{dot}{extension}"
