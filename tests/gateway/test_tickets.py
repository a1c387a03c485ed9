"""What a ticket's events look like to people."""

from datetime import timedelta
from uuid import uuid4

from contracts.correspondence import DeliveryOutcome, DeliveryRecorded, ReplyBounced
from contracts.mail import Address, Bounce
from contracts.notify import ReplyDelayed
from contracts.service_levels import SLABreached
from contracts.tickets import (
    AbsorptionUndone,
    LettersMoved,
    LettersTaken,
    TicketAbsorbed,
    TicketAssigned,
    TicketOpened,
    TicketReopened,
    TicketSolved,
)
from services.gateway.read_model.summary import Summary, summarise
from services.gateway.tickets.conversation import Sources, conversation, quote_for, recipient_of
from tests import events
from tests.events import ANNA, BELA, NOON, recorded

FIRST = events.letter()
TICKET = events.ticket_of(FIRST)
OPENED = events.opened(FIRST)


def line(*then: object, opened: TicketOpened = OPENED) -> Summary:
    summary = summarise(recorded(opened, *then))  # type: ignore[arg-type]
    assert summary is not None
    return summary


def test_a_customer_waits_from_his_first_unanswered_letter() -> None:
    second = events.letter(NOON + timedelta(hours=1))
    assert line(events.replied(TICKET, second)).waiting_since == NOON
    answered = line(events.released(TICKET, uuid4()), events.replied(TICKET, second))
    assert answered.waiting_since == NOON + timedelta(hours=1)
    assert line(events.released(TICKET, uuid4())).waiting_since is None


def test_whoever_waits_in_a_ticket_that_goes_on_in_another_one_waits_there() -> None:
    answered, earlier = events.released(TICKET, uuid4()), events.letter(NOON - timedelta(hours=3))
    absorbed = TicketAbsorbed(
        ticket_id=TICKET,
        from_id=uuid4(),
        from_number=10018,
        letters=(earlier, events.letter(NOON - timedelta(hours=4))),
        waited={earlier.message_id: ()},  # the other one was answered
        merged_by=ANNA,
    )
    assert line(answered).waiting_since is None
    assert line(answered, absorbed).waiting_since == NOON - timedelta(hours=3)
    assert line(absorbed, answered).waiting_since is None
    undone = AbsorptionUndone(ticket_id=TICKET, from_id=absorbed.from_id, undone_by=ANNA)
    assert line(answered, absorbed, undone).waiting_since is None
    assert line(absorbed, undone).waiting_since == NOON


def test_nobody_waits_in_the_ticket_of_a_letter_that_was_answered_before_it_was_split_off() -> None:
    split_off = OPENED.model_copy(update={"split_from_id": uuid4(), "settled": True})
    later = events.letter(NOON + timedelta(hours=1))
    taken = LettersTaken(
        ticket_id=TICKET, from_id=uuid4(), from_number=10018, letters=(later,), moved_by=ANNA
    )
    waits = taken.model_copy(update={"waited": {later.message_id: ()}})
    assert line(opened=split_off).waiting_since is None
    assert line(taken, opened=split_off).waiting_since is None
    assert line(waits, opened=split_off).waiting_since == later.received_at


def test_an_answer_sent_again_is_one_answer() -> None:
    reply = uuid4()
    summary = line(events.released(TICKET, reply), events.released(TICKET, reply, attempt=2))
    assert summary.replies == 1


def test_an_answer_that_did_not_arrive_is_pointed_out_until_it_is_sent_again() -> None:
    reply = uuid4()
    failed = DeliveryRecorded(ticket_id=TICKET, reply_id=reply, outcome=DeliveryOutcome.FAILED, answer="550")
    bounced = ReplyBounced(ticket_id=TICKET, reply_id=reply, letter=events.letter(), bounce=Bounce())
    assert line(events.released(TICKET, reply), failed).undelivered == (reply,)
    assert line(events.released(TICKET, reply), bounced).undelivered == (reply,)
    assert (
        line(events.released(TICKET, reply), failed, events.released(TICKET, reply, attempt=2)).undelivered
        == ()
    )


def test_solved_tickets_wait_for_nobody_and_come_back_when_opened_again() -> None:
    solved = TicketSolved(ticket_id=TICKET, solved_by=ANNA)
    assert (line(solved).state, line(solved).waiting_since) == ("solved", None)
    again = line(solved, TicketReopened(ticket_id=TICKET, reopened_by=ANNA))
    assert again.state == "open"
    assert again.waiting_since is not None


def test_the_line_is_the_same_whether_its_events_come_at_once_or_one_by_one() -> None:
    reply = uuid4()
    history = recorded(
        OPENED,
        TicketAssigned(ticket_id=TICKET, agent_id=BELA, method="round_robin"),
        events.submitted(TICKET, reply),
        events.released(TICKET, reply),
        SLABreached(ticket_id=TICKET, target="first_response", due_at=NOON),
        TicketSolved(ticket_id=TICKET, solved_by=ANNA),
    )
    step = None
    for item in history:
        step = summarise([item], step)
    assert step == summarise(history)


def test_an_answer_is_one_entry_with_what_became_of_it() -> None:
    reply = uuid4()
    delayed = ReplyDelayed(
        ticket_id=TICKET,
        reply_id=reply,
        answer="451 later",
        attempts=1,
        next_try_at=NOON + timedelta(hours=1),
    )
    sources = Sources(
        letters={FIRST.message_id: events.received(FIRST)},
        deliveries={reply: recorded(delayed, at=NOON + timedelta(minutes=1))},
        people={ANNA: "Anna"},
    )
    history = recorded(OPENED, events.submitted(TICKET, reply), events.released(TICKET, reply))
    entries = conversation(history, sources)
    assert [entry.type for entry in entries] == ["TicketOpened", "ReplySubmitted"]
    assert entries[1].reply is not None
    assert (entries[1].reply.delivery.state, entries[1].reply.delivery.answer) == ("delayed", "451 later")
    assert entries[1].actor is not None
    assert entries[1].actor.name == "Anna"


def test_an_answer_released_again_is_on_its_way_again() -> None:
    reply = uuid4()
    failed = DeliveryRecorded(ticket_id=TICKET, reply_id=reply, outcome=DeliveryOutcome.FAILED, answer="550")
    history = recorded(
        OPENED,
        events.submitted(TICKET, reply),
        events.released(TICKET, reply),
        failed,
        events.released(TICKET, reply, attempt=2),
    )
    entries = conversation(history, Sources())
    assert entries[1].reply is not None
    assert entries[1].reply.delivery.state == "released"


def test_a_quote_is_what_the_customer_newly_wrote_last() -> None:
    second = events.letter(NOON + timedelta(hours=1))
    history = recorded(OPENED, events.replied(TICKET, second))
    sources = Sources(letters={second.message_id: events.received(second)})
    quote = quote_for(history, sources)
    assert quote is not None
    assert (quote.author, quote.text) == ("Kim", "I ordered a lamp.")


def test_what_has_left_the_ticket_is_neither_quoted_nor_answered() -> None:
    robs = events.letter(NOON + timedelta(hours=1)).model_copy(
        update={
            "from_": Address(name="Rob", address="rob@b.example"),
            "reply_to": (Address(address="desk@b.example"),),
        }
    )
    came = recorded(OPENED, events.replied(TICKET, robs))
    sources = Sources(letters={one.message_id: events.received(one) for one in (OPENED.letter, robs)})
    assert recipient_of(came) == Address(address="desk@b.example")
    quote = quote_for(came, sources)
    assert quote is not None
    assert quote.author == "Rob"
    moved = LettersMoved(
        ticket_id=TICKET, to_id=uuid4(), to_number=10016, message_ids=(robs.message_id,), moved_by=ANNA
    )
    left = recorded(OPENED, events.replied(TICKET, robs), moved)
    assert recipient_of(left) == Address(name="Kim", address="kim@customers.example")
    quote = quote_for(left, sources)
    assert quote is not None
    assert quote.author == "Kim"


def test_a_letter_whose_text_has_not_come_yet_says_so() -> None:
    (entry,) = conversation(recorded(OPENED), Sources())
    assert entry.letter is not None
    assert entry.letter.text is None
