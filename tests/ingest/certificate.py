"""Certificates that are signed by themselves."""

import ssl
import subprocess
from pathlib import Path


def make_certificate(path: Path, name: str = "IP:127.0.0.1") -> Path:
    """For the name, with its key in the same file."""
    key = path.with_suffix(".key")
    request = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -addext subjectAltName={name}"
    subprocess.run(
        [*request.split(), "-keyout", str(key), "-out", str(path)], check=True, capture_output=True
    )
    path.write_text(path.read_text() + key.read_text())
    return path


def trusting(path: Path) -> ssl.SSLContext:
    """A client that trusts this certificate only."""
    return ssl.create_default_context(cafile=path)
