"""The text of HTML as somebody who looks at it reads it, in one pass over tags however broken, without a tree."""

import re
from collections.abc import Callable
from html import unescape

MOST_CHARACTERS = 2_000_000
MOST_TAGS = 200_000
"""A page with more of either is cut in the text: it takes half a second to read so many."""
DEEPEST = 10
"""Levels of quotation and lists that are shown as such."""

_TAG = re.compile(
    r"<(?:"
    r"!--"
    r"|[!?][^<>]*+>?"
    r"|(?P<end>/?)(?P<name>[A-Za-z][^\s/<>\"']*+)"
    r"(?:(?P<attributes>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>|(?P<broken>[^<>]*+)>?)"
    r")"
)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|\shidden(?=[\s=/>]|\Z)", re.IGNORECASE
)
_NO_MARGIN = re.compile(r"MsoNormal|margin(?:-top|-bottom)?\s*:\s*0", re.IGNORECASE)
_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_DATA = re.compile(r"data:[^\"'\s<>]{100,}")
_SEEN_SCHEMES = ("http://", "https://", "ftp://", "mailto:", "tel:")

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
_SKIPPED = frozenset({"script", "style", "title", "iframe", "noembed", "xml", "template"})
_LINES = frozenset(
    {
        "address", "article", "aside", "body", "button", "caption", "center", "dd", "details", "dir", "div", "dt",
        "fieldset", "figcaption", "figure", "footer", "form", "header", "html", "legend", "li", "main", "menu", "nav",
        "option", "section", "summary", "table", "tbody", "tfoot", "thead", "tr",
    }
)  # fmt: skip
_PARAGRAPHS = frozenset({"dl", "h1", "h2", "h3", "h4", "h5", "h6", "p"})


def html_to_text(html: str) -> tuple[str, bool]:
    """The text, a line a block, and whether there was more of it than is read.

    Quotations get `>` marks, items of lists a dash or their number, cells of a row are divided by tabs. A link's
    address follows it where it says more than the link, and an image is its alternative text.
    """
    if len(html) > MOST_CHARACTERS:
        html = _DATA.sub("", html)
    rest, html = html[MOST_CHARACTERS:], html[:MOST_CHARACTERS]
    page = _Page(hides=_HIDDEN.search(html) is not None)
    whole = page.read(html)
    if page.hidden is not None:  # what hides the rest was never closed: better too much than too little
        page = _Page(hides=False)
        whole = page.read(html)
    return page.text(), bool(rest) or not whole


class _Page:
    """The lines that were read so far, and the line that is being read."""

    def __init__(self, *, hides: bool) -> None:
        self.hidden: str | None = None
        self._depth = 0
        self._hides = hides
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = False  # a blank is due before the next word
        self._margin = False  # an empty line is due before the next line
        self._spacer = False  # the line holds nothing but a space that does not break
        self._spaced = False  # the paragraph that is open has a margin
        self._quotes = 0
        self._lists: list[int | None] = []
        self._pre = 0
        self._link: tuple[str, int] | None = None

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def read(self, html: str) -> bool:
        """Read it all, or say that there was more."""
        position = 0
        searching = {
            "-->",
            *_SKIPPED,
        }  # what was looked for in vain is not looked for again: that keeps it linear
        for _ in range(MOST_TAGS):
            tag = _TAG.search(html, position)
            if tag is None:
                self._data(html[position:])
                return True
            if tag.start() > position:
                self._data(html[position : tag.start()])
            position = tag.end()
            name = tag["name"]
            if name is None:
                if tag[0] == "<!--" and "-->" in searching:
                    position = _behind(html, position, "-->", searching)
                continue
            name = name.lower()
            if name in _SKIPPED and not tag["end"]:
                if name in searching:
                    position = _behind(html, position, name, searching)
                continue
            attributes = tag["attributes"]
            if attributes is None:
                attributes = tag["broken"]
            if self._hides and self._hide(name, attributes, bool(tag["end"])):
                continue
            handler = (_CLOSING if tag["end"] else _OPENING).get(name)
            if handler is not None:
                handler(self, name, attributes)
        return False

    def _hide(self, name: str, attributes: str, closing: bool) -> bool:
        """Whether this tag lies in an element that is not shown."""
        if self.hidden is None:
            if (
                not closing
                and attributes
                and name not in _VOID
                and _HIDDEN.search(attributes)
                and not attributes.endswith("/")
            ):
                self.hidden, self._depth = name, 1
                return True
            return False
        if name == self.hidden:
            self._depth += -1 if closing else 1
            if self._depth == 0:
                self.hidden = None
        return True

    def _data(self, data: str) -> None:
        if self.hidden is not None:
            return
        if "&" in data:
            data = unescape(data)
        if self._pre:
            self._preformatted(data)
            return
        words = data.split()
        if not data.isascii():
            words = [word for word in words if word.strip(_INVISIBLE)]
            self._spacer = self._spacer or "\xa0" in data
        if not words:
            self._blank = True
            return
        if self._line and (self._blank or data[0].isspace()):
            self._line.append(" ")
        self._line.append(" ".join(words))
        self._blank = data[-1].isspace()

    def _preformatted(self, data: str) -> None:
        first, *more = data.split("\n")
        if first:
            self._line.append(first)
        for line in more:
            self._break()
            if line:
                self._line.append(line)

    def _end_line(self) -> None:
        """End the line if there is something on it."""
        if self._line:
            self._put("".join(self._line))
        elif self._spacer:
            self._break()
        self._line, self._blank, self._spacer, self._link = [], False, False, None

    def _break(self) -> None:
        """End the line even if there is nothing on it."""
        if self._line:
            self._end_line()
        else:
            self._lines.append(">" * self._quotes)
            self._margin, self._spacer = False, False

    def _put(self, line: str) -> None:
        marks = ">" * self._quotes
        if self._margin and self._lines and self._lines[-1].strip("> "):
            before = self._lines[-1]
            self._lines.append(">" * min(self._quotes, len(before) - len(before.lstrip(">"))))
        self._margin = False
        self._lines.append(f"{marks} {line.rstrip()}" if marks else line.rstrip())

    def line(self, _name: str, _attributes: str) -> None:
        self._end_line()

    def paragraph(self, _name: str, attributes: str) -> None:
        self._end_line()
        self._spaced = not (attributes and _NO_MARGIN.search(attributes))
        self._margin = self._margin or self._spaced

    def end_of_paragraph(self, _name: str, _attributes: str) -> None:
        self._end_line()
        self._margin = self._margin or self._spaced
        self._spaced = False

    def line_break(self, _name: str, _attributes: str) -> None:
        self._break()

    def rule(self, _name: str, _attributes: str) -> None:
        self._end_line()
        self._put("_" * 32)

    def cell(self, _name: str, _attributes: str) -> None:
        if self._line:
            self._line.append("\t")
            self._blank = False

    def quote(self, _name: str, _attributes: str) -> None:
        self._end_line()
        self._margin = True
        self._quotes = min(self._quotes + 1, DEEPEST)

    def end_of_quote(self, _name: str, _attributes: str) -> None:
        self._end_line()
        self._margin = True
        self._quotes = max(self._quotes - 1, 0)

    def list_of_items(self, name: str, _attributes: str) -> None:
        self._end_line()
        self._margin = self._margin or not self._lists
        if len(self._lists) < DEEPEST:
            self._lists.append(0 if name == "ol" else None)

    def end_of_list(self, _name: str, _attributes: str) -> None:
        self._end_line()
        if self._lists:
            self._lists.pop()
        self._margin = self._margin or not self._lists

    def item(self, _name: str, _attributes: str) -> None:
        self._end_line()
        mark = "- "
        if self._lists and (number := self._lists[-1]) is not None:
            self._lists[-1] = number + 1
            mark = f"{number + 1}. "
        self._line.append("  " * max(len(self._lists) - 1, 0) + mark)

    def preformatted(self, _name: str, _attributes: str) -> None:
        self._end_line()
        self._margin = True
        self._pre += 1

    def end_of_preformatted(self, _name: str, _attributes: str) -> None:
        self._end_line()
        self._margin = True
        self._pre = max(self._pre - 1, 0)

    def link(self, _name: str, attributes: str) -> None:
        href = _value(_HREF, attributes)
        self._link = (href, len(self._line)) if href.lower().startswith(_SEEN_SCHEMES) else None

    def end_of_link(self, _name: str, _attributes: str) -> None:
        if self._link is None:
            return
        (address, begin), self._link = self._link, None
        label = "".join(self._line[begin:]).strip()
        if label and _bare(label) != _bare(address):
            self._line.append(f" <{address.partition(':')[2] if address.startswith('mailto:') else address}>")

    def image(self, _name: str, attributes: str) -> None:
        alternative = " ".join(_value(_ALT, attributes).split())
        if alternative:
            self._data(f"[{alternative}]" if any(map(str.isalnum, alternative)) else alternative)


def _behind(html: str, position: int, name: str, searching: set[str]) -> int:
    """Behind the end of a comment, or of an element whose content is no text; it ends at once if there is no end."""
    if name == "-->":
        end = html.find("-->", position)
        if end >= 0:
            return end + 3
    else:
        found = _END_OF[name].search(html, position)
        if found:
            return found.end()
    searching.discard(name)
    return position


def _value(pattern: re.Pattern[str], attributes: str) -> str:
    found = pattern.search(attributes)
    return unescape(found[1] or found[2] or found[3] or "").strip() if found else ""


def _bare(address: str) -> str:
    """An address without what a reader takes for granted."""
    return (
        re.sub(r"^(?:mailto:|tel:|https?://(?:www\.)?|www\.)", "", address.lower())
        .rstrip("/")
        .replace(" ", "")
    )


_END_OF = {name: re.compile(rf"</{name}[^<>]*>?", re.IGNORECASE) for name in _SKIPPED}

_Handler = Callable[[_Page, str, str], None]
_OPENING: dict[str, _Handler] = {
    **dict.fromkeys(_LINES, _Page.line),
    **dict.fromkeys(_PARAGRAPHS, _Page.paragraph),
    "a": _Page.link,
    "blockquote": _Page.quote,
    "br": _Page.line_break,
    "hr": _Page.rule,
    "img": _Page.image,
    "li": _Page.item,
    "ol": _Page.list_of_items,
    "pre": _Page.preformatted,
    "td": _Page.cell,
    "textarea": _Page.preformatted,
    "th": _Page.cell,
    "ul": _Page.list_of_items,
}
_CLOSING: dict[str, _Handler] = {
    **dict.fromkeys(_LINES, _Page.line),
    **dict.fromkeys(_PARAGRAPHS, _Page.end_of_paragraph),
    "a": _Page.end_of_link,
    "blockquote": _Page.end_of_quote,
    "br": _Page.line_break,
    "ol": _Page.end_of_list,
    "pre": _Page.end_of_preformatted,
    "textarea": _Page.end_of_preformatted,
    "ul": _Page.end_of_list,
}
