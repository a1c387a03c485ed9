"""From an outgoing letter to the exact bytes of its message, the same at each call (RFC 5322, RFC 3834)."""

import binascii
import re
from base64 import encodebytes
from dataclasses import dataclass
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from uuid import UUID

from contracts.correspondence import OutgoingLetter, Quote
from contracts.mail import LOOP_HEADER
from contracts.model import is_erased
from mail import headers

MAX_REFERENCES = 20
"""The first and the nineteen last: enough for every reader to find the thread, and no header without end."""

_LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\"'.,;:!?)\]}]")
_QUOTE_STYLE = "margin:0 0 0 0.8ex;border-left:1px solid #ccc;padding-left:1ex"


@dataclass(frozen=True, slots=True)
class Composed:
    """The message of a letter, with its envelope (RFC 5321)."""

    message: bytes
    sender: str
    """Where bounces go; empty for automatic mail, so that nothing bounces back and forth (RFC 3834 §3.3)."""
    to: tuple[str, ...]
    cc: tuple[str, ...]
    smtputf8: bool
    """An address of it cannot be written in ASCII (RFC 6531)."""


def compose(letter: OutgoingLetter, reply_id: UUID) -> Composed:
    """Make the message of a reply.

    Raises:
        headers.Uncomposable: the letter has no recipient, or an address or id that is none.
        headers.HeaderInjection: a value of the letter would start a header of its own.
    """
    sender = headers.addr_spec(letter.from_.address)
    to = tuple(headers.addr_spec(mailbox.address) for mailbox in letter.to)
    if not to:
        raise headers.Uncomposable("The reply has no recipient")
    if any(map(is_erased, to)):
        raise headers.Uncomposable("The recipient's data was erased")
    cc = tuple(spec for mailbox in letter.cc if (spec := headers.addr_spec(mailbox.address)) not in to)
    return Composed(
        message=_head(letter, sender) + _body(letter, reply_id),
        sender="" if letter.automatic else sender,
        to=tuple(dict.fromkeys(to)),
        cc=tuple(dict.fromkeys(cc)),
        smtputf8=not "".join((sender, *to, *cc)).isascii(),
    )


def _head(letter: OutgoingLetter, sender: str) -> bytes:
    own_id = headers.message_id(letter.internet_message_id)
    if own_id is None:
        raise headers.Uncomposable(f"This is no Message-ID: {letter.internet_message_id!r}")
    parent = headers.message_id(letter.in_reply_to or "")
    references = _references(letter, parent)
    return b"".join(
        (
            headers.field("Date", f" {format_datetime(letter.date)}"),
            headers.addresses("From", (letter.from_,)),
            headers.addresses("Reply-To", (letter.reply_to,)) if letter.reply_to else b"",
            headers.addresses("To", letter.to),
            headers.addresses("Cc", letter.cc) if letter.cc else b"",
            headers.unstructured("Subject", letter.subject),
            headers.message_ids("Message-ID", (own_id,)),
            headers.message_ids("In-Reply-To", (parent,)) if parent else b"",
            headers.message_ids("References", references) if references else b"",
            headers.field("Auto-Submitted", " auto-replied") if letter.automatic else b"",
            headers.field(LOOP_HEADER, f" {sender.rpartition('@')[2]}"),
            headers.field("MIME-Version", " 1.0"),
        )
    )


def _references(letter: OutgoingLetter, parent: str | None) -> tuple[str, ...]:
    """What the answer refers to, the parent last (RFC 5322 §3.6.4), without what is no message id."""
    ids = dict.fromkeys(one for value in letter.references if (one := headers.message_id(value)))
    if parent:
        ids.pop(parent, None)
        ids[parent] = None
    known = tuple(ids)
    return known if len(known) <= MAX_REFERENCES else (known[0], *known[1 - MAX_REFERENCES :])


def _body(letter: OutgoingLetter, reply_id: UUID) -> bytes:
    # Neither quoted-printable nor base64 can contain "=_", so no text can end its part.
    boundary = f"=_{sha256(reply_id.bytes).hexdigest()[:32]}"
    delimiter = f"--{boundary}".encode()
    return b"".join(
        (
            headers.field("Content-Type", " multipart/alternative;", f' boundary="{boundary}"'),
            b"\r\n",
            delimiter,
            b"\r\n",
            _part("plain", plain_text(letter)),
            delimiter,
            b"\r\n",
            _part("html", html_text(letter)),
            delimiter,
            b"--\r\n",
        )
    )


def plain_text(letter: OutgoingLetter) -> str:
    """The answer, and below it what it quotes, each line after `> `."""
    text = _lines(letter.text)
    if letter.quote is None:
        return f"{text}\n"
    quoted = "\n".join(f"> {line}" if line else ">" for line in _lines(letter.quote.text).split("\n"))
    return f"{text}\n\n{_attribution(letter.quote)}\n{quoted}\n"


def html_text(letter: OutgoingLetter) -> str:
    """The same in HTML: escaped, with paragraphs, links and the quotation as a block."""
    quote = ""
    if letter.quote is not None:
        quote = (
            f"<p>{escape(_attribution(letter.quote))}</p>\n"
            f'<blockquote type="cite" style="{_QUOTE_STYLE}">\n'
            f"{_paragraphs(letter.quote.text)}</blockquote>\n"
        )
    return (
        '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"></head>\n<body>\n'
        f"{_paragraphs(letter.text)}{quote}</body>\n</html>\n"
    )


def _attribution(quote: Quote) -> str:
    # Every program that folds quotations knows "On …, … wrote:"; the date is one that all languages read.
    author = " ".join(quote.author.split())
    return f"On {quote.sent_at:%Y-%m-%d} at {quote.sent_at:%H:%M} UTC, {author} wrote:"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def _paragraphs(text: str) -> str:
    blocks = re.split(r"\n\s*\n", _lines(text))
    return "".join(f"<p>{_linked(block)}</p>\n" for block in blocks if block.strip())


def _linked(text: str) -> str:
    """`text` escaped, with its line breaks, and its addresses of web pages as links."""
    pieces = []
    end = 0
    for match in _LINK.finditer(text):
        link = escape(match[0])
        pieces += [escape(text[end : match.start()]), f'<a href="{link}">{link}</a>']
        end = match.end()
    return "".join((*pieces, escape(text[end:]))).replace("\n", "<br>\n")


def _part(subtype: str, text: str) -> bytes:
    """A part in UTF-8, in whichever encoding is shorter; its lines end where RFC 2045 wants them to."""
    content = text.replace("\n", "\r\n").encode()
    quoted = binascii.b2a_qp(content, istext=True)
    based = encodebytes(content).replace(b"\n", b"\r\n")
    encoding, body = min(("quoted-printable", quoted), ("base64", based), key=lambda pair: len(pair[1]))
    return b"".join(
        (
            headers.field("Content-Type", f" text/{subtype};", " charset=utf-8"),
            headers.field("Content-Transfer-Encoding", f" {encoding}"),
            b"\r\n",
            body,
            b"\r\n",
        )
    )
