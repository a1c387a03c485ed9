"""What stands below an author's words: a signature, and the mark of the program that he wrote with."""

import re
from collections.abc import Sequence

from services.ingest.reading.reply.languages import LANGUAGES

MOST_LINES = 20
"""Of a signature below `-- ` (RFC 3676 §4.3)."""
MOST_LINES_LOOSE = 10
"""Of one below a sign that may also part paragraphs."""
LONGEST_LINE_LOOSE = 120
LONGEST_MARK = 120
LONGEST_MARK_WITH_LINK = 500

SIGN = "-- "
_LOOSE_SIGNS = frozenset({"--", "—", "––", "__", "- --", "-—"})
_ASKS = ("?", "？", "؟", ";")

_DEVICE = re.compile(
    r"i-?phone|i-?pad|i-?pod|\bios\b|android|samsung|galaxy|huawei|\bhonor\b|xiaomi|redmi|\bmi\b|\bpoco\b|oneplus|\boppo\b"
    r"|\bvivo\b|realme|pixel|nokia|lumia|blackberry|\bhtc\b|sony|xperia|motorola|\bmoto\b|\blg\b|\bzte\b|alcatel|fairphone"
    r"|windows|mac\s?book|\bmac\b|outlook|yahoo|g-?mail|\bgmx\b|web\.de|t-online|freenet|mail\.ru|mail\.com|почт\w+"
    r"|яндекс|yandex|\bk-?9\b|aquamail|blue ?mail|\bspark\b|proton\s?mail|tutanota|\btuta\b|airmail|mailbox|thunderbird"
    r"|fairemail|typeapp|\bnewton\b|superhuman|naver|네이버|\bqq|foxmail|网易|邮箱|郵件|hotmail|\bmsn\b|\bmail\b|メール|\bapp\b"
    r"|mobil\w*|\bhandy\b|\w*phone\w*|telefon\w*|téléphone|teléfono|móvil|celular|cellulare|\bcell\b|tablet\w*|\bdevice"
    r"|gerät\w*|appareil|dispositivo|toestel|\benhet\w*|\blaite\w*|puhelim\w*|κινητό|телефон\w*|смартфон\w*|мобил\w*|мобіл\w*"
    r"|устройств\w*|手机|手機|携帯|スマートフォン|スマホ|휴대폰|스마트폰",
    re.IGNORECASE,
)
_MY_DEVICE = re.compile(r"sent (?:from|via|by) my .|\w+ from mobile$", re.IGNORECASE)
_LINK = re.compile(r"<[^<>\s]{1,300}>|\(https?:[^()\s]{1,300}\)|https?:\S{1,300}|[\[\]]")
_ADVERTISED = re.compile(r"outlook.{0,30}\b(?:ios|android)|\b(?:ios|android).{0,15}outlook", re.IGNORECASE)


def _marks() -> re.Pattern[str]:
    marks = {mark for language in LANGUAGES for mark in language.mark.split("|") if mark}
    shapes = [
        rf"{re.escape(opens.strip())}(?!\w).*{re.escape(closes.strip())}{'$' if closes else ''}"
        for opens, _, closes in (mark.partition("…") for mark in sorted(marks))
        if opens
    ]
    shapes += [
        rf"(?:{_DEVICE.pattern}).*{re.escape(mark.removeprefix('…').strip())}$"
        for mark in marks
        if mark[0] == "…"
    ]
    return re.compile("|".join(shapes), re.IGNORECASE)


_MARK = _marks()
_GET = re.compile(
    "|".join(re.escape(word) for language in LANGUAGES for word in language.get.split("|") if word), re.IGNORECASE
)


def is_sign(line: str) -> bool:
    """Whether a signature may begin with this line, as sent."""
    return line == SIGN or line.strip() in _LOOSE_SIGNS


def is_signature(sign: str, below: Sequence[str]) -> bool:
    """Whether what stands (bare) below a sign is a signature. A loose sign may part paragraphs, and a signature asks nothing."""
    words = [line for line in below if line]
    if sign == SIGN:
        return 0 < len(words) <= MOST_LINES
    return 0 < len(words) <= MOST_LINES_LOOSE and all(
        len(line) <= LONGEST_LINE_LOOSE and not line.endswith(_ASKS) for line in words
    )


def is_mark(line: str) -> bool:
    """Whether the (bare) line is the mark of a program: "Sent from my iPhone"."""
    if not 6 <= len(line) <= LONGEST_MARK_WITH_LINK:
        return False
    words = _LINK.sub(" ", line).strip(" \t()<>*_.!-–—")
    if len(words) > LONGEST_MARK:
        return False
    if _ADVERTISED.search(words):
        return len(words) <= 60 and _GET.search(words) is not None
    return _MY_DEVICE.match(words) is not None or (
        _MARK.match(words) is not None and _DEVICE.search(words) is not None
    )
