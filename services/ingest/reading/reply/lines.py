"""The lines of a message as the rules look at them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 1000
"""Characters: a longer line is a paragraph, and no rule looks further into it."""
LONGEST_LABEL = 30
"""Characters of the name of a header field."""
DEEPEST = 4
"""Columns of indentation that make a `>` a part of the text, of code for example."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_VARIANTS = {"\xa0": " ", "\u2009": " ", "\u202f": " ", "：": ":", "＞": ">", "？": "?", "！": "!", "İ": "I"}
_RULES = tuple("-_=*#~+—–─━ᐧ")
_BEGINS = frozenset((*_RULES, ">", "|"))
_ENDS = frozenset(":>道성-_*")
_RULE = re.compile(r"[-_=*#~+—–─━\s]{2,}$|[ᐧ—]$")


@dataclass(frozen=True, slots=True)
class Lines:
    """A text by lines, and the `notable` ones, in order, at which something else than words may begin or end."""

    raw: Sequence[str]
    """As they were sent."""
    bare: Sequence[str]
    """Without space around them and marks of writing direction, and with the usual signs for wide ones."""
    notable: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "Lines":
        text = text.replace("\r\n", "\n")
        plain = text
        if not text.isascii():
            plain = _INVISIBLE.sub("", text)
            for variant, usual in _VARIANTS.items():
                plain = plain.replace(variant, usual)
        bare = [line.strip() for line in plain.split("\n")]
        return cls(
            raw=text.split("\n"),
            bare=bare,
            notable=[
                number
                for number, line in enumerate(bare)
                if line
                and (
                    line[0] in _BEGINS
                    or line[-1] in _ENDS
                    or ":" in line[:LONGEST_LABEL]
                    or not number
                    or not bare[number - 1]
                )
            ],
        )

    def __len__(self) -> int:
        return len(self.raw)

    def is_quoted(self, number: int) -> bool:
        """Whether the line stands behind a quotation mark. `>From ` is what mbox files make of "From "."""
        line = self.bare[number]
        return (
            line.startswith(">")
            and not line.startswith(">From ")
            and not self.raw[number][:DEEPEST].isspace()
        )

    def quotation_end(self, number: int) -> int:
        """Where the quoted lines from this one on end (exclusive)."""
        while number < len(self.bare) and self.is_quoted(number):
            number += 1
        return number

    def below(self, number: int) -> int:
        """The first line from this one on that is not empty, or the number of lines."""
        while number < len(self.bare) and not self.bare[number]:
            number += 1
        return number

    def above(self, number: int) -> int:
        """The end (exclusive) of what stands above this line, empty lines left out."""
        while number and not self.bare[number - 1]:
            number -= 1
        return number

    def stands_alone(self, begin: int, end: int) -> bool:
        """Whether empty lines part `begin` to `end` (exclusive) from what is above and below."""
        return (begin == 0 or not self.bare[begin - 1]) and (end == len(self.bare) or not self.bare[end])


def is_rule(line: str) -> bool:
    """Whether the (bare) line only parts what is above from what is below: `-----`, `***`, `____`."""
    return line.startswith(_RULES) and _RULE.match(line) is not None
