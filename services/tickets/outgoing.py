"""Letters that leave: what every one of them has, and those that a machine writes (RFC 3834)."""

from datetime import datetime
from uuid import UUID

from contracts.correspondence import OutgoingLetter
from contracts.desk import Ticketbox
from contracts.mail import Address
from services.tickets.reply_address import reply_to
from services.tickets.threading import with_number


def message_id(reply_id: UUID, sender: str) -> str:
    """The Message-ID of an answer, by which what comes back names it."""
    return f"<{reply_id}@{sender.rpartition('@')[2]}>"


def automatic_letter(
    box: Ticketbox,
    number: int,
    subject: str,
    text: str,
    *,
    reply_id: UUID,
    secret: bytes,
    to: Address,
    in_reply_to: str | None,
    references: tuple[str, ...],
    at: datetime,
) -> OutgoingLetter:
    """A letter of a ticketbox about a ticket, whose `number` and `subject` may stand in braces in the text.

    `secret` signs the reply address.
    """
    sender = box.addresses[0]
    return OutgoingLetter(
        internet_message_id=message_id(reply_id, sender),
        in_reply_to=in_reply_to,
        references=references,
        date=at,
        from_=Address(name=box.name, address=sender),
        reply_to=reply_to(box, number, secret),
        to=(to,),
        subject=with_number(subject, number),
        text=text.replace("{number}", str(number)).replace("{subject}", subject),
        automatic=True,
    )
