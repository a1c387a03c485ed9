"""Settings of notify."""

from functools import cached_property

from pydantic import Field, SecretStr, field_validator

from chassis.settings import ServiceSettings
from services.notify.smtp import Relay


class NotifySettings(ServiceSettings):
    relay_url: SecretStr | None = Field(
        default=None,
        description=(
            "Where mail goes out: `smtp://host:port`, `smtp://user:password@host:port` or `smtps://…`; "
            "unset: each message becomes a file in the Maildir `outgoing` of the data directory."
        ),
    )
    relay_timeout_seconds: float = Field(
        default=60, gt=0, description="How long handing over a message may take, up to its final dot."
    )
    relay_answer_seconds: float = Field(
        default=600,
        gt=0,
        description="How long the relay may take to answer to the final dot (RFC 5321 §4.5.3.2.6: 10 minutes).",
    )
    senders: int = Field(default=4, gt=0, description="How many messages are handed over at the same time.")
    lease_seconds: float = Field(
        default=20, gt=0, description="How long after a sender was killed another one takes over its message."
    )

    @field_validator("relay_url", mode="after")
    @classmethod
    def _is_a_relay(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value().strip():
            return None
        Relay.parse(url.get_secret_value())
        return url

    @cached_property
    def relay(self) -> Relay | None:
        return Relay.parse(self.relay_url.get_secret_value()) if self.relay_url else None
