"""Answers of ours: the letter that leaves, and sending it once more."""

from datetime import datetime
from uuid import UUID

from chassis.commands import UnknownThing
from contracts.commands import RetryReply, SubmitReply
from contracts.correspondence import OutgoingLetter, ReplyReleased, ReplySubmitted
from contracts.desk import Ticketbox
from contracts.mail import Address
from contracts.model import is_erased
from contracts.people import Person
from contracts.ticket_events import TicketEvent
from contracts.tickets import ChosenBy, TicketAssigned, TicketSolved
from services.tickets.describing import require_fields
from services.tickets.desk import Desk
from services.tickets.outgoing import message_id
from services.tickets.refusals import NobodyThere, NotFailed, Outdated
from services.tickets.reply_address import reply_to
from services.tickets.threading import with_number
from services.tickets.ticket import ReplyState, Ticket


def submit_reply(
    command: SubmitReply, ticket: Ticket, desk: Desk, actor: Person, now: datetime
) -> list[TicketEvent]:
    """Accept an agent's answer and let it leave.

    Raises:
        UnknownThing: the ticketbox was removed.
        Outdated: after the version that the agent saw, a letter or an answer came, or the recipient changed.
        NobodyThere: the customer's data was erased.
    """
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    if box is None:
        raise UnknownThing("The ticketbox of this ticket was removed; move the ticket to another one.")
    if max(ticket.last_message_version, ticket.readdressed_version) > command.seen_version:
        raise Outdated(command.seen_version, ticket.version, _who_wrote(ticket, desk, command.actor_id))
    if is_erased(ticket.reply_address.address):
        raise NobodyThere
    submitted = ReplySubmitted(
        ticket_id=ticket.ticket_id,
        reply_id=command.reply_id,
        author_id=command.actor_id,
        text=command.text,
        quote=command.quote,
    )
    released = ReplyReleased(
        ticket_id=ticket.ticket_id,
        reply_id=command.reply_id,
        author_id=command.actor_id,
        letter=_letter(command, ticket, box, desk.secret, actor, now),
    )
    events: list[TicketEvent] = [submitted, released]
    if ticket.assignee_id is None:
        taken = TicketAssigned(
            ticket_id=ticket.ticket_id,
            agent_id=command.actor_id,
            method=ChosenBy.PERSON,
            assigned_by=command.actor_id,
        )
        events.append(taken)
    if command.solve and not ticket.state.done:
        require_fields(ticket, desk)
        events.append(TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id))
    return events


def _who_wrote(ticket: Ticket, desk: Desk, actor_id: UUID) -> str:
    if ticket.readdressed_version > ticket.last_message_version:
        return "The recipient of answers changed"
    if ticket.last_letter_version == ticket.last_message_version or not ticket.replies:
        return "A letter of the customer came"
    *_, last = ticket.replies.values()
    if last.author_id == actor_id:
        return "You answered"
    author = desk.get(Person, last.author_id)
    return f"{author.name if author else 'A colleague'} answered"


def _letter(
    command: SubmitReply, ticket: Ticket, box: Ticketbox, secret: bytes, actor: Person, now: datetime
) -> OutgoingLetter:
    sender = box.addresses[0]
    signature = box.signature.replace("{agent}", actor.name).replace("{ticketbox}", box.name)
    answered_at = reply_to(box, ticket.number, secret)
    return OutgoingLetter(
        internet_message_id=message_id(command.reply_id, sender),
        in_reply_to=ticket.answer_to,
        references=ticket.message_ids,
        date=now,
        from_=Address(name=f"{actor.name} ({box.name})", address=sender),
        reply_to=answered_at,
        to=(ticket.reply_address,),
        subject=reply_subject(ticket.subject, None if answered_at else ticket.number),
        text=f"{command.text}\n\n-- \n{signature}" if signature else command.text,
        quote=command.quote,
    )


def reply_subject(subject: str, number: int | None) -> str:
    """`Re: ` once, whatever the customer's program already put there, and the number of the ticket if there is one."""
    plain = subject.strip()
    while plain[:3].lower() in {"re:", "aw:", "sv:"}:
        plain = plain[3:].strip()
    plain = plain or "your message"
    return f"Re: {with_number(plain, number) if number else plain}"


def retry_reply(command: RetryReply, ticket: Ticket) -> list[TicketEvent]:
    """Release the same letter once more.

    Raises:
        UnknownThing, NotFailed, NobodyThere.
    """
    reply = ticket.replies.get(command.reply_id)
    if reply is None:
        raise UnknownThing("There is no such answer on this ticket.", reply_id=command.reply_id)
    if reply.state not in {ReplyState.FAILED, ReplyState.UNCERTAIN, ReplyState.BOUNCED}:
        raise NotFailed(command.reply_id)
    if any(is_erased(to.address) for to in reply.letter.to):
        raise NobodyThere
    return [
        ReplyReleased(
            ticket_id=ticket.ticket_id,
            reply_id=command.reply_id,
            author_id=reply.author_id,
            letter=reply.letter,
            attempt=reply.attempt + 1,
        )
    ]
