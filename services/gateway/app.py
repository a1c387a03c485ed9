"""The shell of gateway: the read model is kept, pages and API are served, open pages hear what is new."""

import asyncio
from functools import partial

from chassis.admin import serve
from chassis.service import Service, run
from services.gateway.desk import presence
from services.gateway.gateway import Gateway
from services.gateway.live import Feed
from services.gateway.privacy import erasing
from services.gateway.read_model.inbox import INBOX
from services.gateway.settings import GatewaySettings
from services.gateway.watch import Watch
from services.gateway.web import application


async def serve_http(gateway: Gateway, serving: asyncio.Event) -> None:
    """Serve pages and API until the service stops."""
    service, settings = gateway.service, gateway.service.settings
    app = application(gateway)
    async with serve(app, settings.http, "POSTROOM_HTTP", trusted_proxies=settings.trusted_proxies):
        serving.set()
        await service.stopping.wait()


async def set_up(service: Service[GatewaySettings]) -> None:
    """Say what this service does."""
    feed, serving = Feed(service), asyncio.Event()
    watch = Watch(service, feed)
    gateway = Gateway(service, feed, watch)

    async def not_serving() -> str | None:
        return None if serving.is_set() else f"{service.settings.http} is not served yet"

    service.project(INBOX)
    service.erase(erasing.erase, (*INBOX.tables, "draft"))
    service.background("live feed", feed.run)
    service.background("watch", watch.run)
    service.background("presence", partial(presence.watch, gateway))
    service.background("HTTP", partial(serve_http, gateway, serving))
    service.ready_when(not_serving)


def main() -> None:
    """`postroom gateway`."""
    run("gateway", GatewaySettings, set_up)
