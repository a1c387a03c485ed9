"""Rich text as Outlook sends it: compressed (MS-OXRTFCP), and made into plain text."""

import re
import struct

from services.ingest.reading.charsets import decode, sound
from services.ingest.reading.repairs import Problem, Repairs

LONGEST = 1_000_000
"""Bytes of rich text that are read: its text is at the beginning of what is longer, before pictures."""
DEEPEST = 1_000
"""Groups in groups of which each has a state of its own."""

_PRIMED = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})? ?"
    rb"|\\'(?P<byte>[0-9A-Fa-f]{2})"
    rb"|\\(?P<symbol>[^A-Za-z])"
    rb"|(?P<brace>[{}])"
    rb"|[\r\n]+"
    rb"|(?P<text>[^\\{}\r\n]+)"
)
_BREAKS = {
    b"par": "\n",
    b"line": "\n",
    b"row": "\n",
    b"sect": "\n\n",
    b"page": "\n\n",
    b"tab": "\t",
    b"cell": "\t",
}
_SIGNS = {
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
    b"emspace": " ",
    b"enspace": " ",
}
_NO_TEXT = frozenset(
    {
        b"fonttbl",
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"object",
        b"header",
        b"footer",
        b"headerl",
        b"headerr",
        b"footerl",
        b"footerr",
        b"listtable",
        b"listoverridetable",
        b"rsidtbl",
        b"generator",
        b"themedata",
        b"datastore",
        b"xmlnstbl",
        b"filetbl",
        b"revtbl",
    }
)
_CHARSETS = {
    0: 1252,
    77: 10000,
    128: 932,
    129: 949,
    134: 936,
    136: 950,
    161: 1253,
    162: 1254,
    163: 1258,
    177: 1255,
    178: 1256,
    186: 1257,
    204: 1251,
    222: 874,
    238: 1250,
}


def decompressed(data: bytes, repairs: Repairs) -> bytes:
    """Rich text without its compression; as much of it as there is."""
    if len(data) < 16:
        repairs.note(Problem.TNEF_DAMAGED)
        return b""
    _, size, kind, _ = struct.unpack_from("<II4sI", data)
    if kind == b"MELA":
        return data[16 : 16 + min(size, LONGEST)]
    if kind != b"LZFu":
        repairs.note(Problem.TNEF_DAMAGED)
        return b""
    text = bytearray(_PRIMED)
    most = len(_PRIMED) + min(size, LONGEST)
    position = 16
    while position < len(data) and len(text) < most:
        control = data[position]
        position += 1
        for bit in range(8):
            if not control >> bit & 1:
                text += data[position : position + 1]
                position += 1
            elif _copy(text, int.from_bytes(data[position : position + 2], "big")):
                position += 2
            else:
                return bytes(text[len(_PRIMED) : most])
    return bytes(text[len(_PRIMED) : most])


def _copy(text: bytearray, reference: int) -> bool:
    """Repeat what was said before, by its place in the window and its length; a place that is now is the end."""
    distance, length = (len(text) - (reference >> 4)) % _WINDOW, (reference & 15) + 2
    if distance == 0 or distance > len(text):
        return False
    begin = len(text) - distance
    copied = text[begin : begin + length]
    text += copied if distance >= length else (copied * length)[:length]
    return True


def rtf_to_text(data: bytes, repairs: Repairs) -> str:
    """The words of rich text, a line a paragraph."""
    reader = _Reader(repairs)
    position = 0
    while token := _TOKEN.match(data, position):
        position = token.end()
        word = token["word"]
        if word == b"bin":
            position += max(int(token["number"] or 0), 0)
        reader.take(token)
    return sound(reader.text())


class _Reader:
    """What applies in the group that is open: whether it is text, its font, and how much stands in for Unicode."""

    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._pieces: list[str] = []
        self._bytes = bytearray()
        self._charset = "cp1252"
        self._fonts: dict[int, str] = {}
        self._groups: list[tuple[bool, int, str]] = []
        self._is_text, self._after_unicode, self._font_charset = True, 1, ""
        self._deeper = 0
        self._in_fonts, self._font = 0, 0
        self._skip = 0

    def text(self) -> str:
        self._flush()
        whole = "".join(self._pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        lines = [line.rstrip() for line in whole.split("\n")]
        return "\n".join(lines).strip("\n")

    def take(self, token: re.Match[bytes]) -> None:
        match token.lastgroup:
            case "brace":
                self._brace(token["brace"])
            case "word" | "number":
                self._word(token["word"], int(token["number"]) if token["number"] else None)
            case "byte":
                self._add(bytes([int(token["byte"], 16)]))
            case "symbol":
                self._symbol(token["symbol"])
            case "text":
                self._add(token["text"])
            case _:
                pass

    def _brace(self, brace: bytes) -> None:
        self._skip = 0
        if brace == b"{":
            if len(self._groups) < DEEPEST:
                self._groups.append((self._is_text, self._after_unicode, self._font_charset))
            else:
                self._deeper += 1
        elif self._deeper:
            self._deeper -= 1
        elif self._groups:
            self._flush()
            self._is_text, self._after_unicode, self._font_charset = self._groups.pop()
            if len(self._groups) < self._in_fonts:
                self._in_fonts = 0

    def _word(self, word: bytes, number: int | None) -> None:
        if word == b"u" and number is not None:
            self._flush()
            self._skip = self._after_unicode
            self._put(chr(number % 65536))
        elif word == b"uc":
            self._after_unicode = min(max(number or 0, 0), 10)
        elif word == b"ansicpg":
            self._charset = f"cp{number}"
        elif word == b"fonttbl":
            self._in_fonts, self._is_text = len(self._groups), False
        elif word == b"f" and number is not None:
            self._flush()
            self._font = number
            if not self._in_fonts:
                self._font_charset = self._fonts.get(number, "")
        elif word == b"fcharset" and self._in_fonts and len(self._fonts) < 1000:
            if number in _CHARSETS and number:
                self._fonts[self._font] = f"cp{_CHARSETS[number]}"
        elif word in _NO_TEXT:
            self._is_text = False
        elif word in _BREAKS or word in _SIGNS:
            self._flush()
            self._put(_BREAKS.get(word) or _SIGNS[word])

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._is_text = False
        elif symbol == b"~":
            self._add(b" ")
        elif symbol in b"\\{}":
            self._add(symbol)
        elif symbol in b"\r\n":
            self._flush()
            self._put("\n")

    def _add(self, data: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._is_text:
            self._bytes += data

    def _put(self, text: str) -> None:
        if self._is_text:
            self._pieces.append(text)

    def _flush(self) -> None:
        if self._bytes:
            self._pieces.append(
                decode(bytes(self._bytes), self._font_charset or self._charset, self._repairs)
            )
            self._bytes.clear()
