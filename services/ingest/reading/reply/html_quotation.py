"""Where a quotation begins in the HTML of a message: the elements that mail programs put around it."""

import re
from dataclasses import dataclass

LONGEST = 400_000
"""Characters: a longer document is not looked into."""

_TAG = re.compile(
    r"<(/?)(div|blockquote|hr|span|section|includetail|table|p)\b([^<>]{0,1000})>", re.IGNORECASE
)
_NO_TEXT = re.compile(r"<[^<>]*>|&nbsp;|&#160;|\s+")

_QUOTES = re.compile(
    r"""type\s?=\s?["']?cite|_quote\b|isReplyContent|border-left[^;"']{0,12}:[^;"']{0,40}(?:solid|px)""",
    re.IGNORECASE,
)
"""Marks of a `blockquote` that holds somebody else's words; without one it may be an indentation."""

_CONTAINS = re.compile(
    r"""\b(?:class|id|name|data-marker)\s?=\s?["']?[^"'>]{0,80}?(?:gmail_quote|gmail_extra|yahoo_quoted|protonmail_quote"""
    r"""|zmail_extra|messageReplySection|isReplyContent|isForwardContent|tutanota_quote|freshdesk_quote"""
    r"""|aliyun_previous_message|history-quote-wrapper|mailru-quote)""",
    re.IGNORECASE,
)
"""Marks of an element that holds a whole quotation, its attribution too."""

_ATTRIBUTES = re.compile(r"moz-cite-prefix|gmail_attr\b|reply-intro", re.IGNORECASE)
"""Marks of an attribution; the quotation follows it."""

_TO_THE_END = re.compile(
    r"""\b(?:class|id|data-marker)\s?=\s?["']?(?:x_)*(?:divRplyFwdMsg|appendonsend|stopSpelling|OutlookMessageHeader"""
    r"""|mail-editor-reference-message-container|zwchr|__DIVIDER__|__QUOTED_TEXT__)"""
    r"""|border:\s?none;\s?border-top:\s?solid\s#?(?:E1E1E1|B5C4DF)\s""",
    re.IGNORECASE,
)
"""Marks of a line between the answer and all that is quoted below it."""


@dataclass(frozen=True, slots=True)
class HtmlQuotation:
    """The first quotation of a document: where it begins, and whether the author wrote anything below that."""

    begin: int
    answered_below: bool


def find_quotation(html: str) -> HtmlQuotation | None:
    """The first element that surely quotes, or None where there is none. One pass over the tags."""
    if len(html) > LONGEST:
        return None
    for tag in _TAG.finditer(html):
        closing, name, attributes = tag.groups()
        if closing or not attributes:
            continue
        if _TO_THE_END.search(attributes):
            return HtmlQuotation(tag.start(), answered_below=False)
        if name.lower() == "blockquote":
            if _QUOTES.search(attributes):
                return HtmlQuotation(tag.start(), _answered_below(html, tag, inside=False))
        elif _CONTAINS.search(attributes):
            # Gmail leaves an answer between two quotations inside the element that holds them.
            inside = "gmail" in attributes
            return HtmlQuotation(tag.start(), _answered_below(html, tag, inside=inside))
        elif _ATTRIBUTES.search(attributes):
            return HtmlQuotation(tag.start(), _answered_below(html, tag, inside=True))
    return None


def _answered_below(html: str, begin: re.Match[str], *, inside: bool) -> bool:
    """Whether text follows the quotation: what stands below the element or, `inside` it, below its first blockquote."""
    outer = begin[2].lower()
    depth = {outer: 1, "blockquote": int(outer == "blockquote")}
    ended = False
    position = begin.end()
    for tag in _TAG.finditer(html, position):
        if ended and depth["blockquote"] <= 0 and _NO_TEXT.sub("", html[position : tag.start()]):
            return True
        position = tag.end()
        name = tag[2].lower()
        if name in depth:
            depth[name] += -1 if tag[1] else 1
            if depth[name] == 0 and tag[1] and (name == "blockquote" if inside else name == outer):
                ended = True
    return bool(ended and _NO_TEXT.sub("", html[position:]))
