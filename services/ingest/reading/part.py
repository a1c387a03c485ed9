"""One part of a message (RFC 2045): what the structure hands to everything that reads further."""

from collections.abc import Iterator, Mapping
from typing import Protocol

MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/global-delivery-status",
        "message/global-disposition-notification",
        "message/global-headers",
        "message/rfc822-headers",
    }
)


class Source(Protocol):
    """Where a leaf's bytes and text come from when somebody asks for them."""

    def content(self) -> bytes:
        """The bytes without transfer encoding."""

    def text(self) -> tuple[str, bool]:
        """Their text, with bare line feeds, and whether it is all of it."""


class Part:
    """A header block and what is below it.

    `headers` are in order, unfolded and decoded for people (RFC 2047), with names as written; `fields` are the same
    before RFC 2047, for values whose commas and brackets count. `type` is in lower case, without parameters;
    `parameters` are those of Content-Type, by name in lower case, decoded (RFC 2231).

    `content` holds the bytes of a leaf without transfer encoding, and `text` is their text where the type is `text/*`
    or a report's (`message/delivery-status` and the like). Both are made when they are first asked for, and both are
    empty in a multipart. A `message/rfc822` has the message in it as its only part, and that message's bytes as
    `content`.

    `preamble` and `epilogue` are what stands around the parts of a multipart, where it is more than a notice.
    """

    __slots__ = (
        "_content",
        "_is_whole",
        "_source",
        "_text",
        "content_id",
        "disposition",
        "epilogue",
        "fields",
        "headers",
        "name",
        "parameters",
        "parts",
        "preamble",
        "type",
    )

    def __init__(
        self,
        headers: tuple[tuple[str, str], ...] = (),
        type: str = "text/plain",  # noqa: A002  # the word of RFC 2045
        parameters: Mapping[str, str] | None = None,
        disposition: str | None = None,
        name: str | None = None,
        content_id: str | None = None,
        content: bytes | None = None,
        text: str | None = None,
        parts: "tuple[Part, ...]" = (),
        *,
        fields: tuple[tuple[str, str], ...] | None = None,
        source: Source | None = None,
        preamble: str = "",
        epilogue: str = "",
    ) -> None:
        self.headers = headers
        self.fields = headers if fields is None else fields
        self.type = type
        self.parameters: Mapping[str, str] = parameters or {}
        self.disposition = disposition
        self.name = name
        self.content_id = content_id
        self.parts = parts
        self.preamble = preamble
        self.epilogue = epilogue
        self._source = source
        self._content = content
        self._text = text
        self._is_whole = True

    @property
    def content(self) -> bytes:
        if self._content is None:
            self._content = self._source.content() if self._source else b""
        return self._content

    @property
    def text(self) -> str:
        if self._text is None:
            self._text, self._is_whole = self._source.text() if self._source else ("", True)
        return self._text

    @property
    def is_cut(self) -> bool:
        """Whether `text` is only the beginning: there is more of it than anybody reads."""
        return not (self.text == "" or self._is_whole)

    def first(self, name: str) -> str | None:
        """The value of the first field with this name, given in lower case."""
        return next((value for field, value in self.headers if field.lower() == name), None)

    def every(self, name: str) -> tuple[str, ...]:
        """The values of all fields with this name, given in lower case."""
        return tuple(value for field, value in self.headers if field.lower() == name)

    def walk(self) -> "Iterator[Part]":
        """Itself and all below it, in order, however deep."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.parts))
