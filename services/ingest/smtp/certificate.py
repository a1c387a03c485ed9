"""The server's certificate, read again when its files change."""

import os
import ssl
from pathlib import Path

from chassis.logging import get_logger

logger = get_logger(__name__)


class WrongCertificate(ValueError):
    """The files cannot be used; the words say why."""


class Certificate:
    """Whoever renews it, cert-manager or certbot, replaces the files; nobody needs to restart us."""

    def __init__(self, certificate: Path, key: Path | None = None) -> None:
        """Read the files; without `key` it is in the same file.

        Raises:
            WrongCertificate.
        """
        self._certificate = certificate
        self._key = key or certificate
        self._state = self._look()
        self._context = self._read()

    def context(self) -> ssl.SSLContext:
        """For the next handshake. New files that cannot be used (yet) change nothing."""
        try:
            state = self._look()
            if state != self._state:
                self._state, self._context = state, self._read()
                logger.info("certificate read again", certificate=str(self._certificate))
        except WrongCertificate as error:
            logger.warning("certificate not read again", error=str(error))
        return self._context

    def _look(self) -> list[tuple[int, int, int]]:
        try:
            return [
                (found.st_ino, found.st_mtime_ns, found.st_size)
                for found in map(os.stat, (self._certificate, self._key))
            ]
        except OSError as error:
            raise WrongCertificate(str(error)) from error

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._certificate, self._key)
        except OSError as error:  # an SSLError is one
            raise WrongCertificate(f"{self._certificate} with the key {self._key}: {error}") from error
        return context
