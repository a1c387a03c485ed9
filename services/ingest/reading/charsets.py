"""Bytes to text: the declared charset under its many names, what the bytes themselves speak of, detection last."""

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

from chardetng_py import EncodingDetector

from services.ingest.reading.japanese import from_iso_2022_jp
from services.ingest.reading.repairs import Problem, Repairs

# What senders write, and the superset that every mail program really means by it (WHATWG Encoding, "names and labels").
_ALIASES = {
    "": "ascii",
    "ansi": "cp1252",
    "ansi-x3.110-1983": "cp1252",
    "ansi-x3.4-1968": "ascii",
    "big5": "big5hkscs",
    "big5-eten": "big5hkscs",
    "cn-big5": "big5hkscs",
    "cn-gb": "gb18030",
    "cseuckr": "cp949",
    "csiso2022jp": "iso2022_jp_ext",
    "csshiftjis": "cp932",
    "default": "ascii",
    "default-charset": "ascii",
    "euc-cn": "gb18030",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "gb-2312-80": "gb18030",
    "gb2312": "gb18030",
    "gb2312-1980": "gb18030",
    "gbk": "gb18030",
    "hebrew": "cp1255",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-11": "cp874",
    "iso-8859-8-e": "iso8859_8",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-9": "cp1254",
    "ks-c-5601": "cp949",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc-5601": "cp949",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "macintosh": "mac_roman",
    "ms-kanji": "cp932",
    "shift-jis": "cp932",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "tis-620": "cp874",
    "ucs-2": "utf-16",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unknown": "ascii",
    "unknown-8bit": "ascii",
    "usascii": "ascii",
    "utf": "utf-8",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-ce": "mac_latin2",
    "x-mac-japanese": "cp932",
    "x-sjis": "cp932",
    "x-unknown": "ascii",
    "x-user-defined": "ascii",
    "x-x-big5": "big5hkscs",
}
# The supersets once more, under the names by which Python knows their subsets.
_SUPERSETS = {
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso2022_jp": "iso2022_jp_ext",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "shift_jis": "cp932",
    "tis-620": "cp874",
}
# Where a text has characters in the C1 area of these, its author's program was one for Windows.
_WINDOWS = {
    "iso8859-2": "cp1250",
    "iso8859-4": "cp1257",
    "iso8859-5": "cp1251",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-13": "cp1257",
    "iso8859-15": "cp1252",
}
# Codecs of Python that are no charsets of text, or that run slower than linear.
_REFUSED = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})

_ASCII_LETTERS = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B))
_HIGH = bytes(range(0x80, 0x100))
_WESTERN = (
    "ÄÖÜäöüßÅÆØåæøÁÀÂÃÇÉÈÊËÍÎÏÑÓÔÕÚÛáàâãçéèêëíîïñóôõùúû€…«»°·".encode("cp1252")
    + b"\x84\x91\x92\x93\x94\x96\x97"
)
_NOT_WESTERN = bytes(set(_HIGH) - set(_WESTERN))

# Detection looks at this much: a charset shows itself early.
_SAMPLE = 16_384
_ESCAPED = re.compile(rb"\x1b\$[@AB]|\x1b\$\(D|\x1b\([BJI]")
_ESCAPED_KOREAN = re.compile(rb"\x1b\$\)C")
_C1 = re.compile("[\x80-\x9f]")
_UNWANTED = re.compile("[\x00\ud800-\udfff]")
_LABEL = re.compile(r"(?:charset=)?[\s\"'<>\[\]();=]*([^\s\"'<>\[\]();,*]*)")
_WINDOWS_LABEL = re.compile(r"(?:x-)?(?:windows|win|cp|ansi|ms)-?(\d{3,4})")
_MAC_LABEL = re.compile(r"(?:x-)?mac-?(\w+)")
_ISO_LABEL = re.compile(r"(?:x-)?iso-?(8859)-?(\d{1,2})(-[ei])?")


class Hint(NamedTuple):
    """What a message says of the charsets in it without saying it: one that it names, and its sender's country."""

    charset: str | None = None
    domain: bytes | None = None
    """The top-level domain of the sender, in lower case."""


class Codec(NamedTuple):
    """Python's codec for a charset; `transparent` where ASCII bytes are ASCII characters in it."""

    name: str
    transparent: bool


NO_HINT = Hint()
_ASCII = Codec("ascii", transparent=True)


@lru_cache(maxsize=512)
def codec_for(label: str) -> Codec | None:
    """Find the codec for a charset as mail names it, or None where there is none."""
    match = _LABEL.match(label.casefold())
    name = match[1].replace("_", "-") if match else ""
    if windows := _WINDOWS_LABEL.fullmatch(name):
        name = f"cp{windows[1]}"
    elif iso := _ISO_LABEL.fullmatch(name):
        name = f"iso-{iso[1]}-{iso[2]}{iso[3] or ''}"
    elif mac := _MAC_LABEL.fullmatch(name):
        name = _ALIASES.get(f"x-mac-{mac[1]}", f"mac-{mac[1]}")
    try:
        codec = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError):
        return None
    if not codec._is_text_encoding or codec.name in _REFUSED:  # noqa: SLF001  # the only way to tell rot13 from text
        return None
    name = _SUPERSETS.get(codec.name, codec.name)
    return Codec(name, transparent=_is_transparent(name))


def _is_transparent(codec: str) -> bool:
    ascii_text = bytes(range(128))
    try:
        return ascii_text.decode(codec) == ascii_text.decode("ascii")
    except ValueError:
        return False


def decode(data: bytes, label: str | None, repairs: Repairs, hint: Hint = NO_HINT) -> str:
    """Decode with the charset that was declared if it fits the bytes, else with the one that they speak of."""
    codec = codec_for(label) if label else _ASCII
    if codec is None:
        repairs.note(Problem.CHARSET_UNKNOWN)
        codec = _ASCII
    if codec.transparent and data.isascii():
        text = data.decode("ascii")
        if "\x1b" in text and _ESCAPED.search(data) and (escaped := from_iso_2022_jp(data)) is not None:
            text = escaped
        elif "\x1b" in text and _ESCAPED_KOREAN.search(data):
            text = _strict(data, "iso2022_kr") or text
        return text.replace("\x00", "") if "\x00" in text else text
    return sound(_foreign(data, codec, repairs, hint))


def sound(text: str) -> str:
    """Take out what PostgreSQL's text refuses: NUL and lone surrogates."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return _UNWANTED.sub("", text) if _UNWANTED.search(text) else text


def _foreign(data: bytes, codec: Codec, repairs: Repairs, hint: Hint) -> str:
    """Decode what is not plain ASCII: the declared charset first."""
    if data.startswith(codecs.BOM_UTF8):
        data, codec = data[3:], Codec("utf-8", transparent=True)
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not codec.name.startswith("utf-32"):
        text = _strict(data, "utf-16")
        if text is not None:
            return text
    if codec is not _ASCII:
        text = _declared(data, codec.name)
        if text is not None and not _mislabelled(data, text, codec.name):
            return text
    repairs.note(Problem.CHARSET_DETECTED)
    return _detected(data, codec, hint)


def _declared(data: bytes, codec: str) -> str | None:
    if codec in {"iso2022_jp_ext", "iso2022_jp"}:
        return from_iso_2022_jp(data)
    if codec.startswith(("utf-16", "utf-32")):
        return _strict(data, _wide(data, codec))
    text = _strict(data, codec)
    if text is None and codec == "euc_jp":
        return _strict(data, "euc_jis_2004")
    if text is not None and codec in _WINDOWS and _C1.search(text):
        return _strict(data, _WINDOWS[codec]) or text
    return text


def _wide(data: bytes, codec: str) -> str:
    """UTF-16 and UTF-32 with the order of bytes that the zeros in it show, or the charset that it is instead."""
    if b"\x00" not in data:
        return "utf-8" if data.isascii() else codec
    if codec == "utf-16":
        return "utf-16-le" if data[1::2].count(0) >= data[0::2].count(0) else "utf-16-be"
    return codec


def _mislabelled(data: bytes, text: str, codec: str) -> bool:
    """Whether a text that fits a charset of single bytes was written in another: UTF-8 hardly ever comes by chance.

    Nor does a text in Latin letters consist of accented ones.
    """
    if codec == "utf-8" or len(text) != len(data):
        return False
    if _strict(data, "utf-8") is not None:
        return True
    if codec != "cp1252":
        return False
    sample = data[:_SAMPLE]
    ascii_letters = len(sample) - len(sample.translate(None, _ASCII_LETTERS))
    high = len(sample) - len(sample.translate(None, _HIGH))
    strange = len(sample) - len(sample.translate(None, _NOT_WESTERN))
    return high >= 6 and high > ascii_letters and strange * 8 > high


def _detected(data: bytes, codec: Codec, hint: Hint) -> str:
    text = _strict(data, "utf-8")
    if text is not None:
        return text
    hinted = codec_for(hint.charset) if hint.charset else None
    if hinted and hinted.name not in {"ascii", "utf-8", codec.name} and (text := _strict(data, hinted.name)):
        return text
    if codec.name not in {"ascii", "cp1252"} and (text := _nearly(data, codec.name)) is not None:
        return text
    if (text := _nearly(data, "utf-8")) is not None:
        return text
    return data.decode(guess(data, hint.domain), "replace")


def guess(data: bytes, domain: bytes | None) -> str:
    """The codec that 8-bit text most likely is in."""
    if _strict(data, "utf-8") is not None:
        return "utf-8"
    detector = EncodingDetector()
    detector.feed(data[:_SAMPLE], last=True)
    codec = codec_for(detector.guess(tld=domain, allow_utf8=False))
    return codec.name if codec else "cp1252"


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _nearly(data: bytes, codec: str) -> str | None:
    """Decode with few replacements: one bad byte must not cost the whole text its charset."""
    try:
        text = data.decode(codec, "replace")
    except (UnicodeError, LookupError, ValueError):
        return None
    replaced = text.count("\ufffd")
    right = len(text) - len(text.encode("ascii", "ignore")) - replaced
    cut_short = replaced == 1 and text.endswith("\ufffd") and right > 0
    return text if cut_short or replaced * 4 <= right else None
