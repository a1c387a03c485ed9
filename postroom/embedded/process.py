"""Server processes that do not outlive the one that started them."""

import asyncio
import ctypes
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TypedDict

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends the child this signal when its parent dies, even of SIGKILL (Linux only)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def set_up() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), number)

    return set_up


async def start(
    command: Sequence[str | Path],
    *,
    log: Path | None,
    last_words: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> asyncio.subprocess.Process:
    """Start a server in a process group of its own: Ctrl-C is for us to pass on.

    Its output is appended to `log`; without one it goes where ours goes.
    """
    with log.open("ab") if log else nullcontext() as output:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            **as_user(user),
            start_new_session=True,
            preexec_fn=die_with_parent(last_words),
        )


async def stop(process: asyncio.subprocess.Process, number: signal.Signals, seconds: float) -> None:
    """Ask a process to end, and end it if it has not after `seconds`."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(number)
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on.

    Below the range from which systems lend ports to outgoing connections (RFC 6335 §6 and Linux's own):
    a server that starts again must not find its port lent out meanwhile.
    """
    while True:
        port = random.randint(10_000, 32_000)  # noqa: S311 - nothing secret about it
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def server_user() -> str | None:
    """Who runs PostgreSQL: ourselves, or a user of its own if we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    name = "postroom-postgres"
    with suppress(KeyError):
        return pwd.getpwnam(name).pw_name
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        subprocess.run(  # noqa: S603 - no shell, nothing of it from outside
            [useradd, "--system", "--no-create-home", "--shell", "/bin/false", name], check=True
        )
        return name
    return "nobody"


class Identity(TypedDict, total=False):
    """Who a child process is, as subprocess takes it."""

    user: str
    group: int
    extra_groups: list[str]


def as_user(user: str | None) -> Identity:
    """Arguments that start a child as another user, with none of our groups; nothing for ourselves."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def let_pass(user: str, path: Path) -> None:
    """Let a user walk through the folders above `path` (not list them), as a root-only home would not."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001 and folder.stat().st_uid != pwd.getpwnam(user).pw_uid:
            folder.chmod(mode | 0o001)
