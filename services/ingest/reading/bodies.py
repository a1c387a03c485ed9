"""Which parts of a message are its text, and which are its files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from services.ingest.reading.flowed import unflowed
from services.ingest.reading.html_text import html_to_text
from services.ingest.reading.letter import Attachment
from services.ingest.reading.names import default_name, safe_name
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Problem, Repairs
from services.ingest.reading.structure import MESSAGES

_OTHER_VIEWS = frozenset({"text/x-amp-html", "text/watch-html"})


@dataclass(slots=True)
class _Choice:
    """What belongs together: one text, or the alternatives of one."""

    texts: list[str] = field(default_factory=list)
    htmls: list[str] = field(default_factory=list)

    def text(self, repairs: Repairs) -> str:
        if any(text.strip() for text in self.texts) or not self.htmls:
            return "\n".join(self.texts)
        if self.texts:
            repairs.note(Problem.ALTERNATIVE_TEXT_EMPTY)
        return "\n\n".join(html_to_text(html) for html in self.htmls)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The text of a message, its HTML and its files."""

    text: str
    html: str | None
    attachments: tuple[Attachment, ...]


def bodies(root: Part, repairs: Repairs) -> Bodies:
    """Choose as a mail client does, and keep everything that is not shown as a file."""
    choices: list[_Choice] = []
    files: list[Part] = []
    alternatives: dict[int, _Choice] = {}
    for part, alternative, is_body in _leaves(root):
        if part.type in _OTHER_VIEWS and alternative:
            continue
        if not is_body:
            files.append(part)
            continue
        choice = alternatives.get(alternative) if alternative else None
        if choice is None:
            choice = _Choice()
            choices.append(choice)
            if alternative:
                alternatives[alternative] = choice
        text = part.text
        if part.type == "text/html":
            choice.htmls.append(text)
        else:
            if part.parameters.get("format", "").lower() == "flowed":
                text = unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
            choice.texts.append(text)
    texts = [text for choice in choices if (text := choice.text(repairs)).strip()]
    html = "\n".join(html for choice in choices for html in choice.htmls) or None
    if not texts:
        texts = [text for part in root.walk() for text in (part.preamble, part.epilogue) if text]
        if texts:
            repairs.note(Problem.PREAMBLE_KEPT)
    if not texts:
        texts = [text for part in files if (text := _readable(part))]
    return Bodies("\n".join(texts), html, tuple(_attachment(part) for part in files if part.content))


def _readable(part: Part) -> str:
    """The text of a file, for a message that has no other."""
    if part.type == "text/html":
        return html_to_text(part.text)
    return part.text.strip("\n")


def _leaves(root: Part) -> Iterator[tuple[Part, int, bool]]:
    """The leaves in order, each with the alternative that it is one of, and whether it is shown as text.

    A message in the message is a leaf.
    """
    waiting: list[tuple[Part, int, bool]] = [(root, 0, True)]
    while waiting:
        part, alternative, first = waiting.pop()
        if not part.type.startswith("multipart/"):
            yield part, alternative, _is_body(part, alternative, first)
            continue
        if part.type == "multipart/alternative" and not alternative:
            alternative = id(part)
        shown = part.type in {"multipart/alternative", "multipart/related", "multipart/signed"}
        waiting.extend(
            (inner, alternative, shown and (number == 0 or part.type == "multipart/alternative"))
            for number, inner in reversed(list(enumerate(part.parts)))
        )


def _is_body(part: Part, alternative: int, first: bool) -> bool:
    if not part.type.startswith("text/") or part.disposition == "attachment":
        return False
    if part.type in {"text/plain", "text/html", "text/enriched", "text/richtext"}:
        return part.name is None or first
    return False


def _attachment(part: Part) -> Attachment:
    content = part.content
    return Attachment(
        name=_name(part),
        type=part.type,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        inline=part.content_id is not None and part.disposition != "attachment",
        content_id=part.content_id,
        content=content,
    )


def _name(part: Part) -> str:
    if part.name and (name := safe_name(part.name)):
        return name
    if part.type in MESSAGES:
        subject = part.parts[0].first("subject") if part.parts else None
        return f"{safe_name(subject or '')[:100] or 'message'}.eml"
    return default_name(part.type)
