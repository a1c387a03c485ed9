"""From a letter that was read to the event that says so."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import accumulate
from uuid import UUID

from contracts import ingest
from contracts.ingest import MessageHeld, MessageReceived
from contracts.mail import Address, Attachment, Authentication, Bounce, Kind, LetterHead, Scan, SmtpEnvelope
from services.ingest.examining import Findings
from services.ingest.identity import Identity, identity_of
from services.ingest.reading import Letter
from services.ingest.reading import letter as reading
from services.ingest.scanning.answer import NotScanned

EXCERPT = 200
LONGEST_SUBJECT = 2_000
MOST_PEOPLE = 1_000
MOST_PEOPLE_BYTES = 100_000
"""Of one field's names and addresses."""
MOST_REFERENCES = 500
MOST_ATTACHMENTS = 1_000
"""What an event holds of each; the message as it came holds all of them."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one message leaves behind: the event, and the bytes that it names by sha256."""

    identity: Identity
    received_at: datetime
    event: MessageReceived | MessageHeld
    blobs: dict[str, bytes]
    actor: str = "postroom"
    """The person who handed it in, by id; `postroom`: nobody who is known here."""
    from_source: bool = False
    """A source may show it again, when its ticketbox may be another."""

    @property
    def message_id(self) -> UUID:
        return self.identity.message_id


def accept(
    raw: bytes,
    letter: Letter,
    envelope: SmtpEnvelope,
    *,
    ticketbox_id: UUID,
    source: str,
    received_at: datetime,
    fresh: UUID,
    findings: Findings,
    again: str | None = None,
    actor: str = "postroom",
) -> Accepted:
    """Make the event of a message for one ticketbox: it is received, or held if the virus scanner gave no answer.

    `fresh` and `again` are for a message without a Message-ID, as `identity_of` takes them.
    """
    identity = identity_of(raw, ticketbox_id, envelope.recipients, fresh, again=again)
    if source.startswith("form:"):
        # Its writer is told the beginning of the id as a reference, by which no other letter of the minute is found.
        identity = replace(identity, message_id=identity.untimed or identity.message_id)
    event: MessageReceived | MessageHeld
    if isinstance(findings.scan, NotScanned):
        event = MessageHeld(
            message_id=identity.message_id,
            sha256=_sha256(raw),
            size=len(raw),
            source=source,
            envelope=envelope,
            ticketbox_id=ticketbox_id,
            authentication=findings.authentication,
            reason=findings.scan.reason,
        )
        blobs = {event.sha256: raw}
    else:
        event, blobs = receive(
            identity.message_id,
            raw,
            letter,
            envelope,
            ticketbox_id=ticketbox_id,
            source=source,
            received_at=received_at,
            authentication=findings.authentication,
            scan=findings.scan,
        )
    return Accepted(identity, received_at, event, blobs, actor, from_source=again is not None)


def receive(
    message_id: UUID,
    raw: bytes,
    letter: Letter,
    envelope: SmtpEnvelope,
    *,
    ticketbox_id: UUID | None,
    source: str,
    received_at: datetime,
    authentication: Authentication | None,
    scan: Scan | None,
) -> tuple[MessageReceived, dict[str, bytes]]:
    """What was read in a message. Attachments, HTML and a text beyond 256 kB travel as blobs."""
    blobs = {_sha256(raw): raw}
    text, text_sha256 = letter.text, None
    encoded = letter.text.encode()
    if len(encoded) > ingest.MAX_TEXT:
        text_sha256 = _keep(blobs, encoded)
        text = encoded[: ingest.MAX_TEXT].decode(errors="ignore")
    reply = letter.reply if len(letter.reply.encode()) <= ingest.MAX_TEXT else text
    event = MessageReceived(
        letter=LetterHead(
            message_id=message_id,
            internet_message_id=letter.message_id,
            in_reply_to=letter.in_reply_to,
            references=letter.references[:1] + letter.references[1:][1 - MOST_REFERENCES :],
            subject=letter.subject[:LONGEST_SUBJECT],
            sent_at=letter.date,
            received_at=received_at,
            from_=next(iter(_addresses((letter.from_,))), None) if letter.from_ else None,
            to=_addresses(letter.to),
            cc=_addresses(letter.cc),
            reply_to=_addresses(letter.reply_to),
            recipients=envelope.recipients,
            kind=Kind(letter.kind),
            automatic=letter.automatic or not envelope.mail_from,
            bounce=_bounce(letter.bounce) if letter.bounce else None,
            excerpt=" ".join(letter.reply.split())[:EXCERPT],
            attachments=len(letter.attachments),
        ),
        sha256=_sha256(raw),
        size=len(raw),
        source=source,
        envelope=envelope,
        ticketbox_id=ticketbox_id,
        text=text,
        text_sha256=text_sha256,
        reply=None if reply.strip() == text.strip() else reply,
        html_sha256=_keep(blobs, letter.html.encode()) if letter.html else None,
        attachments=tuple(
            Attachment(
                name=attachment.name,
                type=attachment.type,
                size=attachment.size,
                sha256=_keep(blobs, attachment.content, attachment.sha256),
                inline=attachment.inline,
                content_id=attachment.content_id,
            )
            for attachment in letter.attachments[:MOST_ATTACHMENTS]
        ),
        headers=letter.headers,
        problems=letter.problems,
        authentication=authentication,
        scan=scan,
    )
    return event, blobs


def _sha256(content: bytes) -> str:
    return sha256(content).hexdigest()


def _keep(blobs: dict[str, bytes], content: bytes, digest: str | None = None) -> str:
    digest = digest or _sha256(content)
    blobs[digest] = content
    return digest


def _addresses(people: tuple[reading.Address, ...]) -> tuple[Address, ...]:
    """Those that can be written to, as far as there is room: a name alone is nobody's."""
    sizes = accumulate(len(f"{person.name}{person.address}".encode()) for person in people[:MOST_PEOPLE])
    return tuple(
        Address(name=person.name, address=person.address)
        for person, size in zip(people, sizes, strict=False)
        if person.address and size <= MOST_PEOPLE_BYTES
    )


def _bounce(bounce: reading.Bounce) -> Bounce:
    return Bounce(
        recipient=bounce.recipient,
        hard=bounce.hard,
        status=bounce.status,
        code=bounce.code,
        reason=bounce.reason,
        original_message_id=bounce.original_message_id,
        delayed=bounce.delayed,
    )
