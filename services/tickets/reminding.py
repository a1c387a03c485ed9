"""Reminding a customer: an automatic letter, under the same caps as acknowledgements (RFC 3834)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.correspondence import ReminderReleased, ReminderWithheld
from contracts.desk import Ticketbox
from contracts.mail import Address, LetterHead
from mail.answering import may_be_answered
from services.tickets import acknowledging
from services.tickets.desk import Desk
from services.tickets.outgoing import automatic_letter
from services.tickets.ticket import Ticket


def remind(
    ticket: Ticket,
    desk: Desk,
    text: str,
    automation: str,
    reply_id: UUID,
    mail: Sequence[datetime],
    at: datetime,
    now: datetime,
) -> ReminderReleased | ReminderWithheld:
    """Remind the customer, or say why not. `mail` is when automatic mail left for the same person.

    After an outage the letter leaves `now`, later than the moment `at` which it is for.
    """
    to = ticket.reply_address
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    why_not = _why_not(ticket, desk, mail, at)
    if box is None or why_not is not None:
        detail = why_not or "its ticketbox was removed"
        return ReminderWithheld(ticket_id=ticket.ticket_id, recipient=to.address, detail=detail)
    return ReminderReleased(
        ticket_id=ticket.ticket_id,
        reply_id=reply_id,
        automation=automation,
        letter=automatic_letter(
            box,
            ticket.number,
            ticket.subject,
            text,
            reply_id=reply_id,
            secret=desk.secret,
            to=to,
            in_reply_to=ticket.answer_to,
            references=ticket.message_ids,
            at=now,
        ),
    )


def _why_not(ticket: Ticket, desk: Desk, mail: Sequence[datetime], at: datetime) -> str | None:
    # What left after its moment counts as well: after an outage that is what leaves with it.
    written = [letter for letter in ticket.letters.values() if letter.by_person]
    ours = {address for one in desk.every(Ticketbox) for address in one.addresses}
    if not written or not _reaches_a_person(written[-1], ticket.reply_address, ours):
        return "no person wrote this, as far as can be told"
    if ticket.came_back:
        return "the last letter to this address came back"
    if ticket.automatic_at is not None and at - ticket.automatic_at < acknowledging.ONE_EACH:
        return "an automatic letter went there for this ticket within a day"
    return acknowledging.cap_reached(mail, at)


def _reaches_a_person(letter: LetterHead, to: Address, ours: set[str]) -> bool:
    there = letter.model_copy(update={"reply_to": (to,)})
    return may_be_answered(letter, ours) and may_be_answered(there, ours)
