"""A way to a server that breaks where a test says."""

import socket
import threading
import time
from contextlib import suppress


class Proxy:
    """Passes bytes on; each connection is cut when as many bytes have come back as `cuts` says for it.

    From the moment that the bytes `hold_at` go to the server, nothing comes back.
    """

    def __init__(self, port: int, *cuts: int, listen: int = 0) -> None:
        self._target = port
        self._cuts = list(cuts)
        self.connections = 0
        self.hold_at: bytes | None = None
        self.held = threading.Event()
        self._server = socket.create_server(("127.0.0.1", listen))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client = self._server.accept()[0]
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self._target))
                cut = self._cuts.pop(0) if self._cuts else None
                for way in ((client, server, None, False), (server, client, cut, True)):
                    threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, most: int | None, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536 if most is None else min(most, 65536)):
                if self.hold_at is not None and not answers and self.hold_at in data:
                    self.held.set()
                while answers and self.held.is_set():
                    time.sleep(0.01)
                sink.sendall(data)
                if most is not None:
                    most -= len(data)
                    if most <= 0:
                        break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.close()
