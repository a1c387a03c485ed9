"""Values with parameters (RFC 2045 §5.1, RFC 2183, RFC 2231), in all the ways in which they are broken."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from services.ingest.reading.charsets import decode
from services.ingest.reading.encoded_words import decode_words
from services.ingest.reading.repairs import Problem, Repairs

MOST_PARAMETERS = 200
LONGEST_TYPE = 255
"""RFC 6838 §4.2: 127 on each side of the slash."""
LONGEST_KNOWN = 300
_VALUE = re.compile(r"[\s\"']*+([^;,\s\"'(/]*+(?:\s*/\s*[^;,\s\"'(]++)?)[\"']?(?:\s*\([^()]*+\))?[;\s]*+")
_SEPARATORS = re.compile(r"[;\s]*+")
_NAME = re.compile(r"([^=;\s\"]++)\s*+=\s*+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"\s*(?=;|\Z|\()', re.DOTALL)
_FOLLOWING = re.compile(r";\s*+[\w*-]++\s*+=")
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*)?)?")
_ESCAPED = re.compile(r'\\(["\\])')
_COMMENT_AT_END = re.compile(r"\s*\([^()]*\)\s*\Z")


def parse(value: str, repairs: Repairs) -> tuple[str, Mapping[str, str]]:
    """The value itself in lower case, and its parameters by name in lower case, decoded."""
    if len(value) > LONGEST_KNOWN or "*" in value or "=?" in value or not value.isascii():
        main, pairs = _split(value)
        return main, _decoded(pairs, repairs)
    return _plain(value)


@lru_cache(maxsize=1024)
def _plain(value: str) -> tuple[str, Mapping[str, str]]:
    """The same for a value in which nothing is encoded; most values are ones that have been seen before."""
    main, pairs = _split(value)
    return main, MappingProxyType(dict(reversed(pairs)))


def _split(value: str) -> tuple[str, list[tuple[str, str]]]:
    found = _VALUE.match(value)
    main = found[1] if found else ""
    rest = value[found.end() :] if found else value
    return main.lower(), _pairs(rest)


def _pairs(rest: str) -> list[tuple[str, str]]:
    """Names and values as written. A value without quotes ends at a semicolon; a blank in it belongs to it."""
    found: list[tuple[str, str]] = []
    position = 0
    while len(found) < MOST_PARAMETERS and position < len(rest):
        if separators := _SEPARATORS.match(rest, position):
            position = separators.end()
        name = _NAME.match(rest, position)
        if name is None:
            semicolon = rest.find(";", position)
            if semicolon < 0:
                break
            position = semicolon + 1
            continue
        position = name.end()
        if rest.startswith('"', position):
            quoted = _QUOTED.match(rest, position)
            if quoted:
                text, position = quoted[1], quoted.end()
            else:
                text, position = _badly_quoted(rest, position)
            found.append((name[1].lower(), _ESCAPED.sub(r"\1", text)))
            continue
        end = rest.find(";", position)
        end = end if end >= 0 else len(rest)
        text = rest[position:end]
        if text.startswith("=?") and "?=" not in text and (close := rest.find("?=", position)) >= 0:
            end = close + 2  # an encoded word with a semicolon in it
            text = rest[position:end]
        found.append((name[1].lower(), _without_quotes(_COMMENT_AT_END.sub("", text).strip())))
        position = end
    return found


def _without_quotes(text: str) -> str:
    """Without quotation marks of a wrong kind: single ones, or escaped ones."""
    for mark in ("'", '\\"'):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            return text[len(mark) : -len(mark)]
    return text


def _badly_quoted(rest: str, position: int) -> tuple[str, int]:
    """A value with quotes inside, or without the closing one: it ends at the next parameter."""
    following = _FOLLOWING.search(rest, position)
    end = following.start() if following else len(rest)
    return rest[position + 1 : end].strip().removesuffix('"').rstrip(";"), end


def _decoded(pairs: list[tuple[str, str]], repairs: Repairs) -> dict[str, str]:
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in pairs:
        if "*" in name and (section := _SECTION.fullmatch(name)):
            extended = bool(section[3]) or section[2] is None
            sections.setdefault(section[1], {}).setdefault(int(section[2] or 0), (value, extended))
        else:
            plain.setdefault(name, value)
    for name, value in plain.items():
        if "=?" in value:
            plain[name] = decode_words(value, repairs)
    return plain | {name: _joined(parts, repairs) for name, parts in sections.items()}


def _joined(parts: dict[int, tuple[str, bool]], repairs: Repairs) -> str:
    """The sections of a value in their order; the first one names the charset of all (RFC 2231 §4.1)."""
    charset = None
    pieces: list[bytes] = []
    for position, number in enumerate(sorted(parts)):
        value, extended = parts[number]
        if extended and position == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        pieces.append(unquote_to_bytes(value) if extended else value.encode("utf-8", "surrogatepass"))
    content = b"".join(pieces)
    return decode_words(decode(content, charset or "utf-8", repairs), repairs)


def content_type(value: str, repairs: Repairs) -> tuple[str, Mapping[str, str]]:
    """Type and parameters of a Content-Type; `text/plain` where it says nothing that makes sense."""
    main, parameters = parse(value, repairs)
    main = main.replace(" ", "")
    if len(main) <= LONGEST_TYPE and _TYPE.fullmatch(main):
        return main, parameters
    repairs.note(Problem.CONTENT_TYPE_INVALID)
    if main.startswith("multipart"):
        return "multipart/mixed", parameters
    if "htm" in main:
        return "text/html", parameters
    if "name" in parameters or (main and not main.startswith(("text", "plain"))):
        return "application/octet-stream", parameters
    return "text/plain", parameters


_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+")
