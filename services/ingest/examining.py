"""What is found out about a message between reading and commit: who sent it, and whether it is harmless."""

import asyncio

from contracts.mail import SmtpEnvelope
from services.ingest.authentication import Authenticator
from services.ingest.intake import Examined
from services.ingest.reading import Letter
from services.ingest.scanning.scanner import Scanner


class Examiner:
    """Looks at both at the same time; neither raises, so that no message is refused for them."""

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
    ) -> Examined:
        """`authserv_id` is that of the server that a message was fetched from, if its results are believed."""
        return Examined(
            *await asyncio.gather(
                self._authenticator.examine(raw, letter, envelope, source, authserv_id),
                self._scanner.examine(raw, letter),
            )
        )
