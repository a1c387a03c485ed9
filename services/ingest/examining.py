"""What is found out about a message between reading and commit."""

from dataclasses import dataclass

from contracts.mail import Authentication, SmtpEnvelope
from services.ingest.authentication import Authenticator
from services.ingest.reading import Letter


@dataclass(frozen=True, slots=True)
class Findings:
    """What nobody looked at is None."""

    authentication: Authentication | None = None


class Examiner:
    """Has a message looked at by all who look at one, at once; it never raises for what senders do."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def examine(
        self,
        raw: bytes,
        letter: Letter,
        envelope: SmtpEnvelope,
        source: str,
        authserv_id: str | None = None,
    ) -> Findings:
        """Look at one message; `authserv_id` is the upstream that is trusted for this source."""
        return Findings(
            await self._authenticator.examine(raw, letter, envelope, source, authserv_id=authserv_id)
        )
