"""The envelope of S/MIME (RFC 5652, RFC 8551): what sort it is, and the message in it where that is not encrypted."""

import zlib
from enum import Enum
from typing import NamedTuple

LONGEST_UNPACKED = 8 * 1024 * 1024
_DEEPEST = 64

_SEQUENCE, _OBJECT_IDENTIFIER, _OCTETS, _CONSTRUCTED, _EXPLICIT = 0x30, 0x06, 0x04, 0x20, 0xA0
_PKCS7 = bytes.fromhex("2a864886f70d0107")
_SMIME = bytes.fromhex("2a864886f70d01091001")


class Sort(Enum):
    """What a CMS object does with its content."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    COMPRESSED = "compressed"


_SORTS = {
    _PKCS7 + b"\x02": Sort.SIGNED,
    _PKCS7 + b"\x03": Sort.ENCRYPTED,
    _PKCS7 + b"\x06": Sort.ENCRYPTED,
    _SMIME + b"\x09": Sort.COMPRESSED,
    _SMIME + b"\x17": Sort.ENCRYPTED,
}


class DamagedError(Exception):
    """It is no CMS object, or not all of one."""


class _Element(NamedTuple):
    """A value in BER (X.690 §8.1): its tag, where its content is, and where the next value begins."""

    tag: int
    start: int
    end: int
    after: int


def is_envelope(kind: str, name: str | None) -> bool:
    """Whether a part says by its type, or by its name, that it is one."""
    if kind == "application/octet-stream":
        return name is not None and name.lower().endswith(".p7m")
    return kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}


def open_envelope(data: bytes) -> tuple[Sort, bytes | None]:
    """Say what sort it is, and what is in it: None if that is encrypted, or if the content lies elsewhere.

    Raises:
        DamagedError: it cannot be read.
    """
    outer = _element(data, 0, len(data))
    kind = _element(data, outer.start, outer.end)
    sort = _SORTS.get(data[kind.start : kind.end])
    if outer.tag != _SEQUENCE or kind.tag != _OBJECT_IDENTIFIER or sort is None:
        raise DamagedError
    if sort is Sort.ENCRYPTED:
        return sort, None
    explicit = _element(data, kind.after, outer.end)
    body = _element(data, explicit.start, explicit.end)
    version = _element(data, body.start, body.end)
    algorithms = _element(data, version.after, body.end)
    inner = _element(data, algorithms.after, body.end)
    inner_kind = _element(data, inner.start, inner.end)
    if inner_kind.after >= inner.end:
        return sort, None
    wrapped = _element(data, inner_kind.after, inner.end)
    if wrapped.tag != _EXPLICIT:
        raise DamagedError
    content = _octets(data, wrapped.start, wrapped.end)
    return sort, _unpacked(content) if sort is Sort.COMPRESSED else content


def is_encrypted(data: bytes) -> bool:
    try:
        return open_envelope(data)[0] is Sort.ENCRYPTED
    except DamagedError:
        return False


def _element(data: bytes, position: int, end: int) -> _Element:
    tag, start, length = _head(data, position, end)
    if length is not None:
        return _Element(tag, start, min(start + length, end), start + length)
    inside, position = 1, start
    while inside:  # of indefinite length: up to the end of its contents
        if data.startswith(b"\x00\x00", position):
            inside -= 1
            position += 2
            continue
        _, inner, inner_length = _head(data, position, end)
        if inner_length is None:
            inside += 1
            if inside > _DEEPEST:
                raise DamagedError
            position = inner
        else:
            position = inner + inner_length
    return _Element(tag, start, position - 2, position)


def _head(data: bytes, position: int, end: int) -> tuple[int, int, int | None]:
    """The tag of a value, where its content begins, and how long that is, if it says so."""
    if position + 2 > end:
        raise DamagedError
    tag, first = data[position], data[position + 1]
    if first < 0x80:
        return tag, position + 2, first
    count = first & 0x7F
    if count > 8 or position + 2 + count > end:
        raise DamagedError
    if count == 0:
        return tag, position + 2, None
    return tag, position + 2 + count, int.from_bytes(data[position + 2 : position + 2 + count], "big")


def _octets(data: bytes, start: int, end: int) -> bytes:
    """A string of octets, or all of its pieces."""
    pieces: list[bytes] = []
    waiting = [(start, end)]
    while waiting:
        position, limit = waiting.pop()
        if position >= limit:
            continue
        one = _element(data, position, limit)
        waiting.append((one.after, limit))
        if one.tag & _CONSTRUCTED:
            if len(waiting) > _DEEPEST:
                raise DamagedError
            waiting.append((one.start, one.end))
        elif one.tag == _OCTETS:
            pieces.append(data[one.start : one.end])
    return b"".join(pieces)


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, LONGEST_UNPACKED)
    except zlib.error as error:
        raise DamagedError from error
