"""Whether a letter says nothing but thanks, so that a solved ticket may rest."""

import re

from contracts.mail import LetterHead

LONGEST = 160
"""Characters; whoever writes more has more to say."""

_THANKS = (
    "thank", "thx", "cheers", "much appreciated", "danke", "dankeschön", "vielen dank", "besten dank", "merci",
    "gracias", "grazie", "ringrazio", "obrigad", "bedankt", "dank je", "dank u", "tack", "tak", "takk", "kiitos",
    "dziękuj", "dzięki", "děkuj", "díky", "ďakuj", "köszön", "mulțumesc", "hvala", "благодар", "спасибо", "дякую",
    "ευχαριστ", "teşekkür", "terima kasih", "cảm ơn", "ありがとう", "谢谢", "謝謝", "감사", "شكرا", "תודה", "धन्यवाद",
)  # fmt: skip
"""How thanks begin in the languages that customers write in."""

_MORE = re.compile(
    r"[?\uff1f\u061f;]|\d{3,}|https?:|"
    r"\b(but|however|still|another|also|unfortunately|not|n't|aber|jedoch|trotzdem|leider|nicht|noch|außerdem|"
    r"mais|cependant|toujours|encore|pas|pero|todavía|sigue|no|non|però|ancora|mas|ainda|não|maar|echter|nog|niet|"
    r"men|inte|ikke|mutta|ei|ale|jednak|nie|jeszcze|но|ещё|не)\b",
    re.IGNORECASE,
)
"""Signs that there is more to it: a question, a number, a “but”, a “not”."""


def only_thanks(letter: LetterHead) -> bool:
    """Judged by what its author newly wrote. In doubt it is more than thanks: a ticket too much is the lesser harm."""
    words = letter.excerpt.casefold()
    return (
        0 < len(words) <= LONGEST
        and letter.attachments == 0
        and any(thanks in words for thanks in _THANKS)
        and not _MORE.search(words)
    )
