"""What a routed message does to the conversation that it belongs to."""

from datetime import timedelta
from uuid import UUID

from contracts.correspondence import (
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    ReplyBounced,
)
from contracts.desk import Category, Ticketbox
from contracts.event import Event
from contracts.ids import derived
from contracts.mail import Address, Bounce, Kind, LetterHead
from contracts.notify import ReplyFailed, ReplySent, ReplyUncertain
from contracts.people import Person, Right
from contracts.router import MessageRouted
from contracts.stream_ids import ticket_id_of
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    CategoryAssigned,
    ChosenBy,
    State,
    ThreadedBy,
    TicketAssigned,
    TicketOpened,
    TicketReopened,
)
from services.tickets.desk import Desk
from services.tickets.thanks import only_thanks
from services.tickets.threading import Place
from services.tickets.ticket import Ticket

NOBODY = Address(name="Unknown sender", address="unknown@invalid")
"""A message without a readable sender opens a ticket too; `.invalid` never resolves (RFC 2606)."""


def cause_of(event: Event, event_id: UUID) -> UUID:
    """What is answered once: of a delivery the message itself, which may be delivered again after a failure."""
    return derived(event.letter.message_id, "delivered") if isinstance(event, MessageRouted) else event_id


def begins_anew(letter: LetterHead, ticket: Ticket, box: Ticketbox | None) -> bool:
    """Whether a letter to a ticket that is done opens another one, since it comes too late and is more than thanks."""
    if not ticket.state.done or ticket.done_at is None or letter.automatic or letter.kind is Kind.BOUNCE:
        return False
    days = box.follow_up.reopen_within_days if box else None
    if days is None or (letter.received_at - ticket.done_at) / timedelta(days=1) <= days:
        return False
    return not says_thanks(letter, ticket)


def says_thanks(letter: LetterHead, ticket: Ticket) -> bool:
    """Whether a letter only thanks for what was answered in a ticket; a new subject may say all there is to say."""
    subjects = (
        ticket.subject,
        *(one.subject for one in ticket.letters.values()),
        *(reply.letter.subject for reply in ticket.replies.values()),
    )
    said, known = _words(letter.subject), {_words(subject) for subject in subjects} - {""}
    goes_on = said == "" or any(subject in said for subject in known)
    return goes_on and only_thanks(letter, [reply.letter.from_ for reply in ticket.replies.values()])


def _words(subject: str) -> str:
    return " ".join(subject.casefold().split())


def open_ticket(
    routed: MessageRouted,
    number: int,
    desk: Desk,
    follows: Ticket | None = None,
    passed_over: tuple[ThreadedBy, ...] | None = None,
) -> TicketOpened:
    """A customer's matter begins.

    `follows` is the one that it would have continued, `passed_over` what did not suffice to continue one.
    """
    letter, owner = routed.letter, owner_of(routed, desk)
    return TicketOpened(
        ticket_id=ticket_id_of(letter.message_id),
        number=number,
        ticketbox_id=routed.ticketbox_id,
        ticketbox=routed.ticketbox,
        subject=letter.subject.strip() or "(no subject)",
        contact=letter.from_ or NOBODY,
        priority=routed.priority,
        tags=routed.tags,
        letter=letter,
        follows_id=follows.ticket_id if follows else None,
        passed_over=passed_over,
        assignee_id=owner.id if owner else None,
    )


def owner_of(routed: MessageRouted, desk: Desk) -> Person | None:
    """Whom a rule gives the ticket to; None if it names nobody, or someone who may not answer there any more."""
    owner = desk.get(Person, routed.assignee_id)
    return owner if owner is not None and owner.may(Right.ANSWER, routed.ticketbox_id) else None


def obey_rules(routed: MessageRouted, opened: TicketOpened, desk: Desk) -> list[TicketEvent]:
    """What else the rules want of a ticket that just began. What was removed from the desk meanwhile is left out."""
    events: list[TicketEvent] = []
    if (category := desk.get(Category, routed.category_id)) is not None:
        events.append(CategoryAssigned(ticket_id=opened.ticket_id, category_id=category.id))
    if opened.assignee_id is not None:
        assigned = TicketAssigned(
            ticket_id=opened.ticket_id, agent_id=opened.assignee_id, method=ChosenBy.RULE, assigned_by=None
        )
        events.append(assigned)
    return events


def continue_ticket(routed: MessageRouted, ticket: Ticket, place: Place) -> list[TicketEvent]:
    """A message joins its conversation. Only what a person wrote opens it again, and thanks do not."""
    letter = routed.letter
    delayed = letter.bounce is not None and letter.bounce.delayed
    if letter.kind is Kind.BOUNCE and place.reply_id is not None and not delayed:
        return [
            ReplyBounced(
                ticket_id=ticket.ticket_id,
                reply_id=place.reply_id,
                letter=letter,
                bounce=letter.bounce or Bounce(),
            )
        ]
    if letter.automatic:
        return [
            AutomaticReplyReceived(
                ticket_id=ticket.ticket_id,
                letter=letter,
                threaded_by=place.threaded_by,
                by_way_of=place.by_way_of,
            )
        ]
    thanks = ticket.state.done and says_thanks(letter, ticket)
    events: list[TicketEvent] = [
        CustomerReplied(
            ticket_id=ticket.ticket_id,
            letter=letter,
            threaded_by=place.threaded_by,
            thanks=thanks,
            by_way_of=place.by_way_of,
        )
    ]
    if ticket.state is not State.OPEN and not thanks:
        events.append(TicketReopened(ticket_id=ticket.ticket_id, why="letter"))
    return events


def record_delivery(event: ReplySent | ReplyFailed | ReplyUncertain, ticket: Ticket) -> DeliveryRecorded:
    """What became of an answer, as the conversation keeps it."""
    outcome = {
        ReplySent: DeliveryOutcome.SENT,
        ReplyFailed: DeliveryOutcome.FAILED,
        ReplyUncertain: DeliveryOutcome.UNCERTAIN,
    }[type(event)]
    return DeliveryRecorded(
        ticket_id=event.ticket_id,
        reply_id=event.reply_id,
        outcome=outcome,
        answer=event.answer,
        automatic=event.reply_id not in ticket.replies,
    )
