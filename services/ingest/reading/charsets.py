"""Bytes to text: the declared charset under its many names, and detection as the last step."""

import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

from services.ingest.reading.repairs import Problem, Repairs

# What senders write, and the superset that every mail program really means by it (WHATWG Encoding, "names and labels").
ALIASES = {
    "": "us-ascii",
    "ansi": "cp1252",
    "ansi_x3.110-1983": "iso8859-1",
    "ascii": "us-ascii",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cn-big5": "big5hkscs",
    "cn-gb": "gb18030",
    "cp-850": "cp850",
    "cp-932": "cp932",
    "cp-936": "gb18030",
    "csiso2022jp": "iso2022_jp_ext",
    "default": "us-ascii",
    "default_charset": "us-ascii",
    "euc-kr": "cp949",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "hebrew": "iso8859-8",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "macintosh": "mac_roman",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "tis-620": "cp874",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unknown": "us-ascii",
    "unknown-8bit": "us-ascii",
    "us-ascii": "us-ascii",
    "usascii": "us-ascii",
    "utf8": "utf-8",
    "utf-8": "utf-8",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "utf": "utf-8",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
    "x-unknown": "us-ascii",
    "x-user-defined": "us-ascii",
    "x-windows-949": "cp949",
}

# Detection looks at this much: a charset shows itself early, and the detector takes milliseconds a kilobyte.
SAMPLE = 4096
ESCAPED = re.compile(rb"\x1b(?:\$[@AB]|\$\(D|\([BJI])")
ESCAPED_KOREAN = re.compile(rb"\x1b\$\)C")
UNWANTED = re.compile("[\x00\ud800-\udfff]")
# Codecs of Python that are no charsets of text, or that run slower than linear.
REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})


@lru_cache(maxsize=512)
def codec_for(label: str) -> str | None:
    """Name Python's codec for a charset label as mail writes it, or None where there is none."""
    name = label.strip(" \t\"'<>[]();").casefold().split("*")[0].replace(" ", "")
    name = name.removeprefix("charset=").replace("_", "-") if name not in ALIASES else name
    for candidate in (name, name.replace("windows-", "cp").replace("windows", "cp").replace("cp-", "cp")):
        found = ALIASES.get(candidate, candidate)
        try:
            codec = codecs.lookup(found)
        except (LookupError, ValueError):
            continue
        if codec._is_text_encoding and codec.name not in REFUSED:  # noqa: SLF001  # the only way to tell rot13 from text
            return ALIASES.get(codec.name, codec.name)
    return None


def decode(data: bytes, label: str | None, repairs: Repairs, hint: str | None = None) -> str:
    """Decode with the charset that was declared if it fits the bytes, else with the one that they speak of.

    `hint` is another charset that the message names, tried before detection.
    """
    codec = codec_for(label or "")
    if codec is None:
        repairs.note(Problem.CHARSET_UNKNOWN)
        codec = "us-ascii"
    if codec == "us-ascii":
        if data.isascii() and b"\x1b" not in data:
            return sound(data.decode("ascii"))
    else:
        text = _strict(data, codec)
        if text is not None and not (codec == "cp1252" and _is_utf8(data)):
            return sound(text)
    return sound(_detect(data, codec, repairs, hint))


def sound(text: str) -> str:
    """Replace what PostgreSQL's text refuses: NUL and lone surrogates."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return UNWANTED.sub("", text)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _is_utf8(data: bytes) -> bool:
    """Whether bytes declared as Latin-1 are really UTF-8: multi-byte sequences hardly ever fit by chance."""
    if data.isascii():
        return False
    return _strict(data, "utf-8") is not None


def _detect(data: bytes, declared: str, repairs: Repairs, hint: str | None) -> str:
    if data.isascii():
        if ESCAPED.search(data) and (text := _strict(data, "iso2022_jp_ext")) is not None:
            return text
        if ESCAPED_KOREAN.search(data) and (text := _strict(data, "iso2022_kr")) is not None:
            return text
        return data.decode("ascii")
    repairs.note(Problem.CHARSET_DETECTED)
    if (text := _strict(data, "utf-8-sig")) is not None:
        return text
    hinted = codec_for(hint) if hint else None
    if hinted not in {None, "us-ascii", "utf-8"} and (text := _strict(data, hinted or "")) is not None:
        return text
    if declared not in {"us-ascii", "cp1252"} and (text := _nearly(data, declared)) is not None:
        return text
    if (text := _nearly(data, "utf-8")) is not None:
        return text
    best = from_bytes(data[:SAMPLE], preemptive_behaviour=False).best() if len(data) >= 16 else None
    if best is not None and (text := _strict(data, best.encoding)) is not None:
        return text
    return data.decode("cp1252", "replace")


def _nearly(data: bytes, codec: str) -> str | None:
    """Decode with few replacements: one bad byte must not cost the whole text its charset."""
    try:
        text = data.decode(codec, "replace")
    except (UnicodeError, LookupError, ValueError):
        return None
    replaced = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return text if replaced * 10 <= foreign else None
