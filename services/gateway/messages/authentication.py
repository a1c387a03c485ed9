"""What agents are told about who wrote a letter."""

from typing import Literal

from contracts.mail import Authentication
from services.gateway.representations.messages import AuthenticationResultItem, Sender

_VERDICTS: dict[str, Literal["verified", "failed"]] = {
    "pass": "verified",
    "fail": "failed",
    "permerror": "failed",
}


def sender_of(authentication: Authentication | None) -> Sender | None:
    """The verdict is DMARC's, since only that is about the address that people see.

    A seal (ARC) changes nothing: anybody can seal what he forged himself.
    """
    if authentication is None:
        return None
    dmarc = next((one for one in authentication.results if one.method == "dmarc"), None)
    return Sender(
        verdict=_VERDICTS.get(dmarc.result) if dmarc else None,
        domain=dmarc.domain if dmarc else None,
        by=authentication.by,
        results=[AuthenticationResultItem(**one.model_dump()) for one in authentication.results],
    )
