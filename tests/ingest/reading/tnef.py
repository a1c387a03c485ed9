"""Writes TNEF (MS-OXTNEF), as Outlook does, and rich text compressed with literals only."""

import struct

UNICODE, STRING8, BINARY, LONG, OBJECT = 0x001F, 0x001E, 0x0102, 0x0003, 0x000D


def attribute(name: int, content: bytes, level: int = 1, kind: int = 6) -> bytes:
    return (
        struct.pack("<BHHI", level, name, kind, len(content))
        + content
        + struct.pack("<H", sum(content) % 65536)
    )


def tnef(*attributes: bytes) -> bytes:
    version = attribute(0x9006, struct.pack("<I", 0x10000), kind=8)
    page = attribute(0x9007, struct.pack("<II", 1252, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + version + page + b"".join(attributes)


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """Properties as (type, name, value); a LONG's value has four bytes."""
    content = struct.pack("<I", len(values))
    for kind, name, value in values:
        content += struct.pack("<HH", kind, name)
        if kind == LONG:
            content += value
            continue
        content += struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)
    return content


def unicode(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def attached(title: bytes, content: bytes, *values: tuple[int, int, bytes]) -> bytes:
    """A file: where it begins, its short name, its content, its properties."""
    return (
        attribute(0x9002, bytes(14), 2)
        + attribute(0x8010, title + b"\0", 2, 1)
        + attribute(0x800F, content, 2)
        + attribute(0x9005, properties(*values), 2)
    )


def compressed(rtf: bytes) -> bytes:
    """Rich text in LZFu without any reference but the one that ends it."""
    body = b""
    for begin in range(0, len(rtf), 8):
        body += b"\0" + rtf[begin : begin + 8]
    return struct.pack("<II4sI", len(body) + 12, len(rtf), b"LZFu", 0) + body
