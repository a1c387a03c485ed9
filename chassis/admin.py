"""The administrative HTTP of a service: `/healthz`, `/readyz` and `/metrics`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.settings import ListenAddress, SocketPath

Probe = Callable[[], Awaitable[str | None]]
"""Says why not, or None."""

PROBE_SECONDS = 3


class AddressTaken(Exception):
    """Something else listens there."""

    def __init__(self, address: ListenAddress | SocketPath, setting: str) -> None:
        super().__init__(f"{address} is taken; choose another with {setting}")


async def reasons(probes: Sequence[Probe]) -> list[str]:
    """Why a service is not ready; a probe that does not answer in time is a reason too."""

    async def ask(probe: Probe) -> str | None:
        try:
            return await asyncio.wait_for(probe(), PROBE_SECONDS)
        except Exception as error:  # noqa: BLE001 - it is told
            return f"{type(error).__name__}: {error}"

    return [reason for reason in await asyncio.gather(*map(ask, probes)) if reason]


@asynccontextmanager
async def admin(
    address: ListenAddress | None, alive: Sequence[Probe], ready: Sequence[Probe]
) -> AsyncIterator[None]:
    """Serve inside this loop, as long as the context lasts.

    Raises:
        AddressTaken: choose another with POSTROOM_ADMIN_HTTP.
    """
    if address is None:
        yield
        return

    async def answer(
        scope: dict[str, Any], _receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        status, kind, body = 404, "text/plain", b"Here are /healthz, /readyz and /metrics.\n"
        if scope["path"] == "/metrics":
            status, kind, body = 200, CONTENT_TYPE_LATEST, generate_latest()
        elif scope["path"] in {"/healthz", "/readyz"}:
            why = await reasons(alive if scope["path"] == "/healthz" else ready)
            status, kind, body = (503 if why else 200), "application/json", orjson.dumps({"reasons": why})
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind.encode())]}
        )
        await send({"type": "http.response.body", "body": body})

    async with serve(answer, address, "POSTROOM_ADMIN_HTTP"):
        yield


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the service's own lifecycle has them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(
    app: Any, address: ListenAddress, setting: str, *, trusted_proxies: str = ""
) -> AsyncIterator[None]:
    """Serve an ASGI application inside this loop; streams that are still open at the end are cut after 2 s.

    Raises:
        AddressTaken: choose another with `setting`.
    """
    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    try:
        listening = config.bind_socket()
    except SystemExit:  # uvicorn's way to say that the address is taken
        raise AddressTaken(address, setting) from None
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
