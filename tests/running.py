"""A whole Postroom, as `postroom up` starts it, on ports that are free."""

import asyncio
import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import nats
import psutil
from nats.aio.client import Client

from chassis.requests import ask, send_command
from contracts.commands import OPERATOR, AddPerson, Command, Done, Refused
from contracts.people import Role
from contracts.queries import GetLedger, Ledger
from postroom.embedded.process import free_port
from postroom.ports import Wanted, taken
from tests import containers
from tests.containers import NatsContainer, PostgresContainer


def _free_row(count: int) -> int:
    """The first of as many free ports in a row."""
    while True:
        first = free_port()
        if not taken(Wanted(f"127.0.0.1:{port}", "", "") for port in range(first, first + count)):
            return first


PASSWORD = "correct horse battery"
TOKEN = "a-token-for-tests-only"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
"""The header by which a program says that it is the one with this token."""


class Postroom:
    """Driven from outside only: SMTP, requests, the data folder, signals."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.environment = environment
        # Six administrative addresses, one a service, come first.
        self._admin_base = _free_row(8)
        self.smtp_port = self._admin_base + 6
        self.http_port = self._admin_base + 7
        self.process: subprocess.Popen[bytes]
        self._postgres: PostgresContainer | None = None
        self._nats: NatsContainer | None = None
        if containers.WANTED:
            self._postgres, self._nats = PostgresContainer(), NatsContainer()
            self._postgres.make_database()

    @property
    def url(self) -> str:
        """Of its pages."""
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")},
            "POSTROOM_SMTP_LISTEN": f"127.0.0.1:{self.smtp_port}",
            "POSTROOM_HTTP": f"127.0.0.1:{self.http_port}",
            "POSTROOM_ADMIN_EMAIL": "admin@example.com",
            "POSTROOM_ADMIN_PASSWORD": PASSWORD,
            "POSTROOM_ADMIN_TOKEN": TOKEN,
            **self.environment,
            **self._servers,
            "POSTROOM_ADMIN_HTTP_BASE": f"127.0.0.1:{self._admin_base}",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "postroom", "up", "--data", str(self.data)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line.decode())
            if line.startswith(b"Ctrl-C"):
                # What it says of restarts is read too: a full pipe would hold up the supervisor.
                threading.Thread(target=deque, args=(self.process.stdout, 0), daemon=True).start()
                self._wait_until_token_works()
                return
        raise AssertionError("".join(said))

    def _wait_until_token_works(self) -> None:
        """Gateway is ready before it has heard from tickets who is on the desk."""
        deadline = time.monotonic() + 60
        while (answer := self._who_am_i()) != 200:
            if time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the token never became known: {answer}")
            time.sleep(0.05)

    def _who_am_i(self) -> int | str:
        try:
            return httpx.get(f"{self.url}/api/v1/me", headers=BEARER, timeout=5).status_code
        except httpx.TransportError as error:
            return repr(error)

    @property
    def _servers(self) -> dict[str, str]:
        """Servers that `postroom up` need not start itself."""
        if self._postgres is None or self._nats is None:
            return {}
        return {"POSTROOM_DATABASE_URL": self._postgres.url(), "POSTROOM_NATS_URL": self._nats.url()}

    def close(self) -> int:
        """Stop, for good."""
        try:
            return self.stop()
        finally:
            for server in (self._postgres, self._nats):
                if server is not None:
                    server.remove()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()

    def kill_everything(self) -> None:
        """`kill -9` of the supervisor and all that it started."""
        family = [
            *psutil.Process(self.process.pid).children(recursive=True),
            psutil.Process(self.process.pid),
        ]
        for member in family:
            member.kill()
        psutil.wait_procs(family, timeout=10)

    def kill(self, word: str) -> None:
        """`kill -9` of a service, of `nats-server`, or of `postgres`."""
        server = {"postgres": self._postgres, "nats-server": self._nats}.get(word)
        if server is None:
            self.child(word).kill()
        else:
            server.kill()

    def restart(self, word: str) -> None:
        """An orderly end of a service or server; whoever watches it starts it again."""
        server = {"postgres": self._postgres, "nats-server": self._nats}.get(word)
        if server is not None:
            server.restart()
        else:
            # PostgreSQL's way to end without waiting for its clients is SIGINT.
            self.child(word).send_signal(signal.SIGINT if word == "postgres" else signal.SIGTERM)

    async def wipe_nats(self) -> None:
        """NATS is killed, and what it had stored is gone."""
        if self._nats is None:
            # Away before the kill: the server is started again at once, and must not find half of it.
            (self.data / "nats" / "jetstream").rename(self.data / "wiped")
            self.child("nats-server").kill()
        else:
            self._nats.wipe()
            await self.migrate()  # the embedded one is watched; of this one its operator takes care

    def child(self, name: str) -> psutil.Process:
        """The process of a service, `nats-server`, or `postgres` itself."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next(child for child in children if _title(child) in {name, f"postroom {name}"})

    @property
    def _known(self) -> dict[str, str]:
        known: dict[str, str] = json.loads((self.data / "embedded.json").read_text())
        return known

    @property
    def database_url(self) -> str:
        if self._postgres is not None:
            return self._postgres.url()
        return f"postgresql://postgres:{self._known['password']}@127.0.0.1:{self._known['postgres_port']}/postroom"

    @property
    def nats_url(self) -> str:
        if self._nats is not None:
            return self._nats.url()
        return f"nats://postroom:{self._known['password']}@127.0.0.1:{self._known['nats_port']}"

    def send(self, *messages: EmailMessage) -> None:
        """Hand letters in, one after the other in one session."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=30) as client:
            for message in messages:
                client.send_message(message)

    async def migrate(self) -> None:
        """`postroom migrate`, as an operator runs it."""
        servers = {"POSTROOM_DATABASE_URL": self.database_url, "POSTROOM_NATS_URL": self.nats_url}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "postroom", "migrate"), env={**os.environ, **servers}
        )
        assert await process.wait() == 0

    async def connect(self) -> Client:
        """A client that does not outlive its connection.

        One that is closed while it connects anew may cancel whoever closes it: both wait for the end of one socket.
        """
        return await nats.connect(self.nats_url, allow_reconnect=False)

    async def ledger(self) -> Ledger:
        async with await self.connect() as client:
            return await ask(client, GetLedger(), Ledger)

    async def command(self, command: Command) -> Done | Refused:
        async with await self.connect() as client:
            return await send_command(client, command)

    async def add_person(self, name: str) -> UUID:
        person_id = uuid4()
        done = await self.command(
            AddPerson(
                command_id=uuid4(),
                actor_id=OPERATOR,
                person_id=person_id,
                email=f"{name.lower()}@example.com",
                name=name,
                role=Role.AGENT,
            )
        )
        assert isinstance(done, Done)
        return person_id

    async def events(self, service: str, kind: str) -> list[dict[str, object]]:
        db = await asyncpg.connect(self.database_url)
        try:
            rows = await db.fetch(
                f"SELECT data::text AS data FROM {service}.event WHERE type = $1 ORDER BY position", kind
            )
        finally:
            await db.close()
        return [json.loads(row["data"]) for row in rows]


def _title(process: psutil.Process) -> str:
    try:
        return Path(process.cmdline()[0]).name
    except (psutil.NoSuchProcess, IndexError):  # it has just ended
        return ""


def letter(number: int, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = headers.pop("sender", f"Kim Customer <kim{number}@customers.example>")
    message["To"] = "support@example.com"
    message["Subject"] = headers.pop("subject", f"Where is order {number}?")
    message["Message-ID"] = f"<letter-{number}@customers.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(f"Hello,\n\nI ordered {number} lamps a week ago. Where are they?\n\nKim\n")
    return message


async def until(check: Callable[[], "object"], seconds: float = 60) -> object:
    """Wait until an async check gives something true; the test fails when it never does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            result = await check()  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - servers are killed meanwhile
            result = None
            last: object = error
        else:
            last = result
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {last!r}")
        import anyio

        await anyio.sleep(0.2)
