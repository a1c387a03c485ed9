"""Settings of gateway."""

from pydantic import Field

from chassis.settings import Listen, ListenAddress, ServiceSettings


class GatewaySettings(ServiceSettings):
    """Where people and programs come in."""

    http: Listen = Field(
        default=ListenAddress("127.0.0.1", 8080), description="Where the pages and the API are."
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses of load balancers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, "
        "separated by commas; `*` for all.",
    )
    max_message_size: int = Field(
        default=25 * 1024 * 1024,
        gt=0,
        description="Bytes; larger messages by API or form get 413. As for ingest.",
    )
