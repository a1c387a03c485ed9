"""Header fields of mail as bytes on the wire: encoded, folded, and unable to become two (RFC 5322, RFC 2047).

The standard library does this too, but it has let a line break in a value start a new header (CVE-2024-6923)
and has put the comma between two addresses into an encoded word (CVE-2025-1795), and its folding changes with
the version of Python.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence

import idna

from contracts.mail import Address

LINE = 78
"""Characters of a line that are not exceeded where there is a place to fold (RFC 5322 §2.1.1)."""
LONGEST_LINE = 998
"""Characters of a line that are never exceeded."""
LONGEST_ENCODED_WORD = 64
"""RFC 2047 §2 allows 75; this leaves room for any of our headers' names on the first line."""

_PREFIX = "=?utf-8?q?"
_SUFFIX = "?="
_ROOM = LONGEST_ENCODED_WORD - len(_PREFIX) - len(_SUFFIX)
# The narrowest set of RFC 2047 §5, which serves phrases, too.
_Q_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_ATOMS = re.compile(rf"[{_ATEXT}]+(?: [{_ATEXT}]+)*")
_DOT_ATOM = re.compile(rf"[{_ATEXT}\u0080-\U0010ffff]+(?:\.[{_ATEXT}\u0080-\U0010ffff]+)*")
_ADDRESS_LITERAL = re.compile(r"\[[A-Za-z0-9:.]+\]")
_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_MESSAGE_ID = re.compile(r"<?([!-;=?-~]+)>?")
_LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_LONGEST_QUOTED_NAME = 60


class Uncomposable(Exception):
    """A letter from which no message can be made; the text is for people."""


class HeaderInjection(Uncomposable):
    """A header's value has a line break or a NUL in it, with which it could begin a header of its own."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"The header {name} must not contain a line break or NUL: {value!r}")


class InvalidAddress(Uncomposable):
    """What stands where an address belongs is none (RFC 5321 §4.1.2)."""

    def __init__(self, address: str) -> None:
        super().__init__(f"This is not an address that mail can be sent to: {address!r}")


def field(name: str, *pieces: str) -> bytes:
    """One header field, folded between its pieces, each of which keeps the space that it begins with.

    Raises:
        HeaderInjection: a piece contains CR, LF or NUL.
        Uncomposable: a piece does not fit on a line.
    """
    lines = [f"{name}:"]
    for i, piece in enumerate(pieces):
        refuse_injection(name, piece)
        # The first piece stays beside the name: some readers take a name alone for an empty field.
        if i > 0 and len(lines[-1]) + len(piece) > LINE:
            lines.append("")
        lines[-1] += piece
    if any(len(line.encode()) > LONGEST_LINE for line in lines):
        raise Uncomposable(f"The header {name} has a word that is too long for a line of mail")
    return "\r\n".join(lines).encode() + b"\r\n"


def refuse_injection(name: str, value: str) -> None:
    """Raise HeaderInjection if `value` could end its header."""
    if "\r" in value or "\n" in value or "\x00" in value:
        raise HeaderInjection(name, value)


def unstructured(name: str, value: str) -> bytes:
    """A field of free text, such as Subject; spaces at its ends are dropped."""
    refuse_injection(name, value)
    value = value.strip()
    if _needs_encoding(value):
        return field(name, *(f" {word}" for word in encoded_words(value)))
    return field(name, *re.findall(r" +[^ ]+", f" {value}"))


def addresses(name: str, mailboxes: Sequence[Address]) -> bytes:
    """A field of mailboxes, such as To."""
    last = len(mailboxes) - 1
    return field(
        name,
        *(
            f" {piece}"
            for i, mailbox in enumerate(mailboxes)
            for piece in _mailbox(name, mailbox, "," if i < last else "")
        ),
    )


def message_ids(name: str, ids: Sequence[str]) -> bytes:
    """A field of message ids that are in angle brackets, such as References."""
    return field(name, *(f" {one}" for one in ids))


def message_id(value: str) -> str | None:
    """A message id in angle brackets, or None where it is none that a header could carry.

    Raises:
        HeaderInjection: it contains CR, LF or NUL.
    """
    refuse_injection("Message-ID", value)
    match = _MESSAGE_ID.fullmatch(value.strip())
    if match is None or len(match[1]) > LONGEST_LINE - 4:
        return None
    return f"<{match[1]}>"


def addr_spec(address: str) -> str:
    """The address as it goes on the wire: domain in ASCII (IDNA 2008), local part quoted where it must be.

    Raises:
        HeaderInjection: it contains CR, LF or NUL.
        InvalidAddress: it is not an address.
    """
    refuse_injection("address", address)
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not local.isprintable():
        raise InvalidAddress(address)
    if _DOT_ATOM.fullmatch(local) is None and not _is_quoted(local):
        local = _quoted(local)
    spec = f"{local}@{_ascii_domain(address, domain)}"
    if len(spec.encode()) > _LONGEST_ADDRESS:
        raise InvalidAddress(address)
    return spec


def encoded_words(value: str) -> list[str]:
    """`value` as encoded words in UTF-8, at most 64 characters each, cut between characters (RFC 2047)."""
    quoted = [f"{_PREFIX}{''.join(piece)}{_SUFFIX}" for piece in _cut(value, _q_length, _q_encoded)]
    based = [f"=?utf-8?b?{''.join(piece)}{_SUFFIX}" for piece in _cut(value, _b_length, _b_encoded)]
    return min(quoted, based, key=lambda words: sum(map(len, words)))


def _needs_encoding(value: str) -> bool:
    longest_word = max(map(len, value.split(" ")), default=0)
    return not value.isascii() or not value.isprintable() or "=?" in value or longest_word > LINE


def _cut(value: str, length: Callable[[str], int], encoded: Callable[[str], str]) -> Iterator[str]:
    start = 0
    for end in range(1, len(value) + 1):
        if length(value[start:end]) > _ROOM:
            yield encoded(value[start : end - 1])
            start = end - 1
    yield encoded(value[start:])


def _q_length(value: str) -> int:
    return sum(1 if byte in _Q_PLAIN or byte == 0x20 else 3 for byte in value.encode())


def _q_encoded(value: str) -> str:
    return "".join(
        chr(byte) if byte in _Q_PLAIN else "_" if byte == 0x20 else f"={byte:02X}" for byte in value.encode()
    )


def _b_length(value: str) -> int:
    return -(-len(value.encode()) // 3) * 4


def _b_encoded(value: str) -> str:
    return b64encode(value.encode()).decode()


def _mailbox(name: str, mailbox: Address, comma: str) -> list[str]:
    """The pieces of one mailbox between which its field may be folded."""
    refuse_injection(name, mailbox.name)
    spec = addr_spec(mailbox.address)
    phrase = mailbox.name.strip()
    if not phrase:
        return [f"{spec}{comma}"]
    return [*_phrase(phrase), f"<{spec}>{comma}"]


def _phrase(value: str) -> list[str]:
    if _needs_encoding(value) or len(value) > _LONGEST_QUOTED_NAME:
        return encoded_words(value)
    return [value if _ATOMS.fullmatch(value) else _quoted(value)]


def _quoted(value: str) -> str:
    escaped = re.sub(r'([\\"])', r"\\\1", value)
    return f'"{escaped}"'


def _is_quoted(local: str) -> bool:
    return re.fullmatch(r'"(?:[^"\\]|\\.)*"', local) is not None


def _ascii_domain(address: str, domain: str) -> str:
    if _ASCII_DOMAIN.fullmatch(domain) or _ADDRESS_LITERAL.fullmatch(domain):
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise InvalidAddress(address) from error
