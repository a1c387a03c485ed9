"""Whether a letter says nothing but thanks, so that a solved ticket may rest."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from unicodedata import normalize

import re2

from contracts.mail import Address, LetterHead
from services.tickets.courtesies import COURTESIES, ENGLISH, Courtesies

LONGEST = 160
"""Characters; whoever writes more has more to say."""
MOST_WORDS = 40
LONGEST_COURTESY = 16
"""Words."""

_SMILE = re.compile(
    "(?<!\\S)[:;=]-?D(?!\\S)|(?:[:;=]-?)?\\)+(?!\\S)"
    "|[\u263a\u2665\u2728\u2764\U0001f31e\U0001f337-\U0001f33a\U0001f389\U0001f44c\U0001f44d\U0001f44f\U0001f490\U0001f499-\U0001f49c"
    "\U0001f600-\U0001f604\U0001f609\U0001f60a\U0001f60d\U0001f60e\U0001f642\U0001f64c\U0001f64f\U0001f917\U0001f970]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]?"
)
"""Friendly ones only."""
_BLANK = re.compile(
    '[\\s.,:!~*_\u00a1\u00b7\u060c\u0964\u200b-\u200f\u2013\u2014\u201c-\u201e\u2022\u2026\u2066-\u2069\u3002"-]+'
)
"""What parts words and says nothing. A question mark says something, and so does a semicolon: in Greek it asks."""
_NOTHING = re.compile("[\u0640\u064b-\u0652\u3001]")
"""Vowels of Arabic and what stretches its words, which people set or not; the comma of Japanese."""
_APOSTROPHE = re.compile("[\u2018\u2019\u02bc`\u00b4]")
_NO_NAME = re.compile(r"[\W\d_]+")
_NAME = "@"
"""Stands for a name that is known."""


def only_thanks(letter: LetterHead, ours: Collection[Address]) -> bool:
    """Judged by what its author newly wrote; `ours` is who answered him.

    Nothing but thanks, courtesies and names may be in it, in one language or English. In doubt it is more than thanks:
    a ticket too much is the lesser harm.
    """
    if letter.attachments or not 0 < len(letter.excerpt) <= LONGEST:
        return False
    words = _plain(letter.excerpt).split()
    if len(words) > MOST_WORDS:
        return False
    names = _names(letter.from_, ours)
    named = [_NAME if word.casefold() in names else word for word in words]
    # Both, since people may be called as courtesies are: Mr Best.
    either = [words] if named == words else [words, named]
    return any(_are_thanks(said, courtesies) for courtesies in COURTESIES for said in either)


def _plain(text: str) -> str:
    """The words alone, with single blanks between them."""
    text = _APOSTROPHE.sub("'", normalize("NFKC", _SMILE.sub(" ", text)))
    text = text.replace("\u0130", "I")  # re2 takes a dotted I for no i
    return _BLANK.sub(" ", _NOTHING.sub("", text)).strip()


def _names(sender: Address | None, ours: Iterable[Address]) -> frozenset[str]:
    """What they are called, as far as their addresses show. We sign as `Anna (Support)`."""
    names = [one.name.partition(" (")[0] for one in ours]
    if sender is not None:
        names += [sender.name, _NO_NAME.sub(" ", sender.address.partition("@")[0])]
    return frozenset(" ".join(map(_plain, names)).casefold().split())


def _are_thanks(words: Sequence[str], courtesies: Courtesies) -> bool:
    """Whether the words can be parted into courtesies, with thanks among them."""
    parted = {(0, False)}
    """How far, and whether there are thanks so far."""
    for begin in range(len(words)):
        for thanked in [thanked for end, thanked in parted if end == begin]:
            for end in range(begin + 1, min(begin + LONGEST_COURTESY, len(words)) + 1):
                said = " ".join(words[begin:end])
                phrase = _phrase(courtesies).fullmatch(said) or _phrase(ENGLISH).fullmatch(said)
                if phrase and all(map(_looks_like_name, (phrase["somebody"] or "").split())):
                    parted.add((end, thanked or phrase["thanks"] is not None))
    return (len(words), True) in parted


def _looks_like_name(word: str) -> bool:
    return word.isalpha() and word[0].isupper() and not word.isupper()


@cache
def _phrase(courtesies: Courtesies) -> re2._Regexp:
    """One courtesy. What a stranger wrote is matched in linear time."""
    options = re2.Options()
    options.case_sensitive = False
    somebody = rf"(?:{courtesies.titles})(?P<somebody>(?: \S+){{0,2}})"
    signed = rf"(?:{courtesies.closings})(?: {_NAME}|(?-i: \p{{Lu}}))*"  # with initials
    pattern = f"(?P<thanks>{_thanks(courtesies)})|{courtesies.polite}|{somebody}|{signed}|{_NAME}"
    return re2.compile(normalize("NFKC", pattern), options)


def _thanks(courtesies: Courtesies) -> str:
    if not courtesies.reason:
        return courtesies.thanks
    around = f"(?: (?:{courtesies.its}))*"
    what = f"{around} (?:{courtesies.what}){around}"
    more = f"(?: (?:{courtesies.and_}){what})*" if courtesies.and_ else ""
    return f"(?:{courtesies.thanks})(?: (?:{courtesies.reason}){what}{more})?"
