"""The text of a message, made of all parts that are shown."""

import re
from dataclasses import dataclass, field

from services.ingest.reading.calendar_text import calendar_to_text
from services.ingest.reading.flowed import unflowed
from services.ingest.reading.html_text import html_to_text
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Problem, Repairs
from services.ingest.reading.wrapped import unwrapped

MOST_CHARACTERS = 2_000_000
"""Of all texts together. What comes behind them is kept as a file."""
LONGEST_STUB = 400

_STUB = re.compile(r"\bhtml\b", re.IGNORECASE)
_COMMANDS = re.compile(r"<param>[^<]*+</param>|(?<!<)</?[A-Za-z-]{1,60}>", re.IGNORECASE)
_BREAKS = re.compile(r"\n+")
_INVISIBLE = " \t\r\n\xa0\u00ad\u200b\u200c\u200d\u2060\ufeff"


@dataclass(slots=True)
class _Choice:
    """What belongs together: one text, or the alternatives of one."""

    plain: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    @property
    def has_words(self) -> bool:
        return any(text.strip(_INVISIBLE) for text in self.plain)


class Texts:
    """Collects texts and pages in their order, and says what they say together."""

    def __init__(self, repairs: Repairs) -> None:
        self.files: list[Part] = []
        """Files that were within texts, and texts that are too long."""
        self.signed = self.encrypted = False
        """Whether there is armour of PGP in a text."""
        self._repairs = repairs
        self._choices: list[_Choice] = []
        self._alternatives: dict[int, _Choice] = {}
        self._taken = 0

    @property
    def html(self) -> str | None:
        return "\n".join(page for choice in self._choices for page in choice.pages) or None

    def take(self, part: Part, alternative: int = 0) -> None:
        """Add a part; those with the same number say the same in other forms."""
        is_too_much = self._taken > MOST_CHARACTERS
        if is_too_much or part.is_cut:
            self._repairs.note(Problem.TEXT_CUT)
            self.files.append(part)
        if is_too_much:
            return
        self._taken += len(part.text)
        choice = self._choice(alternative)
        if part.type == "text/html":
            choice.pages.append(part.text)
        elif (text := self.plain(part)) not in choice.plain:
            choice.plain.append(text)

    def _choice(self, alternative: int) -> _Choice:
        if alternative in self._alternatives:
            return self._alternatives[alternative]
        choice = _Choice()
        self._choices.append(choice)
        if alternative:
            self._alternatives[alternative] = choice
        return choice

    def plain(self, part: Part) -> str:
        """The words of a part: as paragraphs if they flow, without files and armour around them."""
        if part.type == "text/html":
            return self._from_html(part.text)
        if part.type == "text/calendar":
            return calendar_to_text(part.text)
        if part.type in {"text/enriched", "text/richtext"}:
            return _without_commands(part.text)
        text = part.text
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        found = unwrapped(text)
        self.files += [
            Part(type="application/octet-stream", name=name, disposition="attachment", content=content)
            for name, content in found.files
        ]
        self.signed = self.signed or found.signed
        self.encrypted = self.encrypted or found.encrypted
        return found.text

    def text(self) -> str:
        """All texts, each in its best form."""
        plain: list[str] = []
        texts: list[tuple[str, bool]] = []
        for choice in self._choices:
            if choice.has_words or not choice.pages:
                plain += choice.plain
                texts += [(text, False) for text in choice.plain]
            if choice.pages and (page := self._page(choice)) is not None:
                texts.append((page, True))
        # Programs that mix text and HTML without saying that they are alternatives say the same twice.
        known = {word for text in plain for word in text.split()} if len(texts) > 1 else set()
        kept = [text for text, is_page in texts if text.strip() and not (is_page and _is_known(text, known))]
        return "\n".join(kept or plain[:1])

    def _page(self, choice: _Choice) -> str | None:
        """The HTML as text where the plain text says nothing, or only that there is HTML."""
        size = sum(map(len, choice.plain))
        may_be_stub = size <= LONGEST_STUB and any(_STUB.search(text) for text in choice.plain)
        if choice.has_words and not may_be_stub:
            return None
        page = "\n\n".join(self._from_html(html) for html in choice.pages)
        if choice.has_words and len(page) <= 3 * size:
            return None
        if choice.plain and page:
            empty, stub = Problem.ALTERNATIVE_TEXT_EMPTY, Problem.ALTERNATIVE_TEXT_STUB
            self._repairs.note(stub if choice.has_words else empty)
        return page

    def _from_html(self, html: str) -> str:
        text, was_cut = html_to_text(html)
        if was_cut:
            self._repairs.note(Problem.TEXT_CUT)
        return text


def _is_known(text: str, known: set[str]) -> bool:
    """Whether nine of ten words are."""
    words = text.split()
    return sum(word not in known for word in words) * 10 <= len(words)


def _without_commands(text: str) -> str:
    """Enriched text (RFC 1896) without its commands, and with its line breaks."""
    text = _COMMANDS.sub("", text).replace("<<", "<")
    return _BREAKS.sub(lambda breaks: "\n" * (len(breaks[0]) - 1) or " ", text)
