"""Reads the bytes of a message into a letter; it never raises, and keeps what a person could read."""

from services.ingest.reading.addresses import addresses
from services.ingest.reading.bodies import Bodies, bodies
from services.ingest.reading.charsets import decode
from services.ingest.reading.dates import date
from services.ingest.reading.kind import judge
from services.ingest.reading.letter import Address, Letter
from services.ingest.reading.message_ids import message_id, message_ids
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Problem, Repairs
from services.ingest.reading.reply import new_text
from services.ingest.reading.structure import structure

MOST_HEADERS = 100
LONGEST_HEADER = 2000
LONGEST_TO_JUDGE = 500_000
"""Characters of a text in which a sort of mail, or a quotation, is looked for."""


def read(raw: bytes, mail_from: str | None = None) -> Letter:
    """Read one message (RFC 5322, 2045 to 2049); `mail_from` is the sender of its envelope, where that is known."""
    repairs = Repairs()
    try:
        return _letter(structure(raw, repairs), repairs, mail_from)
    except Exception:  # noqa: BLE001 - it is accepted, kept and shown as plain text, whatever is the matter with it
        repairs.note(Problem.UNREADABLE)
        cut = Part(text=decode(raw[:LONGEST_TO_JUDGE], "utf-8", repairs))
        return _letter(cut, repairs, mail_from)


def _letter(root: Part, repairs: Repairs, mail_from: str | None) -> Letter:
    body = bodies(root, repairs)
    judgement = judge(root, body.text[:LONGEST_TO_JUDGE], mail_from)
    return Letter(
        message_id=message_id(root.first("message-id"), repairs),
        in_reply_to=next(iter(message_ids(root.every("in-reply-to"))), None),
        references=message_ids(root.every("references")),
        subject=root.first("subject") or "",
        date=date(root.first("date"), repairs),
        from_=_author(root, repairs),
        to=addresses(root.undecoded("to"), repairs),
        cc=addresses(root.undecoded("cc"), repairs),
        reply_to=addresses(root.undecoded("reply-to"), repairs),
        text=body.text,
        reply=_newly_written(body),
        html=body.html,
        attachments=body.attachments,
        kind=judgement.kind,
        bounce=judgement.bounce,
        feedback=judgement.feedback,
        auto_submitted=judgement.auto_submitted,
        precedence=(root.first("precedence") or "").lower() or None,
        return_path=root.first("return-path"),
        headers=tuple(
            [(name[:LONGEST_HEADER], value[:LONGEST_HEADER]) for name, value in root.headers[:MOST_HEADERS]]
        ),
        problems=repairs.codes(),
        marker=judgement.marker,
        signed=body.signed,
        encrypted=body.encrypted,
    )


def _author(root: Part, repairs: Repairs) -> Address | None:
    """The first mailbox of From, or where that has no address, of Sender."""
    named = addresses(root.undecoded("from"), repairs)
    if named and named[0].address:
        return named[0]
    repairs.note(Problem.FROM_MISSING if root.first("from") is None else Problem.FROM_INVALID)
    return next(iter((*addresses(root.undecoded("sender"), repairs), *named)), None)


def _newly_written(body: Bodies) -> str:
    """What no person wrote in one go is taken as a whole."""
    if len(body.text) > LONGEST_TO_JUDGE:
        return body.text
    return new_text(body.text, body.html if body.html and len(body.html) <= LONGEST_TO_JUDGE else None)
