"""All services on one machine, forked from one process: what they import is read once, and in memory once.

Each is a process of its own, as elsewhere. One that ends is started again after a moment.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from setproctitle import setproctitle

from chassis.backoff import growing
from contracts.services import SERVICES
from postroom.embedded.process import die_with_parent

LOOK_SECONDS = 0.1
END_SECONDS = 11
"""A service ends itself within ten."""


def command(logs: Path, addresses: Mapping[str, str]) -> list[str]:
    """What runs all services; for each, where its health is served."""
    return [sys.executable, "-m", __name__, str(logs), *(addresses[name] for name in SERVICES)]


def main(arguments: Sequence[str]) -> None:
    """Import, fork, watch. In each child this goes on as the service."""
    apps = {name: import_module(f"services.{name}.app") for name in SERVICES}
    gc.collect()
    gc.freeze()  # looking at what all share would copy it
    logs, *addresses = arguments
    mine = Family(Path(logs), dict(zip(SERVICES, addresses, strict=True))).keep_running()
    if mine is not None:
        apps[mine].main()


class Family:
    """The services as children of this process."""

    def __init__(self, logs: Path, addresses: Mapping[str, str]) -> None:
        self._logs = logs
        self._addresses = addresses
        self._waits = {name: growing(most=5) for name in addresses}
        self._due = dict.fromkeys(addresses, 0.0)
        self._running: dict[int, str] = {}
        self._told_to_stop = False

    def keep_running(self) -> str | None:
        """Start each and start it again, until told to stop; then end them all.

        Returns its name in a child, which has just been forked, and None in the parent, in the end.
        """
        signal.signal(signal.SIGTERM, self._stop)
        setproctitle("postroom services")
        while not self._told_to_stop:
            now = time.monotonic()
            for name in [name for name, moment in self._due.items() if moment <= now]:
                if self._is_child(name):
                    return name
            for name, status in self._ended():
                log = self._logs / f"{name}.log"
                print(f"{name} ended with status {status} and is started again; its log is {log}", flush=True)
                self._due[name] = now + next(self._waits[name])
            time.sleep(LOOK_SECONDS)
        self._end()
        return None

    def _stop(self, *_: object) -> None:
        self._told_to_stop = True

    def _is_child(self, name: str) -> bool:
        del self._due[name]
        die = die_with_parent(signal.SIGTERM)
        pid = os.fork()
        if pid != 0:
            self._running[pid] = name
            return False
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if die is not None:
            die()
        with (self._logs / f"{name}.log").open("ab") as log:
            for output in (1, 2):
                os.dup2(log.fileno(), output)
        os.environ["POSTROOM_ADMIN_HTTP"] = self._addresses[name]
        setproctitle(f"postroom {name}")
        return True

    def _ended(self) -> list[tuple[str, int]]:
        """Names and exit codes of those that have ended."""
        ended = []
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended.append((self._running.pop(pid), os.waitstatus_to_exitcode(status)))
        return ended

    def _end(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        while self._running and time.monotonic() < deadline:
            self._ended()
            time.sleep(LOOK_SECONDS)
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
