"""`decide`: one function a command. Same ticket, same command, same time: same events."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.commands import AddNote, AssignTicket, ReopenTicket, RetryReply, SolveTicket, SubmitReply
from contracts.mail import Address
from contracts.tickets import (
    NoteAdded,
    OutgoingLetter,
    ReplyReleased,
    ReplySubmitted,
    State,
    TicketAssigned,
    TicketReopened,
    TicketSolved,
)
from services.tickets.refusals import AlreadyThere, NotFailed, UnknownThing, UnseenMessages
from services.tickets.ticket import ReplyState, Ticket, TicketEvent

TicketCommand = SubmitReply | RetryReply | AddNote | AssignTicket | SolveTicket | ReopenTicket


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an answer comes from: the ticketbox, and the person whose name is shown."""

    ticketbox: str
    address: str
    person: str


def decide(command: TicketCommand, ticket: Ticket, sender: Sender, now: datetime) -> list[TicketEvent]:
    """What happens because of a command.

    Raises:
        Refusal: nothing happens, and why.
    """
    match command:
        case SubmitReply():
            return submit_reply(command, ticket, sender, now)
        case RetryReply():
            return retry_reply(command, ticket)
        case AddNote():
            return add_note(command, ticket)
        case AssignTicket():
            return assign(command, ticket)
        case SolveTicket():
            return solve(command, ticket)
        case ReopenTicket():
            return reopen(command, ticket)
        case _:
            assert_never(command)


def submit_reply(command: SubmitReply, ticket: Ticket, sender: Sender, now: datetime) -> list[TicketEvent]:
    """Accept an agent's answer and let it leave.

    Raises:
        UnseenMessages: the customer wrote after the version that the agent saw.
    """
    if ticket.last_letter_version > command.seen_version:
        raise UnseenMessages(command.seen_version, ticket.version)
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
        letter=_letter(command, ticket, sender, now),
    )
    events: list[TicketEvent] = [submitted, released]
    if ticket.assignee_id is None:
        events.append(_assigned(ticket, command.actor_id, command.actor_id))
    if command.solve and ticket.state is not State.SOLVED:
        events.append(TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id))
    return events


def _letter(command: SubmitReply, ticket: Ticket, sender: Sender, now: datetime) -> OutgoingLetter:
    domain = sender.address.rpartition("@")[2]
    return OutgoingLetter(
        internet_message_id=f"<{command.reply_id}@{domain}>",
        in_reply_to=ticket.answer_to,
        references=ticket.message_ids,
        date=now,
        from_=Address(name=f"{sender.person} ({sender.ticketbox})", address=sender.address),
        to=(ticket.reply_address,),
        subject=reply_subject(ticket.subject),
        text=command.text,
        quote=command.quote,
    )


def reply_subject(subject: str) -> str:
    """`Re: ` once, whatever the customer's program already put there."""
    plain = subject.strip()
    while plain[:3].lower() in {"re:", "aw:", "sv:"}:
        plain = plain[3:].strip()
    return f"Re: {plain}" if plain else "Re: your message"


def retry_reply(command: RetryReply, ticket: Ticket) -> list[TicketEvent]:
    """Release the same letter once more.

    Raises:
        UnknownThing, NotFailed.
    """
    reply = ticket.replies.get(command.reply_id)
    if reply is None:
        raise UnknownThing("There is no such answer on this ticket.", reply_id=command.reply_id)
    if reply.state not in {ReplyState.FAILED, ReplyState.UNCERTAIN, ReplyState.BOUNCED}:
        raise NotFailed(command.reply_id)
    return [
        ReplyReleased(
            ticket_id=ticket.ticket_id,
            reply_id=command.reply_id,
            author_id=reply.author_id,
            letter=reply.letter,
            attempt=reply.attempt + 1,
        )
    ]


def add_note(command: AddNote, ticket: Ticket) -> list[TicketEvent]:
    """Keep what colleagues write among themselves."""
    return [
        NoteAdded(
            ticket_id=ticket.ticket_id, note_id=command.note_id, author_id=command.actor_id, text=command.text
        )
    ]


def assign(command: AssignTicket, ticket: Ticket) -> list[TicketEvent]:
    """Give the ticket an owner, or give it back; nothing happens if it is so already."""
    if ticket.assignee_id == command.agent_id:
        return []
    return [_assigned(ticket, command.agent_id, command.actor_id)]


def _assigned(ticket: Ticket, agent_id: UUID | None, assigned_by: UUID) -> TicketAssigned:
    return TicketAssigned(
        ticket_id=ticket.ticket_id, agent_id=agent_id, method="person", assigned_by=assigned_by
    )


def solve(command: SolveTicket, ticket: Ticket) -> list[TicketEvent]:
    """The matter is settled.

    Raises:
        UnseenMessages: the customer wrote after the version that the person saw.
    """
    if command.seen_version is not None and ticket.last_letter_version > command.seen_version:
        raise UnseenMessages(command.seen_version, ticket.version)
    if ticket.state is State.SOLVED:
        return []
    return [TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id)]


def reopen(command: ReopenTicket, ticket: Ticket) -> list[TicketEvent]:
    """The matter is not settled after all.

    Raises:
        AlreadyThere: it is open.
    """
    if ticket.state is State.OPEN:
        raise AlreadyThere("This ticket is open already.")
    return [TicketReopened(ticket_id=ticket.ticket_id, reopened_by=command.actor_id)]
