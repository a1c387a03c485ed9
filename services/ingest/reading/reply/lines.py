"""The lines of a message as the rules look at them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 1000
"""Characters: of a longer line, a whole paragraph, the rules see the beginning only."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTED = re.compile(r"[ \t]{0,3}[>＞](?!From )")
_RULE = re.compile(r"[-_=*#~+—–─━\s]{2,}$|[ᐧ—]$")


@dataclass(frozen=True, slots=True)
class Lines:
    """`raw` as they were sent, and what the rules ask about each of them."""

    raw: Sequence[str]
    bare: Sequence[str]
    """Without space around them and marks of writing direction."""
    quoted: Sequence[bool]
    """Whether a line stands behind a quotation mark. `>From ` is what mbox files make of "From "."""

    @classmethod
    def of(cls, text: str) -> "Lines":
        raw = text.replace("\r\n", "\n").split("\n")
        quoted = [line[:4].lstrip()[:1] in ">＞" and _QUOTED.match(line) is not None for line in raw]
        return cls(raw=raw, bare=[_bare(line) for line in raw], quoted=quoted)

    def __len__(self) -> int:
        return len(self.raw)

    def below(self, number: int) -> int:
        """The first line from this one on that is not empty, or the number of lines."""
        while number < len(self.bare) and not self.bare[number]:
            number += 1
        return number

    def stands_alone(self, begin: int, end: int) -> bool:
        """Whether empty lines part `begin` to `end` (exclusive) from what is above and below."""
        above = begin == 0 or not self.bare[begin - 1]
        return above and (end == len(self.bare) or not self.bare[end])


def _bare(line: str) -> str:
    line = line[:LONGEST]
    if not line.isascii():
        line = _INVISIBLE.sub("", line).replace("\xa0", " ").replace("\u3000", " ")
    return line.strip()


def is_rule(line: str) -> bool:
    """Whether the (bare) line only parts what is above from what is below: `-----`, `***`, `____`."""
    return _RULE.match(line) is not None
