"""Words for mail that several events share (RFC 5322)."""

from collections.abc import Collection
from enum import StrEnum
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from contracts.model import Instant, Model, Personal, Text, Words

LOOP_HEADER = "X-Postroom-Loop"
"""Every message of ours carries it with the domain that sent it, so that what comes back is recognised."""

LONGEST_ADDRESS = 600
"""Characters. RFC 5321 §4.5.3.1 needs 320; an index of PostgreSQL takes 2,700 bytes."""


class Address(Model):
    """A mailbox (RFC 5322 §3.4). `name` is empty where the sender gave none."""

    name: Text = ""
    address: Text


def without_detail(address: str) -> str:
    """`box+token@example.com` → `box@example.com` (RFC 5233): mail for it belongs to the same ticketbox."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


class Kind(StrEnum):
    """What sort of mail it is; `customer` covers everything that a person should read."""

    CUSTOMER = "customer"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    LOOP = "loop"
    LIST = "list"
    FEEDBACK = "feedback"
    CALENDAR = "calendar"


class Attachment(Model):
    """A file of a message; its bytes are fetched from ingest by `sha256`."""

    name: Words
    type: Text
    size: int
    sha256: Annotated[str, Personal("")]
    inline: bool = False
    content_id: Annotated[Text | None, Personal(None)] = None


class Bounce(Model):
    """What a bounce says (RFC 3464). `hard` is None where it does not say."""

    recipient: Annotated[Text | None, Personal(None)] = None
    hard: bool | None = None
    status: Text | None = None
    code: Text | None = None
    reason: Annotated[Text | None, Personal(None)] = None
    original_message_id: Text | None = None
    delayed: bool = False
    """The server has not given up yet."""


class SmtpEnvelope(Model):
    """How a message reached us (RFC 5321)."""

    client_address: Annotated[Text, Personal("")]
    """Empty: a program on this machine, by a Unix socket."""
    proxy: Text | None = None
    """The load balancer that said whose connection it passes on; None: the client came by itself."""
    helo: Annotated[Text, Personal("")] = ""
    tls: Text | None = None
    """Version, and by SMTP the cipher too."""
    mail_from: Annotated[Text, Personal("")] = ""
    recipients: tuple[Text, ...]


class AuthenticationResult(Model):
    """One result of one method (RFC 8601 §2.2)."""

    method: Text
    """`spf`, `dkim`, `dmarc` or `arc`."""
    result: Text
    """`pass`, `fail`, `none`, `temperror` and so on, as the method's RFC has it."""
    domain: Annotated[Text | None, Personal(None)] = None
    """Whose word it is: of the envelope's sender, the signature, or the author."""
    detail: Annotated[Text, Personal("")] = ""


class Authentication(Model):
    """Whether the sender is who he says he is, and who found that out."""

    by: Text
    """`postroom`, or the authserv-id of the upstream whose results are trusted."""
    results: tuple[AuthenticationResult, ...] = ()


class ScanVerdict(StrEnum):
    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"


class Scan(Model):
    """What the virus scanner said of a message."""

    verdict: ScanVerdict
    scanner: Text
    """Its name and version, as it says itself; `postroom` where an archive was not let through to it."""
    finding: Text | None = None
    """The name of what was found, or why it could not be scanned."""
    scanned_at: Instant


class LetterHead(Model):
    """What threading, people and reports need to know of a message without its body."""

    message_id: UUID
    """Ours, given at intake. What the sender wrote is `internet_message_id`."""
    internet_message_id: Annotated[Text | None, Personal(None)]
    in_reply_to: Annotated[Text | None, Personal(None)] = None
    references: Annotated[tuple[Text, ...], Personal(())] = ()
    subject: Words = ""
    sent_at: Instant | None = None
    received_at: Instant
    from_: Annotated[Address | None, Personal()]
    to: Annotated[tuple[Address, ...], Personal(())] = ()
    cc: Annotated[tuple[Address, ...], Personal(())] = ()
    reply_to: Annotated[tuple[Address, ...], Personal(())] = ()
    recipients: tuple[Text, ...] = ()
    """The addresses of ours that it was sent to, by the envelope."""
    kind: Kind = Kind.CUSTOMER
    automatic: bool = False
    """Sent by a machine, as far as its headers say (RFC 3834): never answered automatically."""
    bounce: Bounce | None = None
    excerpt: Annotated[Text, Personal("")] = ""
    """The first 200 characters of what its author newly wrote."""
    attachments: int = 0

    @property
    def answers_go_to(self) -> Address | None:
        """Where its author wants answers (RFC 5322 §3.6.2)."""
        return self.reply_to[0] if self.reply_to else self.from_

    @property
    def by_person(self) -> bool:
        """Whether a person wrote it."""
        return not self.automatic and self.kind is not Kind.BOUNCE


def last_written(letters: Collection[LetterHead]) -> LetterHead | None:
    """The letter that an answer answers: the last that a person wrote, or else the first of a machine."""
    by_people = [letter for letter in letters if letter.by_person]
    # Of the same moment it is the later one.
    return max(reversed(by_people), key=attrgetter("received_at"), default=next(iter(letters), None))
