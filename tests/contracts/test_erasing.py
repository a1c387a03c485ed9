"""What is left of events when a person goes out of them."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.bulk import BulkJobStarted, SetState
from contracts.contacts import Card, ContactAdded, ContactChanged
from contracts.correspondence import CustomerReplied, NoteAdded, NoticeReleased, Quote, ReplySubmitted
from contracts.erasing import Eraser
from contracts.erasures import Subject
from contracts.event import Data, Event
from contracts.mail import Address, LetterHead
from contracts.stream_ids import contact_id
from contracts.streams import EVENTS
from contracts.tickets import State, TicketAbsorbed
from tests.contracts.test_samples import sample
from tests.events import ANNA, letter, opened, received, released, replied, routed, ticket_of

KIM = "kim@customers.example"


def everything(data: object, key: str) -> Iterator[Any]:
    """The values of a key, however deep."""
    match data:
        case dict():
            for name, value in data.items():
                if name == key:
                    yield value
                yield from everything(value, key)
        case list():
            for one in data:
                yield from everything(one, key)
        case _:
            return


def theirs(*letters: LetterHead, **more: tuple[UUID, ...]) -> Subject:
    return Subject(
        erasure_id=UUID("12345678-0000-4000-8000-000000000000"),
        addresses=(KIM,),
        names=("Kim",),
        message_ids=tuple(one.message_id for one in letters),
        internet_message_ids=tuple(one.internet_message_id for one in letters if one.internet_message_id),
        **more,  # type: ignore[arg-type]
    )


def erased(event: Event, subject: Subject) -> Any:
    """The event as it is read afterwards."""
    data = Eraser(subject).event(event.type_name(), json.loads(event.model_dump_json()))
    return type(event).read(json.dumps(data), event.schema_version)


def leaves(data: object, path: str = "") -> Iterator[tuple[str, object]]:
    match data:
        case dict():
            for name, value in data.items():
                yield from leaves(value, f"{path}.{name}")
        case list():
            for value in data:
                yield from leaves(value, f"{path}[]")
        case _:
            yield path, data


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_event_can_still_be_read_with_its_ids_times_and_numbers(event: type[Event]) -> None:
    before: Data = json.loads(sample(event))
    named = [*everything(before, "address"), *everything(before, "addresses"), *everything(before, "belongs")]
    addresses = tuple({one.lower() for some in named for one in ([some] if isinstance(some, str) else some)})
    subject = Subject(
        erasure_id=uuid4(),
        addresses=addresses or (KIM,),
        message_ids=tuple(everything(before, "message_id")),
        ticket_ids=tuple(everything(before, "ticket_id")),
        reply_ids=tuple(everything(before, "reply_id")),
        notice_ids=tuple(everything(before, "notice_id")),
        contact_ids=tuple(everything(before, "id")),
    )

    after = Eraser(subject).event(event.type_name(), before)

    event.read(json.dumps(after), event.schema_version)
    assert Eraser(subject).event(event.type_name(), after) == after
    assert not any(address in json.dumps(after).lower() for address in addresses)
    numbers = {leaf for leaf in leaves(before) if isinstance(leaf[1], int | float)}
    assert numbers - set(leaves(after)) == set()
    for key in (
        "message_id",
        "ticket_id",
        "reply_id",
        "ticketbox_id",
        "author_id",
        "received_at",
        "occurred_at",
    ):
        assert list(everything(after, key)) == list(everything(before, key))


def test_of_a_persons_letter_nothing_is_left_but_that_it_came() -> None:
    head = letter()

    left = erased(received(head), theirs(head))

    assert (left.text, left.reply, left.headers, left.sha256) == ("[erased]", None, (), "")
    assert (left.letter.subject, left.letter.excerpt, left.letter.internet_message_id) == (
        "[erased]",
        "",
        None,
    )
    assert left.letter.from_ == Address(name="", address="erased-123456780000@erased.invalid")
    assert (left.size, left.letter.received_at, left.letter.message_id) == (
        1000,
        head.received_at,
        head.message_id,
    )


def test_the_letter_of_somebody_else_stays_as_it_was_written_and_the_person_goes_out_of_its_addresses() -> (
    None
):
    other = letter().model_copy(
        update={
            "from_": Address(name="Otto", address="otto@customers.example"),
            "cc": (Address(address=KIM),),
        }
    )
    other = other.model_copy(update={"excerpt": f"Ask {KIM} about it"})

    left = erased(replied(uuid4(), other), theirs(letter()))

    assert left.letter == other.model_copy(update={"cc": (Address(address=theirs().alias),)})


def test_a_letter_that_the_person_wrote_later_is_no_part_of_the_erasure() -> None:
    later = letter()
    subject = theirs(letter(), ticket_ids=(ticket_of(later),))
    absorbed = TicketAbsorbed(
        ticket_id=uuid4(), from_id=uuid4(), from_number=1, letters=(later,), merged_by=ANNA
    )

    for event in (received(later), routed(later), replied(uuid4(), later), opened(later), absorbed):
        assert erased(event, subject) == event


def test_a_ticket_keeps_its_number_and_loses_its_subject() -> None:
    head = letter()

    left = erased(opened(head, number=10008), theirs(head, ticket_ids=(ticket_of(head),)))

    assert (left.number, left.subject, left.contact.address) == (10008, "[erased]", theirs().alias)


def test_what_we_wrote_in_the_persons_ticket_goes_and_elsewhere_only_the_address() -> None:
    mine, another = uuid4(), uuid4()
    subject = theirs(letter(), ticket_ids=(mine,))

    def note(ticket_id: UUID) -> NoteAdded:
        return NoteAdded(ticket_id=ticket_id, note_id=uuid4(), author_id=ANNA, text=f"Rang <{KIM.upper()}>.")

    assert erased(note(mine), subject).text == "[erased]"
    assert erased(note(another), subject).text == f"Rang <{subject.alias}>."


def test_of_a_persons_card_nothing_is_left_but_that_it_was_kept() -> None:
    card = Card(
        id=contact_id(KIM),
        addresses=(KIM, "kim@home.example"),
        name="Kim",
        organisation_id=uuid4(),
        language="de",
        note="Likes lamps",
        remarks={"customer number": "K-4711"},
    )
    subject = theirs(contact_ids=(card.id,)).model_copy(update={"addresses": card.addresses})
    event = ContactAdded(contact=card, belongs=dict.fromkeys(card.addresses, card.id))

    left = erased(event, subject)

    assert left.contact == Card(id=card.id, addresses=(subject.alias, subject.alias))
    assert left.contact.erased
    assert left.belongs == {subject.alias: card.id}


def test_on_the_card_of_somebody_else_only_the_address_goes() -> None:
    card = Card(
        id=uuid4(), addresses=("otto@x.example",), name="Otto", remarks={f"boss of {KIM}": f"no, {KIM}"}
    )
    subject = theirs()

    left = erased(ContactChanged(contact=card), subject).contact

    assert left == card.model_copy(update={"remarks": {f"boss of {subject.alias}": f"no, {subject.alias}"}})
    assert not left.erased


def test_what_an_automation_told_colleagues_of_the_persons_ticket_goes_whoever_wrote_last() -> None:
    mine = uuid4()
    notice = NoticeReleased(
        ticket_id=mine,
        notice_id=uuid4(),
        message_id=uuid4(),
        person_id=ANNA,
        sender=Address(address="support@example.com"),
        to="anna@example.com",
        subject="Ticket 10008: Kim's lamp",
        text="Customer: Kim",
    )

    left = erased(notice, theirs(ticket_ids=(mine,)))
    assert (left.subject, left.text, left.to) == ("[erased]", "[erased]", "anna@example.com")
    assert erased(notice, theirs()) == notice


def test_the_address_goes_out_of_the_list_that_a_bulk_job_worked_on() -> None:
    hold = SetState(state=State.ON_HOLD, reason=f"{KIM} is away")
    started = BulkJobStarted(
        job_id=uuid4(), started_by=ANNA, actions=(hold,), selection=f"All tickets, from {KIM}", total=2
    )

    left = erased(started, theirs())

    assert left.selection == f"All tickets, from {theirs().alias}"
    assert left.actions[0].reason == f"{theirs().alias} is away"


def test_an_address_that_only_looks_alike_stays() -> None:
    note = NoteAdded(
        ticket_id=uuid4(), note_id=uuid4(), author_id=ANNA, text=f"not{KIM} {KIM}.au x.{KIM} {KIM}-x"
    )
    assert erased(note, theirs()) == note


def test_an_answer_to_the_person_goes_with_what_it_quotes() -> None:
    head, reply_id = letter(), uuid4()
    quote = Quote(author="Kim", sent_at=head.received_at, text="My lamp")
    subject = theirs(head, reply_ids=(reply_id,))
    submitted = ReplySubmitted(
        ticket_id=uuid4(), reply_id=reply_id, author_id=ANNA, text="Dear Kim", quote=quote
    )

    left = erased(released(uuid4(), reply_id), subject)
    assert (left.letter.text, left.letter.to[0].address) == ("[erased]", subject.alias)
    assert left.letter.from_.address == "support@example.com"
    assert erased(submitted, subject).quote.text == "[erased]"

    to_others = submitted.model_copy(update={"reply_id": uuid4()})
    assert erased(to_others, subject).text == "Dear Kim"
    assert erased(to_others, subject).quote.text == "[erased]"


def test_a_reference_to_the_persons_message_goes_out_of_our_own_mail() -> None:
    head = letter()
    answer = released(uuid4(), uuid4())
    answer = answer.model_copy(
        update={
            "letter": answer.letter.model_copy(
                update={"to": (Address(address="otto@x.example"),), "references": (head.internet_message_id,)}
            )
        }
    )
    assert head.internet_message_id not in erased(answer, theirs(head)).model_dump_json()


def test_two_persons_of_one_letter_can_be_erased_one_after_the_other() -> None:
    head = letter().model_copy(update={"cc": (Address(address="otto@customers.example"),)})
    reply = CustomerReplied(ticket_id=uuid4(), letter=head, threaded_by="new")  # type: ignore[arg-type]
    otto = Subject(erasure_id=uuid4(), addresses=("otto@customers.example",))

    assert erased(erased(reply, otto), theirs(head)) == erased(erased(reply, theirs(head)), otto)
