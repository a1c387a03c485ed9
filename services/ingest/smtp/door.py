"""What all connections of one server share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from contracts.mail import SmtpEnvelope
from services.ingest.settings import IngestSettings
from services.ingest.smtp.certificate import Certificate
from services.ingest.smtp.conversation import Protocol, Terms
from services.ingest.smtp.limits import Limiter, Limits, Network
from services.ingest.smtp.replies import Reply

Deliver = Callable[[bytes, SmtpEnvelope, str | None], Awaitable[str]]
"""Takes a message for good and returns its id, or raises."""


@dataclass(frozen=True, slots=True)
class Door:
    terms: Terms
    limiter: Limiter
    recipient: Callable[[str], Awaitable[Reply]]
    """Whether we have this address."""
    deliver: Deliver
    certificate: Certificate | None = None
    unlimited: tuple[Network, ...] = ()
    """Whose connections and messages are not counted."""
    proxies: tuple[Network, ...] = ()
    """Load balancers: a PROXY header comes first from them, and from nobody else."""
    timeout_seconds: float = 300


def door_of(
    settings: IngestSettings,
    protocol: Protocol,
    *,
    recipient: Callable[[str], Awaitable[Reply]],
    deliver: Deliver,
) -> Door:
    """The door as the settings want it."""
    certificate = None
    if settings.smtp_tls_cert is not None:
        certificate = Certificate(settings.smtp_tls_cert, settings.smtp_tls_key)
    return Door(
        terms=Terms(
            protocol=protocol,
            hostname=settings.smtp_hostname,
            most_bytes=settings.max_message_size,
            most_recipients=settings.smtp_recipients,
            most_errors=settings.smtp_errors,
            tls=certificate is not None,
        ),
        limiter=Limiter(
            Limits(
                connections=settings.smtp_connections,
                client_connections=settings.smtp_client_connections,
                client_connections_per_minute=settings.smtp_client_connections_per_minute,
                client_messages_per_minute=settings.smtp_client_messages_per_minute,
            )
        ),
        recipient=recipient,
        deliver=deliver,
        certificate=certificate,
        unlimited=settings.smtp_unlimited,
        proxies=settings.smtp_proxies if protocol == "smtp" else (),
        timeout_seconds=settings.smtp_timeout_seconds,
    )
