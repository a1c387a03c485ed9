"""Settings of gateway."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from chassis.settings import Listen, ListenAddress, ServiceSettings

_SITE = re.compile(
    r"'self'|https?://(?:\*\.)?[A-Za-z0-9.-]+(?::(?:[0-9]{1,5}|\*))?|https?://\[[0-9A-Fa-f:]+\](?::[0-9]{1,5})?"
)


def _listed(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _sites(sites: tuple[str, ...]) -> tuple[str, ...]:
    for site in sites:
        if _SITE.fullmatch(site) is None:
            raise ValueError(f"{site!r} is not a site such as https://www.example.com")
    return sites


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


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
    forms: Listed = Field(
        default=(),
        description="Addresses of the ticketboxes that have a web form, separated by commas; `*` for all. "
        "`postroom up` begins with `*`.",
    )
    form_ancestors: Annotated[Listed, AfterValidator(_sites)] = Field(
        default=(),
        description="Sites that may embed forms, such as `https://www.example.com`, separated by commas; unset: "
        "forms can be linked to, and not embedded.",
    )
