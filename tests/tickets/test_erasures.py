"""Who may have a person erased, and what becomes of a ticket whose customer was."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from nats.aio.client import Client

from chassis.commands import Forbidden, Invalid
from contracts.commands import OPERATOR, RequestErasure, RetryReply, SubmitReply
from contracts.erasures import ErasePiece, FindLetters, FoundLetters, PieceErased, Subject
from contracts.mail import Address
from contracts.people import Person
from services.tickets import answering, erasures
from services.tickets.desk import Desk
from services.tickets.erasures import decide
from services.tickets.evolve import begin
from services.tickets.refusals import NobodyThere
from services.tickets.ticket import Reply, ReplyState
from tests.desks import ANNA, BOSS, LEO, ORDERS, SARA, SUPPORT
from tests.events import NOON, letter, opened, released

DESK = Desk({thing.id: thing for thing in (SUPPORT, ORDERS, BOSS, ANNA, SARA, LEO)})


def when(*addresses: str, by: UUID = BOSS.id, reason: str = "Request 117") -> tuple[str, ...]:
    command = RequestErasure(command_id=uuid4(), actor_id=by, addresses=addresses, reason=reason)
    return decide(command, DESK)


def test_an_administrator_has_a_person_erased_by_all_addresses() -> None:
    assert when(" Kim@Customers.example", "kim@customers.example", "kim@home.example") == (
        "kim@customers.example",
        "kim@home.example",
    )
    assert when("kim@customers.example", by=OPERATOR) == ("kim@customers.example",)


@pytest.mark.parametrize("person", [ANNA, SARA, LEO], ids=lambda person: person.role)
def test_nobody_else_has_anybody_erased(person: Person) -> None:
    with pytest.raises(Forbidden):
        when("kim@customers.example", by=person.id)


@pytest.mark.parametrize(
    "address", [SUPPORT.addresses[0], ANNA.email, "kim", "erased-123456780000@erased.invalid"]
)
def test_the_desk_itself_and_what_is_no_persons_address_is_not_erased(address: str) -> None:
    with pytest.raises(Invalid):
        when("kim@customers.example", address)


def test_a_reason_that_names_the_person_is_refused() -> None:
    with pytest.raises(Invalid):
        when("kim@customers.example", reason="Kim@customers.example rang")


@pytest.mark.anyio
async def test_letters_are_asked_for_until_there_are_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = uuid4(), uuid4()
    told = {
        None: FoundLetters(message_ids=(first,), internet_message_ids=("<1@a.example>",), following=first),
        first: FoundLetters(message_ids=(second,), internet_message_ids=("<2@a.example>",), names=("Kim",)),
    }

    async def ingest(_: Client, query: FindLetters, __: type[FoundLetters]) -> FoundLetters:
        return told[query.after]

    monkeypatch.setattr(erasures, "ask_patiently", ingest)
    found = await erasures.letters_of(Client(), ("kim@customers.example",))

    assert found.message_ids == (first, second)
    assert set(found.internet_message_ids) == {"<1@a.example>", "<2@a.example>"}
    assert found.names == ("Kim",)


@pytest.mark.anyio
async def test_a_service_erases_each_part_of_a_person_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.erasures.MOST_IDS", 1)
    one, other = uuid4(), uuid4()
    asked: list[tuple[tuple[UUID, ...], int]] = []

    async def router(_: Client, piece: ErasePiece, __: type[PieceErased], service: str) -> PieceErased:
        assert service == "router"
        asked.append((piece.person.message_ids, piece.after))
        return PieceErased(rows=1, following=200 if piece.after == 0 else None)

    monkeypatch.setattr(erasures, "ask_patiently", router)
    person = Subject(erasure_id=uuid4(), addresses=("kim@customers.example",), message_ids=(one, other))
    done = await erasures.erase_in_pieces(Client(), person, "router", 0, {"end": 300})

    assert asked == [((one,), 0), ((one,), 200), ((other,), 0), ((other,), 200)]
    assert done.rows == 4


def test_nobody_is_there_to_answer_when_the_customer_was_erased() -> None:
    erased = Address(address="erased-12@erased.invalid")
    event = opened(letter().model_copy(update={"from_": erased, "reply_to": ()}))
    ticket = begin(event.model_copy(update={"contact": erased, "ticketbox_id": SUPPORT.id}), NOON)
    command = SubmitReply(
        command_id=uuid4(),
        actor_id=ANNA.id,
        ticket_id=ticket.ticket_id,
        reply_id=uuid4(),
        text="Hello",
        seen_version=9,
    )
    with pytest.raises(NobodyThere):
        answering.submit_reply(command, ticket, DESK, ANNA, NOON)


def test_an_answer_to_an_erased_person_is_not_sent_again() -> None:
    event, reply_id = opened(letter()), uuid4()
    outgoing = released(event.ticket_id, reply_id).letter
    gone = outgoing.model_copy(update={"to": (Address(address="erased-12@erased.invalid"),)})
    reply = Reply(gone, ANNA.id, attempt=1, state=ReplyState.FAILED)
    ticket = replace(begin(event, NOON), replies={reply_id: reply})
    command = RetryReply(command_id=uuid4(), actor_id=ANNA.id, ticket_id=ticket.ticket_id, reply_id=reply_id)
    with pytest.raises(NobodyThere):
        answering.retry_reply(command, ticket)
