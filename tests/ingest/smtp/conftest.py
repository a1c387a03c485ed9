"""Servers on ports that are free, and certificates."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chassis.settings import ListenAddress, SocketPath
from contracts.mail import SmtpEnvelope
from services.ingest.smtp import replies
from services.ingest.smtp.conversation import Terms
from services.ingest.smtp.door import Door
from services.ingest.smtp.limits import Limiter, Limits
from services.ingest.smtp.replies import Reply
from services.ingest.smtp.server import serve
from tests.ingest.certificate import make_certificate


@dataclass
class Taken:
    """What came through the door."""

    port: int = 0
    messages: list[tuple[bytes, SmtpEnvelope]] = field(default_factory=list)

    async def deliver(self, raw: bytes, envelope: SmtpEnvelope, _traceparent: str | None) -> str:
        self.messages.append((raw, envelope))
        return f"message-{len(self.messages)}"


async def anyone(address: str) -> Reply:
    return replies.UNKNOWN_RECIPIENT if address.startswith("nobody") else replies.RECIPIENT_OK


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate") / "mx.pem", "DNS:mx.example.com")


Open = Callable[..., AbstractAsyncContextManager[Taken]]
LIMITS = Limits(100, 20, 1000, 1000)
ANY_PORT = ListenAddress("127.0.0.1", 0)


@pytest.fixture
def open_door() -> Open:
    """Open a door, by SMTP unless told otherwise."""

    @asynccontextmanager
    async def opened(
        *,
        limits: Limits = LIMITS,
        address: ListenAddress | SocketPath = ANY_PORT,
        terms: dict[str, object] | None = None,
        **door: object,
    ) -> AsyncIterator[Taken]:
        taken = Taken()
        basis = Terms("smtp", "mx.example.com", 1_000_000, 100, 20, tls=door.get("certificate") is not None)
        made = Door(replace(basis, **(terms or {})), Limiter(limits), anyone, taken.deliver)  # type: ignore[arg-type]
        async with serve(replace(made, **door), address) as listening:  # type: ignore[arg-type]
            taken.port = listening.port if isinstance(listening, ListenAddress) else 0
            yield taken

    return opened
