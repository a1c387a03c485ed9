"""Why a message was refused, told from the words of the server."""

from services.ingest.reading.bounces.failure import Cause
from services.ingest.reading.bounces.wording import CAUSES, folded, says


def cause_of(words: str) -> Cause | None:
    """The first cause whose phrases the words hold."""
    text = f" {folded(words)}"
    return next((cause for cause, phrases in CAUSES.items() if says(text, phrases)), None)
