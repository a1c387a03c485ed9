"""The shell for letters: routed mail is put into conversations, and so is what became of our answers."""

from collections import deque
from collections.abc import Sequence
from uuid import UUID

from chassis import log, parking
from chassis.consume import Batch, Item
from chassis.database import Connection
from chassis.service import Service
from contracts.correspondence import AcknowledgementReleased
from contracts.desk import Ticketbox
from contracts.event import Event, Meta
from contracts.mail import LetterHead
from contracts.notify import ReplyFailed, ReplySent, ReplyUncertain
from contracts.router import (
    Disposition,
    Distributed,
    MessageDiscarded,
    MessageRouted,
    TicketOverflowed,
    TicketRouted,
    TicketTakenBack,
)
from contracts.stream_ids import message_stream
from contracts.streams import TICKETS_ROUTED
from contracts.tickets import LinkKind, TicketingFailed, TicketLinked, TicketOpened
from mail.answering import may_be_answered
from services.tickets import (
    acknowledging,
    desk_tables,
    distributed,
    intake,
    reply_address,
    threading,
    ticket_tables,
)
from services.tickets.settings import TicketsSettings
from services.tickets.ticket import Ticket
from services.tickets.work import Work


async def take_routed(service: Service[TicketsSettings], batch: Batch, db: Connection) -> None:
    """Put each delivered message into its conversation, and what distribution wants into its ticket."""
    await _forget_parked(batch, db)
    delivered = [item for item in batch if _is_delivered(item.event)]
    causes = {item.event_id: intake.cause_of(item.event, item.event_id) for item in delivered}
    done = await log.answered(db, [*causes, *causes.values()])
    news = []
    for item in delivered:
        if done.isdisjoint({item.event_id, causes[item.event_id]}):
            news.append(item)
            done.add(causes[item.event_id])
    messages = [item.event for item in news if isinstance(item.event, MessageRouted)]
    letters = [message.letter for message in messages]
    work = Work(service.clock(), await desk_tables.read_desk(db))
    numbers = deque(await ticket_tables.new_numbers(db, len(letters)))
    await work.look_up(db, [letter.from_.address for letter in letters if letter.from_])
    tokens = await _find(work, letters, db)
    await work.load(db, {item.event.ticket_id for item in news if isinstance(item.event, Distributed)})
    await work.recall_automatic_mail(db, _acknowledged(work, messages))
    for item in news:
        match item.event:
            case MessageRouted() as routed:
                place = threading.find_place(
                    routed.letter, work.index, tokens, work.tickets, work.others(routed.letter)
                )
                _take_message(
                    work, routed, place, tokens, causes[item.event_id], log.caused_by(item), numbers
                )
            case TicketRouted() | TicketOverflowed() | TicketTakenBack() as wish:
                current = work.tickets[wish.ticket_id]
                if (events := distributed.distribute(wish, current, work.desk)) != []:
                    work.add(current, events, item.event_id, log.caused_by(item))
            case _:
                pass
    await work.save(db)


def _is_delivered(event: Event) -> bool:
    """What is suppressed, quarantined or deleted is in no conversation of ours."""
    return isinstance(event, Distributed) or (
        isinstance(event, MessageRouted) and event.disposition is Disposition.DELIVER
    )


async def _forget_parked(batch: Batch, db: Connection) -> None:
    """Router has decided again about a message, so what is parked of an earlier decision is not to be replayed."""
    again = [
        item.stream_id
        for item in batch
        if isinstance(item.event, MessageRouted | MessageDiscarded) and item.version > 1
    ]
    if again:
        await parking.forget(db, TICKETS_ROUTED.name, again)


async def _find(work: Work, letters: Sequence[LetterHead], db: Connection) -> threading.Tokens:
    """Load every conversation that the letters name in any way, and what may follow those that are done."""
    mentioned = {identity for letter in letters for identity in threading.mentioned(letter)}
    work.index = await ticket_tables.known_messages(db, mentioned)
    secret = work.desk.secret
    signed = {number for letter in letters for number in reply_address.tickets_of(letter, secret)}
    named = {number for letter in letters if (number := threading.number_in_subject(letter.subject))}
    ticket_ids = await ticket_tables.tickets_by_number(db, signed | named)
    await work.load(
        db, {*ticket_ids.values(), *(known.ticket_id for places in work.index.values() for known in places)}
    )
    await work.load_following(db)
    return threading.Tokens(
        signed={number: ticket_ids[number] for number in signed if number in ticket_ids},
        named={number: ticket_ids[number] for number in named if number in ticket_ids},
        secret=secret,
    )


def _acknowledged(work: Work, messages: Sequence[MessageRouted]) -> set[str]:
    """The addresses to which automatic mail may go."""
    return {
        to.address
        for one in messages
        if acknowledging.words(one, work.desk.get(Ticketbox, one.ticketbox_id))
        and (to := one.letter.answers_go_to)
    }


def _take_message(
    work: Work,
    routed: MessageRouted,
    place: threading.Place | None,
    tokens: threading.Tokens,
    cause: UUID,
    meta: Meta,
    numbers: deque[int],
) -> None:
    letter, follows, passed_over = routed.letter, None, None
    if place is None:
        passed_over = threading.passed_over(letter, work.index, tokens, work.tickets)
    else:
        for here in threading.places_from(letter, place, work.tickets, work.others(letter)):
            current = work.tickets[here.ticket_id]
            box = work.desk.get(Ticketbox, current.ticketbox_id)
            if not intake.begins_anew(letter, current, box):
                work.add(current, intake.continue_ticket(routed, current, here), cause, meta)
                return
            follows = current
    opened = intake.open_ticket(routed, numbers.popleft(), work.desk, follows, passed_over)
    work.open(opened, cause, meta)
    if (obeyed := intake.obey_rules(routed, opened, work.desk)) != []:
        work.add(work.tickets[opened.ticket_id], obeyed, cause, meta)
    if follows is not None:
        _link(work, follows, work.tickets[opened.ticket_id], cause, meta)
    _acknowledge(work, routed, opened, cause, meta)


def _link(work: Work, one: Ticket, other: Ticket, cause: UUID, meta: Meta) -> None:
    for near, far in ((one, other), (other, one)):
        linked = TicketLinked(
            ticket_id=near.ticket_id, other_id=far.ticket_id, other_number=far.number, link=LinkKind.RELATED
        )
        work.add(near, [linked], cause, meta)


def _acknowledge(work: Work, routed: MessageRouted, opened: TicketOpened, cause: UUID, meta: Meta) -> None:
    """Tell the customer that the letter has arrived, where the rules or the ticketbox say so and no loop is fed."""
    box, to = work.desk.get(Ticketbox, opened.ticketbox_id), opened.letter.answers_go_to
    if box is None or to is None or (text := acknowledging.words(routed, box)) is None:
        return
    ours = {address for one in work.desk.every(Ticketbox) for address in one.addresses}
    if not may_be_answered(opened.letter, ours):
        return
    earlier = work.automatic_mail_to(to.address)
    event = acknowledging.acknowledge(opened, box, work.desk.secret, text, earlier, work.now)
    if isinstance(event, AcknowledgementReleased):
        work.keep_automatic_mail(work.tickets[opened.ticket_id], to.address)
    work.add(work.tickets[opened.ticket_id], [event], cause, meta)


async def take_deliveries(service: Service[TicketsSettings], batch: Batch, db: Connection) -> None:
    """Take what became of our answers into their conversations."""
    done = await log.answered(db, [item.event_id for item in batch])
    work = Work(service.clock(), await desk_tables.read_desk(db))
    news = [
        (item, item.event)
        for item in batch
        if item.event_id not in done and isinstance(item.event, ReplySent | ReplyFailed | ReplyUncertain)
    ]
    await work.load(db, {event.ticket_id for _, event in news})
    for item, event in news:
        current = work.tickets[event.ticket_id]
        work.add(current, [intake.record_delivery(event, current)], item.event_id, log.caused_by(item))
    await work.save(db)


async def ticketing_failed(service: Service[TicketsSettings], item: Item, error: str, db: Connection) -> None:
    """Let the ledger know that a message is parked here."""
    if item.event is None or not isinstance(item.event.event, MessageRouted):
        return
    message_id = item.event.event.letter.message_id
    failed = TicketingFailed(message_id=message_id, error=error)
    await parking.tell(db, item.event, message_stream(message_id), failed, service.clock())
