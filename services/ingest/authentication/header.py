"""The header block of a message as signatures cover it: bytes, in order, with line ends of CRLF."""

import re
from dataclasses import dataclass
from email.utils import getaddresses

import idna

MOST_BYTES = 256 * 1024
"""A header block beyond this is not examined: the work on it grows faster than its size."""
_LONGEST_FROM = 8 * 1024
_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*\n?)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Header:
    """The fields, name as written and value with its folding; `body_at` is where the body begins in the message."""

    fields: tuple[tuple[bytes, bytes], ...]
    size: int
    body_at: int

    def every(self, name: bytes) -> tuple[bytes, ...]:
        """The values of all fields with this name, given in lower case."""
        return tuple(value for field, value in self.fields if field.lower() == name)


def header_of(raw: bytes) -> Header:
    """Cut the header block off; a line that is no field is passed over."""
    end = _END.search(raw)
    if raw.startswith((b"\n", b"\r\n")):
        return Header((), 0, raw.index(b"\n") + 1)
    size, body_at = (end.start(), end.end()) if end else (len(raw), len(raw))
    if size > MOST_BYTES:
        return Header((), size, body_at)
    block = crlf(raw[:size] + b"\r\n")
    return Header(tuple(_FIELD.findall(block)), size, body_at)


def crlf(content: bytes) -> bytes:
    """The same with CRLF at the end of each line that ended in CRLF or LF."""
    if content.count(b"\n") == content.count(b"\r\n"):
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def unfolded(value: bytes) -> str:
    """A field's value as one line of text (RFC 5322 §2.2.3)."""
    return re.sub(r"\r?\n", "", value.decode("utf-8", "replace")).strip()


@dataclass(frozen=True, slots=True)
class Author:
    """The one domain of From, as an A-label (RFC 9989 §4.7); or why there is not exactly one."""

    domain: str | None
    missing: bool = False


def author_of(header: Header, shown: str | None) -> Author:
    """Who claims to have written it; `shown` is the address that people will see, which must be the one examined."""
    values = header.every(b"from")
    found = {domain_of(shown)} if shown else set()
    if sum(map(len, values)) <= _LONGEST_FROM:
        found |= {domain_of(address) for address in _addresses(values)}
    found.discard(None)
    if len(values) > 1 or len(found) > 1 or sum(map(len, values)) > _LONGEST_FROM:
        return Author(None)
    return Author(next(iter(found), None), missing=not found)


def _addresses(values: tuple[bytes, ...]) -> list[str]:
    try:
        return [address for _, address in getaddresses([unfolded(value) for value in values])]
    except Exception:  # noqa: BLE001 - the standard library stumbles over some broken addresses; what is shown remains
        return []


def domain_of(address: str) -> str | None:
    """The domain of an address as a name for DNS, with its U-labels made A-labels (RFC 5890); None: it has none."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower() if "@" in address else ""
    return host_name(domain)


_HOST_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def host_name(name: str) -> str | None:
    """A fully qualified name in lower case and ASCII, or None if it is none."""
    name = name.rstrip(".").lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    return name if len(name) <= 253 and _HOST_NAME.fullmatch(name) else None


def words(text: object) -> str:
    """Text of a sender's or a server's making, fit to be kept and shown: one line, bounded."""
    line = " ".join(str(text).split())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)[:300]
