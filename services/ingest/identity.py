"""When two copies of a message are one message, however they came."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID, uuid5

from contracts.ids import timed

_SAME_MESSAGE = UUID("c7c1e4e2-2a1d-4f43-9d60-0c8b7f7a6f10")
_WRITTEN_BY_SENDER = (b"message-id", b"from", b"date", b"subject")
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_DATE = re.compile(
    rb"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ("
    + b"|".join(_MONTHS)
    + rb") (\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)"
)
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:((?:.*)(?:\n[ \t].*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Identity:
    """Our id of a message, and how else the same message may be known to us."""

    message_id: UUID
    untimed: UUID | None = None
    """What its id was before ids told the time; None: it never had one."""
    by_address: UUID | None = None
    """What its id would be by the recipients' addresses in place of their ticketbox; None: it is known by nothing.

    Messages that were taken before intake knew ticketboxes have such an id, and a source keeps it for what it takes.
    """

    @property
    def all(self) -> tuple[UUID, ...]:
        """By each of which it may have been taken, its own first."""
        return tuple(one for one in (self.message_id, self.untimed, self.by_address) if one is not None)


def identity_of(
    raw: bytes, ticketbox_id: UUID, recipients: tuple[str, ...], fresh: UUID, *, again: str | None = None
) -> Identity:
    """The same for copies into one ticketbox that differ only in what the way added to them.

    It covers what the sender wrote (Message-ID, From, Date, Subject and the body) and the ticketbox, and is made from
    the bytes alone: how we read mail may change, which message it is may not. It is timed by the Date, where there is
    one as RFC 5322 has it.

    Bytes without a Message-ID may be the same twice and yet be two messages: each gets the `fresh` id. A source that
    may see the very same copy again says so by its name in `again`; then the whole of the bytes is the identity.
    """
    head, body = _halves(raw)
    fields = _fields(head)
    what = _written(fields, body)
    if what is None and again is not None:
        what = f"{again} {sha256(raw).hexdigest()}"
    if what is None:
        return Identity(fresh)
    addresses = " ".join(sorted({recipient.lower() for recipient in recipients}))
    untimed, at = uuid5(_SAME_MESSAGE, f"{what} {ticketbox_id}"), _moment(fields[b"date"])
    return Identity(
        message_id=timed(at, untimed) if at is not None else untimed,
        untimed=untimed,
        by_address=uuid5(_SAME_MESSAGE, f"{what} {addresses}"),
    )


def _moment(date: bytes) -> datetime | None:
    """What a Date says in the usual way of writing it; this decides on ids, and so it may never change."""
    if (found := _DATE.match(date)) is None:
        return None
    day, month, year, hour, minute, second, hours, minutes = found.groups()
    try:
        zone = timezone(timedelta(hours=int(hours), minutes=int(hours[:1] + minutes)))
        minutely = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=zone
        )
        return minutely + timedelta(seconds=int(second))  # there is a 60th second now and then
    except (ValueError, OverflowError):
        return None


def _written(fields: dict[bytes, bytes], body: bytes) -> str | None:
    """A digest of what the sender wrote; None without a Message-ID."""
    if not fields[b"message-id"]:
        return None
    digest = sha256()
    for name in _WRITTEN_BY_SENDER:
        digest.update(name + b":" + fields[name] + b"\n")
    digest.update(b"\n" + body)
    return digest.hexdigest()


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    """Header block and body with bare line feeds; servers differ in line ends and in empty lines at the end."""
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if text.startswith(b"\n"):
        return b"", text.strip(b"\n")
    head, _, body = text.partition(b"\n\n")
    return head, body.rstrip(b"\n")


def _fields(head: bytes) -> dict[bytes, bytes]:
    """The sender's fields as written, folding and blanks evened out; the first of each name counts."""
    found = dict.fromkeys(_WRITTEN_BY_SENDER, b"")
    for name, value in _FIELD.findall(head):
        if found.get(name.lower()) == b"":
            found[name.lower()] = b" ".join(value.split())
    return found
