"""A real clamd of one's own, in a folder of its own, with signatures of our own."""

import getpass
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from postroom.embedded.process import free_port

PROGRAM = shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
VIRUS = b"POSTROOM-TEST-VIRUS-7f3a91c2 does nothing to anybody\r\n"
"""What the signature finds, anywhere in a file."""
NAME = "Postroom.Test.UNOFFICIAL"
"""As clamd says it: a database without a signature of its makers is unofficial."""

_CONFIGURATION = """
{more}
Foreground yes
User {user}
LocalSocket {folder}/socket
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {folder}/database
TemporaryDirectory {folder}/temporary
LogFile {folder}/log
ExtendedDetectionInfo yes
StreamMaxLength 25M
MaxFileSize 25M
MaxScanSize 100M
MaxFiles 10000
MaxRecursion 16
"""
"""With the limits that Debian ships; of an option that is there twice, clamd takes the first."""


class Clamd:
    """Started by the one who makes it."""

    def __init__(self, folder: Path, more: str = "") -> None:
        assert PROGRAM is not None, "install clamav-daemon"
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes]
        for name in ("database", "temporary"):
            (folder / name).mkdir(parents=True)
        (folder / "database" / "test.ndb").write_text(f"Postroom.Test:0:*:{VIRUS.partition(b' ')[0].hex()}\n")
        (folder / "clamd.conf").write_text(
            _CONFIGURATION.format(folder=folder, user=getpass.getuser(), port=self.port, more=more)
        )
        self.start()

    @property
    def unix(self) -> str:
        return f"unix:{self.folder / 'socket'}"

    @property
    def tcp(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        (self.folder / "socket").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [PROGRAM or "", "--config-file", str(self.folder / "clamd.conf")],
            stdout=(self.folder / "output").open("ab"),
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 20
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "output").read_text())
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.folder / "socket"))
                client.sendall(b"zPING\0")
                return client.recv(5) == b"PONG\0"
        except OSError:
            return False

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(10)
