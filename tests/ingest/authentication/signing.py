"""Letters, and signatures on them."""

import base64
import subprocess
from collections.abc import Sequence

import dkim
import nacl.encoding
import nacl.signing

LETTER = (
    b"From: Kim Customer <kim@customers.example>\r\n"
    b"To: support@example.com\r\n"
    b"Subject: Where is my lamp?\r\n"
    b"Date: Mon, 02 Mar 2026 12:00:00 +0000\r\n"
    b"Message-ID: <lamp-1@customers.example>\r\n"
    b"\r\n"
    b"Hello,  \r\n\r\nI ordered\ta lamp.\r\n\r\n\r\n"
)


class Signer:
    """A key pair; `record` is what is published."""

    private: bytes
    record: str
    algorithm: bytes

    def sign(
        self,
        raw: bytes = LETTER,
        domain: str = "customers.example",
        *,
        selector: str = "mail",
        canonicalize: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
        length: bool = False,
        algorithm: bytes | None = None,
        headers: Sequence[bytes] | None = None,
    ) -> bytes:
        """The letter with a signature on top."""
        signature: bytes = dkim.DKIM(raw).sign(
            selector.encode(),
            domain.encode(),
            self.private,
            signature_algorithm=algorithm or self.algorithm,
            canonicalize=canonicalize,
            length=length,
            include_headers=headers,
        )
        return signature + raw

    def seal(self, raw: bytes, domain: str, results: bytes, *, selector: str = "arc") -> bytes:
        """The letter with an ARC set on top, as a forwarder adds it; `results` is the first line of its findings."""
        told = b"Authentication-Results: " + domain.encode() + b"; " + results + b"\r\n" + raw
        fields = dkim.arc_sign(told, selector.encode(), domain.encode(), self.private, domain.encode())
        return b"".join(fields) + raw


class Rsa(Signer):
    algorithm = b"rsa-sha256"

    def __init__(self, bits: int) -> None:
        self.private = _openssl("genrsa", "-traditional", str(bits))
        public = _openssl("rsa", "-pubout", "-outform", "DER", told=self.private)
        self.record = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


class Ed25519(Signer):
    algorithm = b"ed25519-sha256"

    def __init__(self) -> None:
        key = nacl.signing.SigningKey.generate()
        self.private = key.encode(nacl.encoding.Base64Encoder)
        self.record = f"v=DKIM1; k=ed25519; p={key.verify_key.encode(nacl.encoding.Base64Encoder).decode()}"


def _openssl(*command: str, told: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *command], input=told, capture_output=True, check=True).stdout
