"""What intake makes of one message: plain data, complete before anything is stored."""

from dataclasses import dataclass
from datetime import datetime

from contracts.mail import Kind


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox (RFC 5322 §3.4). `name` is empty where the sender gave none."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message, decoded. `name` is safe to store and to download; `size` is in bytes."""

    name: str
    type: str
    size: int
    sha256: str
    inline: bool
    content_id: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a bounce says (RFC 3464). `hard` is None where it does not say."""

    recipient: str | None = None
    hard: bool | None = None
    status: str | None = None
    code: str | None = None
    reason: str | None = None
    original_message_id: str | None = None
    delayed: bool = False
    """The server has not given up yet."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A report on mail of ours.

    `type` is that of RFC 5965, `disposition` (RFC 8098), `delivered`, `relayed` or `expanded` (RFC 3464), `dmarc` or
    `tls`.
    """

    type: str | None = None
    original_message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as read. No string holds a NUL or a lone surrogate."""

    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    subject: str
    date: datetime | None
    from_: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    text: str
    reply: str
    html: str | None
    attachments: tuple[Attachment, ...]
    kind: Kind
    bounce: Bounce | None
    feedback: Feedback | None
    auto_submitted: str | None
    precedence: str | None
    return_path: str | None
    headers: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    marker: str | None = None
    """The domain in the mark of a Postroom, ours or another's."""
    signed: str | None = None
    """`pgp` or `smime` where it carries a signature. Nobody has looked whether that is valid."""
    encrypted: str | None = None
    """`pgp` or `smime` where a part can be read with a key only."""

    @property
    def automatic(self) -> bool:
        """Whether its headers say that a machine sent it (RFC 3834 §5)."""
        return (
            (self.auto_submitted or "no") != "no"
            or self.precedence in {"bulk", "junk", "auto_reply"}
            or self.kind is not Kind.CUSTOMER
        )
