"""Transfer encodings (RFC 2045 §6), and what is left of them when something went wrong on the way."""

import re
from binascii import Error, a2b_base64, a2b_qp, a2b_uu

from services.ingest.reading.repairs import Problem, Repairs

SHORTEST_PIECE = 16
"""What is shorter than this behind the end of base64 is no further piece of it."""

MOST_PIECES = 10_000
MOST_ESCAPES = 100_000
"""Equal signs that are no escapes: with more of them nothing is repaired."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_BLANKS = b" \t\r\n\x00"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_WORDS = re.compile(rb"(?<![^\s])[A-Za-z']{1,30}[,.]? {1,3}[A-Za-z']{1,30}[,.]? {1,3}[A-Za-z']{1,30}\b")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s\x00_-]|[_-]{3}|\S[ \t]+\S")
_PADDING = re.compile(rb"={1,2}")
_SOFT_BREAK = re.compile(rb"=[ \t]+(\r{0,2}\n|\r)|=\r(?!\r?\n)")
_NO_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\r{0,2}\n|\r|\Z))")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)

NAMES = {
    "": "7bit", "7bit": "7bit", "7bits": "7bit", "bit7": "7bit", "none": "7bit", "usascii": "7bit",
    "8bit": "8bit", "8bits": "8bit", "utf8": "8bit", "binary": "binary", "xyencode": "binary", "xyenc": "binary",
    "base64": "base64", "b64": "base64", "b": "base64",
    "quotedprintable": "quoted-printable", "qp": "quoted-printable", "q": "quoted-printable",
    "uuencode": "uuencode", "xuuencode": "uuencode", "xuue": "uuencode", "uue": "uuencode", "xuu": "uuencode",
}  # fmt: skip
_NOT_OF_NAME = re.compile("[^a-z0-9]")


def encoding_of(value: str, repairs: Repairs) -> str:
    """One of 7bit, 8bit, binary, base64, quoted-printable and uuencode, by the name that a sender gave it."""
    known = NAMES.get(_NOT_OF_NAME.sub("", value.partition(";")[0].partition("(")[0].lower()))
    if known is None:
        repairs.note(Problem.ENCODING_UNKNOWN)
        return "8bit"
    return known


def without_encoding(content: bytes, encoding: str, repairs: Repairs) -> bytes:
    match encoding:
        case "base64":
            return from_base64(content, repairs)
        case "quoted-printable":
            return from_quoted_printable(content, repairs)
        case "uuencode":
            return from_uuencode(content, repairs)
        case _:
            return content


def from_base64(content: bytes, repairs: Repairs) -> bytes:
    """Decode what can be decoded: without padding, with foreign characters, several pieces behind each other."""
    if is_prose(content[:4096]):
        repairs.note(Problem.BASE64_REPAIRED)
        return content  # plain text that only says that it is encoded
    if _is_url_safe(content):
        content = content.translate(_URL_SAFE)
    padding = content.find(b"=")
    if padding >= 0 and (rest := content[padding:].strip(b"=" + _BLANKS)):
        repairs.note(Problem.BASE64_REPAIRED)
        ends = len(rest) < SHORTEST_PIECE or is_prose(rest[:4096])
        pieces = [content[:padding]] if ends else _PADDING.split(content, maxsplit=MOST_PIECES)
        return b"".join(_piece(piece) for piece in pieces)
    try:
        return a2b_base64(content)
    except Error:
        repairs.note(Problem.BASE64_REPAIRED)
        return _piece(content)


def _is_url_safe(content: bytes) -> bool:
    """Whether it is in the alphabet of RFC 4648 §5: two of 64 characters are others."""
    if (b"-" not in content and b"_" not in content) or b"+" in content or b"/" in content:
        return False
    return (content.count(b"-") + content.count(b"_")) * 100 > len(content)


def _piece(content: bytes) -> bytes:
    """Decode a run of base64 without its padding; a character that is left over is dropped."""
    content = content.translate(None, _NOT_BASE64)
    if len(content) % 4 == 1:
        content = content[:-1]
    return a2b_base64(content + b"=" * (-len(content) % 4))


def split_base64(content: bytes) -> tuple[bytes, bytes]:
    """Base64, and the plain text that somebody on the way put behind it, as mailing lists do with their footers."""
    foreign = _FOREIGN.search(content)
    if foreign is None:
        return content, b""
    begin = content.rfind(b"\n", 0, foreign.start()) + 1
    return (content[:begin], content[begin:]) if begin and is_prose(content[begin:]) else (content, b"")


def is_prose(content: bytes) -> bool:
    """Whether it holds words with blanks between them, as nothing encoded does."""
    return b" " in content and _WORDS.search(content) is not None


def from_quoted_printable(content: bytes, repairs: Repairs) -> bytes:
    if _NO_ESCAPE.search(content):
        repairs.note(Problem.QUOTED_PRINTABLE_REPAIRED)
        content = _NO_ESCAPE.sub(b"=3D", content, count=MOST_ESCAPES)
    return a2b_qp(_SOFT_BREAK.sub(b"=\n", content, count=MOST_ESCAPES))


def from_uuencode(content: bytes, repairs: Repairs) -> bytes:
    """The first file in it."""
    begin = _UU_BEGIN.search(content)
    if begin is None:
        repairs.note(Problem.ENCODING_UNKNOWN)
        return content
    pieces = []
    for line in content[begin.end() :].splitlines():
        if line.strip() in {b"end", b"`", b""}:
            break
        pieces.append(uu_line(line))
    return b"".join(pieces)


def uu_line(line: bytes) -> bytes:
    try:
        return a2b_uu(line)
    except Error:  # blanks at its end were cut off, or something was added to it
        length = ((line[0] - 32) & 63) * 4 // 3 + 2
        try:
            return a2b_uu(line[: length + 2])
        except Error:
            return b""
