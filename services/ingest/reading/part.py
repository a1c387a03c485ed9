"""One part of a message (RFC 2045): what the structure hands to everything that reads further."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A header block and what is below it.

    `headers` are in order, unfolded and decoded for people (RFC 2047), with names as written. `type` is in lower
    case, without parameters; `parameters` are those of Content-Type, by name in lower case, decoded (RFC 2231).
    `content` holds the bytes of a leaf without transfer encoding, and `text` is their text where the type is `text/*`
    or a report's (`message/delivery-status` and the like); both are empty in a part that has `parts`.
    """

    headers: tuple[tuple[str, str], ...] = ()
    type: str = "text/plain"
    parameters: Mapping[str, str] | None = None
    disposition: str | None = None
    name: str | None = None
    content_id: str | None = None
    content: bytes = b""
    text: str = ""
    parts: "tuple[Part, ...]" = ()
    """Of a multipart; a `message/rfc822` has the message in it as its only one."""

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
