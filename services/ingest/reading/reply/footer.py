"""What a mailing list or a company's server adds at the very end of a message."""

import re
from collections.abc import Sequence

from services.ingest.reading.reply.lines import LONGEST

MOST_LINES = 8
MOST_LINES_BELOW_QUOTATION = 5
LONGEST_LINE_BELOW_QUOTATION = 120

_LIST = re.compile(
    r"mailing.?list|unsubscri|subscri|listinfo|mailman|google ?groups|groups\.io|list archive"
    r"|abmelden|abbestellen|désabonn|désinscri|suscripci|darse de baja|disiscri|annulla iscriz|cancelar inscri"
    r"|uitschrijven|afmelden|avregistrera|afmeld|meld av|peruuta tilaus|wypisa|odhlásit|leiratkoz|dezabon|отпис|відпис"
    r"|配信停止|退订|取消訂閱|수신거부|abonelikten|liste de diffusion|lista de (?:correo|distrib)|list-?serv|sympa/",
    re.IGNORECASE,
)
_WHERE = re.compile(r"https?://|www\.|[^\s<>@]{1,80}@[^\s<>@]{1,120}", re.IGNORECASE)
_CONFIDENTIAL = re.compile(
    r"confidential|privileged|vertraulich|confidentiel|confidencial|riservat|vertrouwelijk|poufn|důvěrn|конфиденц|机密|機密",
    re.IGNORECASE,
)
_ADDRESSEE = re.compile(
    r"intended (?:only )?(?:for|recipient)|addressee|irrtümlich|nicht der richtige|destinataire|destinatari"
    r"|geadresseerde|in error|por error|par erreur|per errore|bestimmungsgemäß|adresat|adresát|адресат|收件人|宛先",
    re.IGNORECASE,
)


def is_list_footer(below: Sequence[str]) -> bool:
    """Whether what stands (bare) below a rule, down to the end of the message, is what a mailing list adds."""
    words = [line[:LONGEST] for line in below if line]
    return 0 < len(words) <= MOST_LINES and any(map(_LIST.search, words)) and any(map(_WHERE.search, words))


def is_footer_below_quotation(below: Sequence[str], *, ruled_off: bool) -> bool:
    """Whether the last (bare) lines, below a quotation, are no answer: a signature ruled off, or who may read this."""
    words = [line for line in below if line]
    if ruled_off:
        return (
            len(words) <= MOST_LINES_BELOW_QUOTATION and max(map(len, words)) <= LONGEST_LINE_BELOW_QUOTATION
        )
    paragraph = " ".join(words)[: LONGEST * 4]
    return len(words) == len(below) and bool(_CONFIDENTIAL.search(paragraph) and _ADDRESSEE.search(paragraph))
