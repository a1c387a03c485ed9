"""What stands below an author's words: a signature, and the mark of the program that he wrote with."""

import re
from collections.abc import Sequence

from services.ingest.reading.reply.languages import LANGUAGES

SIGN = "-- "
MOST_LINES = 20
"""Of a signature below its sign (RFC 3676 §4.3)."""
LONGEST_LINE_LOOSE = 120
SHORTEST_SENTENCE = 4
"""Words."""
LONGEST_MARK = 120
LONGEST_MARK_WITH_LINK = 500
LONGEST_ADVERTISEMENT = 60
MOST_WORDS_SCANNED = 4

_LOOSE_SIGNS = {"--": 10, "—": 5, "––": 5, "__": 5}
"""Signs that may also part paragraphs, and how many lines a signature below them has at most."""
_SENTENCE_ENDS = (".", "!", "…", "。", "।")

_DEVICE = re.compile(
    r"i-?phon|i-?pad|i-?pod|\bios\b|android|samsung|galaxy|huawei|\bhonor\b|xiaomi|redmi|\bmi\b|\bpoco\b|oneplus|\boppo\b"
    r"|\bvivo\b|realme|pixel|nokia|lumia|blackberry|\bhtc\b|sony|xperia|motorola|\bmoto\b|\blg\b|\bzte\b|alcatel|fairphone"
    r"|windows|mac\s?book|\bmac\b|outlook|yahoo|g-?mail|\bgmx\b|web\.de|t-online|freenet|mail\.ru|mail\.com|почт\w+"
    r"|яндекс|yandex|\bk-?9\b|aquamail|blue ?mail|\bspark\b|proton\s?mail|tutanota|\btuta\b|airmail|mailbox|thunderbird"
    r"|fairemail|typeapp|\bnewton\b|superhuman|mailspring|mailtrack|canary|naver|네이버|\bqq|foxmail|网易|邮箱|郵件|hotmail|\bmsn\b|\bmail\b|メール|\bapp\b"
    r"|mobil\w*|\bhandy\b|\w*phone\w*|telefon\w*|téléphone|teléfono|móvil|celular|cellulare|\bcell\b|tablet\w*|\bdevice"
    r"|gerät\w*|appareil|dispositivo|toestel|\benhet\w*|\blaite\w*|puhelim\w*|κινητό|телефон\w*|смартфон\w*|мобил\w*|мобіл\w*"
    r"|\bavast\b|\bavg\b|antivirus|устройств\w*|手机|手機|携帯|スマートフォン|スマホ|휴대폰|스마트폰"
)
_MY_DEVICE = ("sent from my ", "sent via my ", "sent by my ")
_SOMEONE_MOBILE = re.compile(r"\w{1,30} from mobile$")
_ADVERTISED = re.compile(r"outlook.{0,30}\b(?:ios|android)|\b(?:ios|android).{0,15}outlook")
_SCANNED = re.compile(r"(?:www\.|//)(?:avast|avg)\.com")
"""`Virus-free. www.avast.com`"""
_LINK = re.compile(r"<[^<>\s]{1,300}>|\(https?:[^()\s]{1,300}\)|https?:\S{1,300}|[\[\]]")

_MARKS = [
    (opens.strip(), closes.strip())
    for language in LANGUAGES
    for opens, _, closes in (mark.partition("…") for mark in language.mark.split("|") if mark)
]
_OPENS = tuple({opens for opens, closes in _MARKS if not closes})
_CLOSES = tuple({closes for opens, closes in _MARKS if not opens})
_ENCLOSES = re.compile(
    "|".join(rf"{re.escape(opens)}.*{re.escape(closes)}$" for opens, closes in _MARKS if closes and opens)
)
_GETS = tuple({verb for language in LANGUAGES for verb in language.get.split("|") if verb})


def is_signature(sign: str, below: Sequence[str]) -> bool:
    """Whether what stands (bare) below this line is a signature. Below a loose one it is short, and tells nothing."""
    words = [line for line in below if line]
    if sign == SIGN:
        return 0 < len(words) <= MOST_LINES
    return 0 < len(words) <= _LOOSE_SIGNS.get(sign.strip(), 0) and not any(map(_tells, words))


def _tells(line: str) -> bool:
    """Whether the line is a sentence."""
    if len(line) > LONGEST_LINE_LOOSE or line.endswith(("?", "؟")):
        return True
    return line.endswith(_SENTENCE_ENDS) and len(line.split()) >= SHORTEST_SENTENCE and not is_mark(line)


def is_mark(line: str) -> bool:
    """Whether the (bare) line is the mark of a program: "Sent from my iPhone"."""
    if not len("发自QQ") <= len(line) <= LONGEST_MARK_WITH_LINK:
        return False
    words = _LINK.sub(" ", line).strip(" \t()<>*_.!-–—").lower()
    if len(words) > LONGEST_MARK:
        return False
    if _SCANNED.search(line) and len(line.split()) <= MOST_WORDS_SCANNED:
        return True
    if words.startswith(_MY_DEVICE) or _SOMEONE_MOBILE.match(words):
        return True
    if words.startswith(_OPENS) or _ENCLOSES.match(words):
        return _DEVICE.search(words) is not None
    if "outlook" in words and len(words) <= LONGEST_ADVERTISEMENT and _ADVERTISED.search(words):
        return any(verb in words for verb in _GETS)
    return words.endswith(_CLOSES) and _DEVICE.match(words) is not None
