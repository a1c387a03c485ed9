"""A way to a server that breaks where a test says."""

import socket
import threading
from contextlib import suppress


class Proxy:
    """Passes bytes on; each connection is cut when as many bytes have come back as `cuts` says for it."""

    def __init__(self, port: int, *cuts: int, listen: int = 0) -> None:
        self._target = port
        self._cuts = list(cuts)
        self.connections = 0
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
                for source, sink, most in ((client, server, None), (server, client, cut)):
                    threading.Thread(target=self._pass_on, args=(source, sink, most), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket, most: int | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536 if most is None else min(most, 65536)):
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
