"""Who is told at once that the letter has arrived, and what ends a loop."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from contracts.correspondence import AcknowledgementReleased, AcknowledgementWithheld
from contracts.desk import Ticketbox
from contracts.mail import Address, Kind, LetterHead
from contracts.tickets import TicketOpened
from mail.answering import may_be_answered, person_behind
from services.tickets.acknowledging import CAPS, acknowledge, cap_reached
from services.tickets.reply_address import tickets_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OURS = {"support@example.com"}
SUPPORT = Ticketbox(id=uuid4(), name="Support", addresses=("support@example.com",))
SECRET = b"secret"


def letter(
    sender: str | None = "kim@customers.example",
    kind: Kind = Kind.CUSTOMER,
    automatic: bool = False,
    reply_to: str | None = None,
) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id="<first@customers.example>",
        subject="Where is my lamp?",
        received_at=NOON,
        from_=Address(address=sender) if sender else None,
        reply_to=(Address(address=reply_to),) if reply_to else (),
        kind=kind,
        automatic=automatic,
    )


def opened(head: LetterHead) -> TicketOpened:
    return TicketOpened(
        ticket_id=uuid4(),
        number=10009,
        ticketbox_id=uuid4(),
        ticketbox="Support",
        subject=head.subject,
        contact=head.from_ or Address(address="unknown@invalid"),
        letter=head,
    )


def test_a_person_who_writes_is_answered() -> None:
    assert may_be_answered(letter(), OURS)


@pytest.mark.parametrize(
    "head",
    [
        letter(automatic=True),
        letter(kind=Kind.AUTO_REPLY),
        letter(kind=Kind.LIST),
        letter(kind=Kind.BOUNCE),
        letter(sender=None),
        letter(sender="mailer-daemon@mx.example"),
        letter(sender="No-Reply@shop.example"),
        letter(sender="noreply+8271@shop.example"),
        letter(sender="owner-list@lists.example"),
        letter(sender="list-request@lists.example"),
        letter(sender="support@example.com"),
        letter(sender="Support+later@Example.com"),
        letter(reply_to="donotreply@shop.example"),
    ],
    ids=lambda head: (
        f"{head.kind} {head.reply_to[0].address if head.reply_to else head.from_ and head.from_.address}"
    ),
)
def test_machines_lists_bounces_and_our_own_boxes_are_not_answered(head: LetterHead) -> None:
    assert not may_be_answered(head, OURS)


def test_the_answer_names_the_ticket_and_says_that_a_machine_wrote_it() -> None:
    ticket = opened(letter(reply_to="kim.private@customers.example"))
    answer = acknowledge(ticket, SUPPORT, SECRET, "“{subject}” has the number {number}. {sic}", [], NOON)
    assert isinstance(answer, AcknowledgementReleased)
    assert answer.letter.text == "“Where is my lamp?” has the number 10009. {sic}"
    assert answer.letter.subject == "[#10009] Where is my lamp?"
    assert answer.letter.in_reply_to == "<first@customers.example>"
    assert answer.letter.to == (Address(address="kim.private@customers.example"),)
    assert answer.letter.automatic


def test_what_the_customer_answers_to_it_finds_the_ticket_by_the_address() -> None:
    ticket = opened(letter())
    answer = acknowledge(ticket, SUPPORT, SECRET, "Thank you.", [], NOON)
    assert isinstance(answer, AcknowledgementReleased)
    assert answer.letter.reply_to is not None
    back = letter().model_copy(update={"to": (answer.letter.reply_to,)})
    assert list(tickets_of(back, SECRET)) == [ticket.number]


def test_a_ticketbox_without_signed_addresses_is_answered_at_its_own() -> None:
    box = SUPPORT.model_copy(update={"signed_reply_address": False})
    answer = acknowledge(opened(letter()), box, SECRET, "Thank you.", [], NOON)
    assert isinstance(answer, AcknowledgementReleased)
    assert (answer.letter.from_, answer.letter.reply_to) == (
        Address(name="Support", address="support@example.com"),
        None,
    )


@pytest.mark.parametrize(("span", "most"), CAPS)
def test_one_person_gets_so_many_automatic_letters_within_a_time_and_no_more(
    span: timedelta, most: int
) -> None:
    within = span / (most + 1)
    earlier = [NOON - within * number for number in range(1, most + 1)]
    assert cap_reached(earlier[:-1], NOON) is None
    assert cap_reached(earlier, NOON) is not None
    assert cap_reached(earlier, NOON + span) is None


def test_what_a_cap_held_back_is_written_down() -> None:
    withheld = acknowledge(opened(letter()), SUPPORT, SECRET, "Thank you.", [NOON] * 10, NOON)
    assert isinstance(withheld, AcknowledgementWithheld)
    assert withheld.recipient == "kim@customers.example"
    assert withheld.detail == "10 automatic letters went there within 10 minutes"


def test_a_conversation_that_goes_on_is_acknowledged_once_a_day() -> None:
    """A closed ticket to which somebody writes again and again opens a new one each time."""
    follows = opened(letter()).model_copy(update={"follows_id": uuid4()})
    earlier = [NOON - timedelta(hours=23)]
    withheld = acknowledge(follows, SUPPORT, SECRET, "Thank you.", earlier, NOON)
    assert isinstance(withheld, AcknowledgementWithheld)
    assert withheld.detail == "the conversation goes on, and an automatic letter went there within a day"
    assert isinstance(
        acknowledge(opened(letter()), SUPPORT, SECRET, "Hello.", earlier, NOON), AcknowledgementReleased
    )
    later = acknowledge(follows, SUPPORT, SECRET, "Thank you.", earlier, NOON + timedelta(hours=1))
    assert isinstance(later, AcknowledgementReleased)


def test_a_person_is_the_same_whatever_the_detail_of_the_address() -> None:
    assert person_behind("Kim+orders@Customers.example") == person_behind("kim@customers.example")
