"""Runs everything on one machine: the embedded servers first, then the services, watched."""

import asyncio
import fcntl
import json
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypedDict
from urllib.request import urlopen

from chassis.backoff import growing
from contracts.services import SERVICES
from postroom import ports
from postroom.embedded import process, services
from postroom.embedded.nats import Nats
from postroom.embedded.postgres import CannotStart, Postgres
from postroom.where import Embedded, embedded

READY_SECONDS = 60
HTTP, SMTP = "127.0.0.1:8080", "127.0.0.1:2525"


class CannotRun(Exception):
    """Told to the person who typed the command."""


def say(words: str) -> None:
    """A line for the person at the terminal."""
    print(words, flush=True)


async def run(data: Path) -> None:
    """Start everything, say where it is, and stop it in order when told to.

    Raises:
        CannotRun: another one runs, a port is taken, or something does not start.
    """
    data.mkdir(parents=True, exist_ok=True)
    with _only_one(data):
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        async with AsyncExitStack() as stack:
            try:
                await _run(data, stack, stopping)
            except CannotStart as error:
                raise CannotRun(str(error)) from error


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRun(f"Postroom runs on {data} already (process {lock.read().strip()}).") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


async def _run(data: Path, stack: AsyncExitStack, stopping: asyncio.Event) -> None:
    logs = data / "log"
    logs.mkdir(exist_ok=True)
    known = await _known(data)
    environment = dict(os.environ)
    addresses = _admin_addresses()
    if problems := ports.taken(_wanted(environment, addresses)):
        raise CannotRun("\n".join(problems))
    if "POSTROOM_DATABASE_URL" not in environment:
        postgres = Postgres(
            data / "postgres", known["postgres_port"], known["password"], logs / "postgres.log"
        )
        stack.push_async_callback(postgres.stop)
        await postgres.start()
        say("PostgreSQL ... ready")
        environment["POSTROOM_DATABASE_URL"] = postgres.url()
        _watch(stack, postgres, "PostgreSQL", _nothing)
    if "POSTROOM_NATS_URL" not in environment:
        nats = Nats(data / "nats", known["nats_port"], known["password"], logs / "nats.log")
        stack.push_async_callback(nats.stop)
        await nats.start()
        say("NATS ......... ready")
        environment["POSTROOM_NATS_URL"] = nats.url()
        # Its storage may be gone: streams and consumers are made again, and the relays fill them from the logs.
        _watch(stack, nats, "NATS", partial(_migrate, environment))
    account = (await _migrate(environment))["first_administrator"]
    environment["POSTROOM_DATA"] = str(data.resolve())
    # To be tried at once; elsewhere strangers are let in by choice.
    environment.setdefault("POSTROOM_FORMS", "*")
    running = asyncio.create_task(_keep_running(services.command(logs, addresses), environment))
    stack.push_async_callback(_end, running)
    if await _ready(addresses, logs, stopping):
        _say_where(data, environment, account)
        await stopping.wait()
    say("Stopping ...")


async def _nothing() -> None:
    """PostgreSQL keeps what it has: nothing is to be made again."""


def _watch(
    stack: AsyncExitStack, server: Postgres | Nats, name: str, afterwards: Callable[[], Awaitable[object]]
) -> None:
    """Start a server again whenever it ends by itself."""

    async def watch() -> None:
        waits = growing(most=5)
        while server.process is not None:
            status = await server.process.wait()
            say(f"{name} ended with status {status} and is started again; its log is {server.log}")
            while True:
                try:
                    await server.start()
                    await afterwards()
                except (CannotStart, CannotRun, OSError) as error:
                    say(f"{name}: {error!r}")
                    await asyncio.sleep(next(waits))
                else:
                    break

    task = asyncio.create_task(watch())
    stack.push_async_callback(_end, task)


async def _known(data: Path) -> Embedded:
    """Ports and a password of the embedded servers, made once; a port that someone else has taken since is changed."""
    path = data / "embedded.json"
    known: Embedded = (
        embedded(data)
        if path.exists()
        else {
            "postgres_port": process.free_port(),
            "nats_port": process.free_port(),
            "password": secrets.token_hex(16),
        }
    )
    for name in ("postgres_port", "nats_port"):
        for _ in range(25):  # servers of a run that was killed a moment ago are about to end
            if not ports.taken([ports.Wanted(f"127.0.0.1:{known[name]}", name, "")]):
                break
            await asyncio.sleep(0.2)
        else:
            known[name] = process.free_port()
    path.touch(mode=0o600)
    path.write_text(json.dumps(known))
    return known


def _wanted(environment: dict[str, str], addresses: dict[str, str]) -> list[ports.Wanted]:
    """What the services will listen on. The embedded servers choose free ports by themselves, once."""
    return [
        ports.Wanted(environment.get("POSTROOM_HTTP", HTTP), "the pages and the API", "POSTROOM_HTTP"),
        ports.Wanted(environment.get("POSTROOM_SMTP_LISTEN", SMTP), "incoming mail", "POSTROOM_SMTP_LISTEN"),
        *(
            ports.Wanted(address, f"the health and metrics of {name}", "POSTROOM_ADMIN_HTTP_BASE")
            for name, address in addresses.items()
        ),
    ]


def _admin_addresses() -> dict[str, str]:
    host, _, port = os.environ.get("POSTROOM_ADMIN_HTTP_BASE", "127.0.0.1:8090").rpartition(":")
    return {name: f"{host}:{int(port) + number}" for number, name in enumerate(SERVICES)}


async def _keep_running(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """The services, whose parent starts each again that dies. When the parent dies they do, and all start again."""
    waits = growing(most=5)
    while True:
        child = await process.start(command, log=None, env=environment)
        try:
            status = await child.wait()
        except asyncio.CancelledError:
            await process.stop(child, signal.SIGTERM, services.END_SECONDS + 1)
            raise
        say(f"The services ended with status {status} and are started again")
        await asyncio.sleep(next(waits))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _ready(addresses: dict[str, str], logs: Path, stopping: asyncio.Event) -> bool:
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    for name in SERVICES:
        while not await asyncio.to_thread(_is_ready, addresses[name]):
            if stopping.is_set():
                return False
            if asyncio.get_running_loop().time() > deadline:
                raise CannotRun(f"{name} does not get ready; its log is {logs / name}.log")
            await asyncio.sleep(0.2)
        say(f"{name} {'.' * (13 - len(name))} ready")
    return True


def _is_ready(address: str) -> bool:
    try:
        with urlopen(f"http://{address}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Account(TypedDict):
    """How the first administrator signs in."""

    email: str
    password: str
    token: str


class Migrated(TypedDict):
    """What `postroom migrate --json` says, as far as it matters here."""

    first_administrator: Account | None


async def _migrate(environment: Mapping[str, str]) -> Migrated:
    """Run `postroom migrate` in a process of its own: what it imports would stay in ours for good.

    Raises:
        CannotRun: with its own words.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "postroom", "migrate", "--json"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, error = await child.communicate()
    if child.returncode:
        raise CannotRun(error.decode().strip())
    migrated: Migrated = json.loads(said)
    return migrated


def _say_where(data: Path, environment: dict[str, str], account: Account | None) -> None:
    http = environment.get("POSTROOM_HTTP", HTTP)
    relay = environment.get("POSTROOM_RELAY_URL")
    say("")
    say(f"Open               http://{http}")
    if account is None:
        say("Sign in            as before; add people with: postroom user add EMAIL --role ROLE")
    else:
        say(f"Sign in            {account['email']}  {account['password']}   (shown only now)")
        say(f"API token          {account['token']}   (shown only now)")
    say(f"Mail comes in at   smtp://{environment.get('POSTROOM_SMTP_LISTEN', SMTP)}")
    say(f"Mail goes out to   {'the relay' if relay else data.resolve() / 'outgoing'}")
    say(f"Everything is in   {data.resolve()}")
    say("Ctrl-C stops it.")
