"""Whether a customer is told at once that the letter has arrived, without feeding a loop (RFC 3834)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.correspondence import AcknowledgementReleased, AcknowledgementWithheld
from contracts.desk import Ticketbox
from contracts.router import MessageRouted
from contracts.stream_ids import acknowledgement_id
from contracts.tickets import TicketOpened
from services.tickets.outgoing import automatic_letter

CAPS = (
    (timedelta(minutes=10), 10),
    (timedelta(minutes=30), 15),
    (timedelta(hours=1), 25),
    (timedelta(hours=3), 50),
    (timedelta(hours=10), 100),
)
"""How much automatic mail one address gets within a time, whatever it is about."""
ONE_EACH = timedelta(days=1)
"""A conversation gets no more than one automatic letter within so much time."""
LONGEST_SPAN = max(CAPS[-1][0], ONE_EACH)


def words(routed: MessageRouted, box: Ticketbox | None) -> str | None:
    """What the customer is told: by the rules, or else by the ticketbox; None: nothing."""
    if routed.acknowledge is False:
        return None
    return routed.acknowledgement or (box.acknowledgement if box else None)


def cap_reached(earlier: Sequence[datetime], now: datetime) -> str | None:
    """What keeps one more automatic letter back, after the `earlier` ones to the same person; None: nothing.

    Those that left after `now` count as well.
    """
    for span, most in CAPS:
        if sum(now - at < span for at in earlier) >= most:
            return f"{most} automatic letters went there within {span.total_seconds() / 60:.0f} minutes"
    return None


def why_not(opened: TicketOpened, earlier: Sequence[datetime], now: datetime) -> str | None:
    """What keeps an acknowledgement back, after automatic letters to the same person; None: nothing."""
    if opened.follows_id is not None and any(now - at < ONE_EACH for at in earlier):
        return "the conversation goes on, and an automatic letter went there within a day"
    return cap_reached(earlier, now)


def acknowledge(
    opened: TicketOpened, box: Ticketbox, secret: bytes, text: str, earlier: Sequence[datetime], now: datetime
) -> AcknowledgementReleased | AcknowledgementWithheld:
    """Answer the letter that opened a ticket, or say why not. `secret` signs the reply address."""
    letter, to = opened.letter, opened.letter.answers_go_to or opened.contact
    if (cap := why_not(opened, earlier, now)) is not None:
        return AcknowledgementWithheld(ticket_id=opened.ticket_id, recipient=to.address, detail=cap)
    reply_id = acknowledgement_id(opened.ticket_id)
    return AcknowledgementReleased(
        ticket_id=opened.ticket_id,
        reply_id=reply_id,
        letter=automatic_letter(
            box,
            opened.number,
            opened.subject,
            text,
            reply_id=reply_id,
            secret=secret,
            to=to,
            in_reply_to=letter.internet_message_id,
            references=(letter.internet_message_id,) if letter.internet_message_id else (),
            at=now,
        ),
    )
