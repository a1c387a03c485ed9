"""What senders put into plain text around the words: files in uuencode, and the armour of PGP (RFC 9580 §7)."""

import re
from dataclasses import dataclass, field

from services.ingest.reading.encodings import uu_line

MOST_FILES = 1_000

_UU_BEGIN = re.compile(r"^begin [0-7]{3,4} (\S[^\n]*)\n(?=[!-`][ -`]*$)", re.MULTILINE)
_SIGNED = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z-]{1,40}: [^\n]*\n)*[ \t]*\n", re.MULTILINE
)
_SIGNATURE = re.compile(r"^-----BEGIN PGP SIGNATURE-----[ \t]*$", re.MULTILINE)
_END_OF_SIGNATURE = re.compile(r"^-----END PGP SIGNATURE-----[ \t]*\n?", re.MULTILINE)
_ENCRYPTED = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_ESCAPED_DASH = re.compile(r"^- (?=-|From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The words alone, and what was around them: files by their names, and whether PGP signed or encrypted them."""

    text: str
    files: list[tuple[str, bytes]] = field(default_factory=list)
    signed: bool = False
    encrypted: bool = False


def unwrapped(text: str) -> Unwrapped:
    """Take the words out. What is encrypted stays as it is."""
    files: list[tuple[str, bytes]] = []
    if "begin " in text:
        text, files = _without_files(text)
    if "-----BEGIN PGP " not in text:
        return Unwrapped(text, files)
    text, signed = _without_signature(text)
    return Unwrapped(text, files, signed, _ENCRYPTED.search(text) is not None)


def _without_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    files: list[tuple[str, bytes]] = []
    kept: list[str] = []
    position = 0
    for _ in range(MOST_FILES):
        begin = _UU_BEGIN.search(text, position)
        if begin is None:
            break
        end, content = _file(text, begin.end())
        if content:
            kept.append(text[position : begin.start()])
            files.append((begin[1].strip(), content))
        else:
            kept.append(text[position : begin.end()])
        position = max(end, begin.end())
    return "".join(kept) + text[position:], files


def _file(text: str, position: int) -> tuple[int, bytes]:
    """The content of a file from its first line on, and where the text goes on."""
    pieces: list[bytes] = []
    begin = position
    while position < len(text):
        end = text.find("\n", position)
        end = end if end >= 0 else len(text)
        line = text[position:end]
        if line.rstrip() == "end":
            return min(end + 1, len(text)), b"".join(pieces)
        if not _is_data(line):
            return (position, b"".join(pieces)) if len(pieces) > 1 else (begin, b"")
        if line.strip() not in {"", "`"}:
            pieces.append(uu_line(line.encode("ascii")))
        position = end + 1
    return position, b"".join(pieces)


def _is_data(line: str) -> bool:
    """Whether a line is as long as its first character says; blanks at its end may have been lost."""
    if not line or line == "`":
        return True
    if not line.isascii() or not " " <= line[0] <= "`":
        return False
    length = ((ord(line[0]) - 32) & 63) * 4 // 3
    return len(line) <= length + 5 and (len(line) >= length or line[0] != "M")


def _without_signature(text: str) -> tuple[str, bool]:
    """Text that PGP signed (RFC 9580 §7.2), without dashes that were escaped."""
    pieces: list[str] = []
    position = 0
    while begin := _SIGNED.search(text, position):
        signature = _SIGNATURE.search(text, begin.end())
        if signature is None:
            break
        end = _END_OF_SIGNATURE.search(text, signature.end())
        if end is None:
            break
        pieces += [
            text[position : begin.start()],
            _ESCAPED_DASH.sub("", text[begin.end() : signature.start()]),
        ]
        position = end.end()
    pieces.append(text[position:])
    return "".join(pieces), position > 0
