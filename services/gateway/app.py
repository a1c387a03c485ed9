"""The shell of gateway: the read model is kept, pages and API are served, open pages hear what is new."""

from functools import partial

from chassis.admin import serve
from chassis.service import Service, run
from services.gateway.gateway import Gateway
from services.gateway.inbox import INBOX
from services.gateway.live import Feed
from services.gateway.settings import GatewaySettings
from services.gateway.web import application


async def serve_http(service: Service[GatewaySettings], feed: Feed) -> None:
    """Serve pages and API until the service stops."""
    settings = service.settings
    app = application(Gateway(service, feed))
    async with serve(app, settings.http, "POSTROOM_HTTP", trusted_proxies=settings.trusted_proxies):
        await service.stopping.wait()


async def set_up(service: Service[GatewaySettings]) -> None:
    """Say what this service does."""
    feed = Feed(service)
    service.project(INBOX)
    service.background("live feed", feed.run)
    service.background("HTTP", partial(serve_http, service, feed))


def main() -> None:
    """`postroom gateway`."""
    run("gateway", GatewaySettings, set_up)
