"""Reads the bytes of a message into a letter; it never raises, and keeps what a person could read."""

import email
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256
from html.parser import HTMLParser

from contracts.mail import LOOP_HEADER, Kind
from services.ingest.reading.charsets import decode, sound
from services.ingest.reading.letter import Address, Attachment, Bounce, Feedback, Letter
from services.ingest.reading.repairs import Problem, Repairs

MOST_HEADERS = 100
LONGEST_HEADER = 2000
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\]+")


def read(raw: bytes) -> Letter:
    """Read one message (RFC 5322, 2045 to 2049)."""
    repairs = Repairs()
    if b"\r" in raw and b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
        repairs.note(Problem.LINE_ENDS_MIXED)
    try:
        message = email.message_from_bytes(raw)
        return _letter(message, repairs)
    except Exception:  # noqa: BLE001 - it is accepted, kept and shown as plain text, whatever is the matter with it
        repairs.note(Problem.UNREADABLE)
        text = decode(raw, "utf-8", repairs)
        return _letter(_plain(text), repairs)


def _plain(text: str) -> "Message[str, str]":
    message: Message[str, str] = Message()
    message.set_payload(text.encode(), "utf-8")
    return message


def _letter(message: "Message[str, str]", repairs: Repairs) -> Letter:
    texts, htmls, attachments = _parts(message, repairs)
    html = "\n".join(htmls) or None
    text = "\n".join(texts) if any(part.strip() for part in texts) else html_to_text(html or "")
    bounce = _bounce(message, repairs)
    header = _headers(message, repairs)
    auto_submitted = (_first(header, "auto-submitted") or "").split(";")[0].strip().lower() or None
    return Letter(
        message_id=_message_id(_first(header, "message-id")),
        in_reply_to=_message_id(_first(header, "in-reply-to")),
        references=tuple(dict.fromkeys(_MESSAGE_ID.findall(_first(header, "references") or ""))),
        subject=" ".join((_first(header, "subject") or "").split()),
        date=_date(_first(header, "date")),
        from_=next(iter(_addresses(message, "from", repairs)), None),
        to=_addresses(message, "to", repairs),
        cc=_addresses(message, "cc", repairs),
        reply_to=_addresses(message, "reply-to", repairs),
        text=text,
        reply=new_text(text),
        html=html,
        attachments=tuple(attachments),
        kind=_kind(message, header, auto_submitted, bounce),
        bounce=bounce,
        feedback=Feedback(type="abuse") if _report_type(message) == "feedback-report" else None,
        auto_submitted=auto_submitted,
        precedence=(_first(header, "precedence") or "").strip().lower() or None,
        list_id=_first(header, "list-id"),
        return_path=_first(header, "return-path"),
        headers=header[:MOST_HEADERS],
        problems=repairs.codes(),
    )


def _headers(message: "Message[str, str]", repairs: Repairs) -> tuple[tuple[str, str], ...]:
    return tuple((name, _text(value, repairs)[:LONGEST_HEADER]) for name, value in message.raw_items())


def _first(headers: tuple[tuple[str, str], ...], wanted: str) -> str | None:
    return next((value for name, value in headers if name.lower() == wanted), None)


def _text(value: object, repairs: Repairs) -> str:
    """A header's value as people read it (RFC 2047), raw 8-bit bytes included."""
    unfolded = (
        re.sub(r"[\r\n]+[ \t]?", " ", str(value)) if "\n" in str(value) or "\r" in str(value) else str(value)
    )
    pieces = []
    try:
        decoded = decode_header(unfolded)
    except (MessageError, ValueError):
        repairs.note(Problem.ENCODED_WORD_REPAIRED)
        decoded = [(unfolded, None)]
    for piece, charset in decoded:
        content = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        pieces.append(decode(content, charset or "us-ascii", repairs))
    return sound("".join(pieces)).replace("\x00", "").strip()


def _message_id(text: str | None) -> str | None:
    found = _MESSAGE_ID.search(text or "")
    if found:
        return found.group()
    bare = (text or "").strip().split(" ")[0]
    return f"<{bare.strip('<>')}>" if bare.strip("<>") else None


def _date(text: str | None) -> datetime | None:
    with suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def _addresses(message: "Message[str, str]", name: str, repairs: Repairs) -> tuple[Address, ...]:
    # Addresses are split before their names are decoded: a decoded name may hold a comma or an @.
    values = [re.sub(r"[\r\n]+", " ", str(value)) for value in message.get_all(name, [])]
    people = [
        Address(_text(person, repairs), sound(address).strip())
        for person, address in getaddresses(values[:MOST_HEADERS])
        if "@" in address
    ]
    if not people and (found := _ADDRESS.findall(" ".join(values))):
        repairs.note(Problem.ADDRESS_REPAIRED)
        people = [Address("", sound(address)) for address in found]
    return tuple(people)


def _parts(message: "Message[str, str]", repairs: Repairs) -> tuple[list[str], list[str], list[Attachment]]:
    texts: list[str] = []
    htmls: list[str] = []
    attachments: list[Attachment] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else _whole(part)
        name = _name(part, repairs)
        inline = "attachment" not in str(part.get("content-disposition", "")).lower()
        if inline and name is None and kind in {"text/plain", "text/html"}:
            text = decode(content, part.get_content_charset("us-ascii"), repairs)
            text = sound(text).replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
            (texts if kind == "text/plain" else htmls).append(text)
        elif content:
            cid = str(part.get("content-id", "")).strip().strip("<>")
            attachments.append(
                Attachment(
                    name=name or _default_name(kind),
                    type=kind,
                    size=len(content),
                    sha256=sha256(content).hexdigest(),
                    inline=bool(cid) and inline,
                    content_id=sound(cid).replace("\x00", "") or None,
                    content=content,
                )
            )
    return texts, htmls, attachments


def _leaves(message: "Message[str, str]") -> Iterator["Message[str, str]"]:
    """Parts that hold content; a message inside a message counts as one."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(inner for inner in reversed(payload) if isinstance(inner, Message))
            continue
        yield part


def _whole(part: "Message[str, str]") -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(inner.as_bytes() for inner in payload if isinstance(inner, Message))
    return str(payload).encode("utf-8", "surrogateescape")


def _name(part: "Message[str, str]", repairs: Repairs) -> str | None:
    try:
        given = part.get_filename()
    except (MessageError, ValueError, LookupError):
        return None
    if not given:
        return None
    safe = _UNSAFE_IN_NAMES.sub("_", _text(given, repairs)).strip(". ")
    return safe[:200] or "file"


def _default_name(kind: str) -> str:
    return "message.eml" if kind == "message/rfc822" else f"file.{kind.partition('/')[2].split('.')[-1]}"


def _report_type(message: "Message[str, str]") -> str:
    return (
        str(message.get_param("report-type", "")).lower()
        if message.get_content_type() == "multipart/report"
        else ""
    )


def _bounce(message: "Message[str, str]", repairs: Repairs) -> Bounce | None:
    """What a delivery status notification says (RFC 3464)."""
    if _report_type(message) != "delivery-status":
        return None
    fields: dict[str, str] = {}
    original = None
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(part.get_payload(), list):
            for block in part.get_payload():
                if isinstance(block, Message):
                    fields |= {name.lower(): _text(value, repairs) for name, value in block.raw_items()}
        elif part.get_content_type() in {"message/rfc822", "text/rfc822-headers"}:
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) else email.message_from_string(str(payload))
            original = _message_id(str(inner.get("message-id") or "")) if isinstance(inner, Message) else None
    if fields.get("action", "failed").lower() in {"delivered", "relayed", "expanded"}:
        return None
    status = fields.get("status", "").split(" ")[0] or None
    diagnostic = fields.get("diagnostic-code", "")
    code = re.search(r"\b([45]\d\d)\b", diagnostic)
    return Bounce(
        recipient=fields.get("final-recipient", "").rpartition(";")[2].strip() or None,
        hard=status.startswith("5") if status else None,
        status=status,
        code=code.group(1) if code else None,
        reason=diagnostic or None,
        original_message_id=original,
    )


def _kind(
    message: "Message[str, str]",
    headers: tuple[tuple[str, str], ...],
    auto_submitted: str | None,
    bounce: Bounce | None,
) -> Kind:
    if _first(headers, LOOP_HEADER.lower()):
        return Kind.LOOP
    if bounce:
        return Kind.BOUNCE
    if _report_type(message) == "feedback-report":
        return Kind.FEEDBACK
    if message.get_content_type() == "text/calendar":
        return Kind.CALENDAR
    if auto_submitted == "auto-replied" or _first(headers, "x-autoreply"):
        return Kind.AUTO_REPLY
    return Kind.LIST if _first(headers, "list-id") else Kind.CUSTOMER


_QUOTE_BEGINS = re.compile(
    r"^(?:>|On .{5,200}\bwrote:$|Am .{5,200}\bschrieb .{0,200}:$|Le .{5,200}\ba écrit\s?:$"
    r"|El .{5,200}\bescribió:$|-{2,} ?(?:Original Message|Ursprüngliche Nachricht) ?-{2,}$)"
)


def new_text(text: str) -> str:
    """What the author newly wrote: without a quotation at the end, and without what follows `-- `.

    A quotation with new text below it is left whole: to hide a customer's words is the worst mistake.
    """
    lines = text.rstrip().split("\n")
    if "-- " in lines and lines.index("-- ") > 0:
        lines = lines[: lines.index("-- ")]
    begin = next((number for number, line in enumerate(lines) if _QUOTE_BEGINS.match(line.strip())), None)
    if begin is not None and begin > 0:
        below = [line for line in lines[begin + 1 :] if line.strip() and not line.lstrip().startswith(">")]
        if not below or (
            not lines[begin].lstrip().startswith(">")
            and not any(line.lstrip().startswith(">") for line in lines[begin + 1 :])
        ):
            lines = lines[:begin]
    return "\n".join(lines).strip()


class _Text(HTMLParser):
    """Collects what a browser would show."""

    _BLOCKS = frozenset(
        {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "hr", "pre"}
    )
    _HIDDEN = frozenset({"script", "style", "head", "title", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._HIDDEN:
            self._hidden += 1
        elif tag in self._BLOCKS:
            self.pieces.append("\n")
        elif tag == "img" and (alt := dict(attrs).get("alt")):
            self.pieces.append(alt)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in self._BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))


def html_to_text(html: str) -> str:
    """The text that a reader of the HTML would see, a line a block."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [line.strip() for line in "".join(parser.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
