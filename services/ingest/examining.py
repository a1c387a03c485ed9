"""What is found out about a message between reading and commit: who sent it, and whether it is harmless."""

import asyncio
from dataclasses import dataclass

from contracts.mail import Authentication, Scan, SmtpEnvelope
from services.ingest.authentication import Authenticator
from services.ingest.reading import Letter
from services.ingest.scanning.answer import NotScanned
from services.ingest.scanning.scanner import Scanner


@dataclass(frozen=True, slots=True)
class Findings:
    """What nobody looked at is None."""

    authentication: Authentication | None = None
    scan: Scan | NotScanned | None = None


class Examiner:
    """Has a message looked at by all who look at one, at once; it never raises for what senders do."""

    def __init__(self, authenticator: Authenticator, scanner: Scanner) -> None:
        self._authenticator = authenticator
        self._scanner = scanner

    async def examine(
        self,
        raw: bytes,
        letter: Letter,
        envelope: SmtpEnvelope,
        source: str,
        authserv_id: str | None = None,
    ) -> Findings:
        """Look at one message; `authserv_id` is the upstream that is trusted for this source."""
        authentication, scan = await asyncio.gather(
            self._authenticator.examine(raw, letter, envelope, source, authserv_id=authserv_id),
            self._scanner.examine(raw, letter),
        )
        return Findings(authentication, scan)
