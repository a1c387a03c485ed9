"""One letter travels all the way, on the real servers."""

import email
import smtplib
from collections.abc import Iterator
from email.policy import default
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from contracts.commands import Done, Refused, SubmitReply
from contracts.queries import Ledger
from postroom.verify import verify
from tests.running import Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("postroom"))
    running.start()
    yield running
    running.close()


async def settled(postroom: Postroom, accepted: int) -> Ledger | None:
    ledger = await postroom.ledger()
    assert ledger.balanced
    return ledger if ledger.accepted >= accepted and not ledger.in_flight else None


async def test_a_letter_becomes_a_ticket_and_its_answer_leaves(postroom: Postroom) -> None:
    anna = await postroom.add_person("Anna")
    before = (await postroom.ledger()).accepted
    postroom.send(letter(1))

    await until(lambda: settled(postroom, before + 1))
    opened = next(
        event
        for event in await postroom.events("tickets", "TicketOpened")
        if event["subject"] == "Where is order 1?"
    )
    ticket_id = UUID(str(opened["ticket_id"]))
    done = await postroom.command(
        SubmitReply(
            command_id=uuid4(),
            actor_id=anna,
            ticket_id=ticket_id,
            reply_id=uuid4(),
            text="They leave tomorrow.",
            seen_version=1,
        )
    )
    assert isinstance(done, Done)

    await until(lambda: postroom.events("tickets", "DeliveryRecorded"))
    (path,) = (postroom.data / "outgoing" / "new").iterdir()
    answer = email.message_from_bytes(path.read_bytes(), policy=default)
    assert answer["In-Reply-To"] == "<letter-1@customers.example>"
    assert answer["Subject"] == "Re: Where is order 1?"
    assert "They leave tomorrow." in answer.get_body(("plain",)).get_content()


async def test_a_second_letter_joins_its_conversation_and_refuses_an_answer_that_has_not_seen_it(
    postroom: Postroom,
) -> None:
    bela = await postroom.add_person("Bela")
    before = (await postroom.ledger()).accepted
    postroom.send(letter(2))
    await until(lambda: settled(postroom, before + 1))
    follow_up = letter(3, sender="kim2@customers.example", In_Reply_To="<letter-2@customers.example>")
    postroom.send(follow_up)
    await until(lambda: settled(postroom, before + 2))

    (replied,) = await postroom.events("tickets", "CustomerReplied")
    refused = await postroom.command(
        SubmitReply(
            command_id=uuid4(),
            actor_id=bela,
            ticket_id=UUID(str(replied["ticket_id"])),
            reply_id=uuid4(),
            text="Hello",
            seen_version=1,
        )
    )
    assert isinstance(refused, Refused)
    assert refused.code == "outdated"


async def test_a_stranger_who_names_the_message_id_opens_a_ticket_of_his_own(postroom: Postroom) -> None:
    before = (await postroom.ledger()).accepted
    postroom.send(letter(4))
    postroom.send(letter(5, sender="eve@elsewhere.example", In_Reply_To="<letter-4@customers.example>"))
    await until(lambda: settled(postroom, before + 2))

    opened = await postroom.events("tickets", "TicketOpened")
    passed_over = {event["subject"]: event["passed_over"] for event in opened}
    assert passed_over["Where is order 4?"] == []
    assert passed_over["Where is order 5?"] == ["in_reply_to"]


async def test_the_same_bytes_sent_again_are_one_message(postroom: Postroom) -> None:
    before = (await postroom.ledger()).accepted
    message = letter(6)
    for _ in range(3):
        postroom.send(message)

    await until(lambda: settled(postroom, before + 1))
    assert (await postroom.ledger()).accepted == before + 1


async def test_a_letter_with_endless_names_holds_up_nothing(postroom: Postroom) -> None:
    before = (await postroom.ledger()).accepted
    endless = b"Cc: " + b"\r\n ".join([b"a" * 70] * 27_000) + b" <x@example.com>\r\n"

    with smtplib.SMTP("127.0.0.1", postroom.smtp_port, timeout=30) as client:
        raw = bytes(letter(7)).replace(b"\n", b"\r\n")
        client.sendmail("kim7@customers.example", ["support@example.com"], endless * 5 + raw)
    postroom.send(letter(8))

    await until(lambda: settled(postroom, before + 2))
    opened = {event["subject"] for event in await postroom.events("tickets", "TicketOpened")}
    assert {"Where is order 7?", "Where is order 8?"} <= opened


async def test_everything_is_kept_through_a_kill_of_everything(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    running = Postroom(tmp_path_factory.mktemp("killed"))
    running.start()
    try:
        running.send(*(letter(number) for number in range(50)))
        running.kill_everything()
        running.start()
        running.send(*(letter(number) for number in range(50, 100)))
        ledger = await until(lambda: settled(running, 100))
        assert isinstance(ledger, Ledger)
        assert ledger.ticketed == 100
        opened = await running.events("tickets", "TicketOpened")
        assert len({event["letter"]["message_id"] for event in opened}) == len(opened) == 100  # type: ignore[index]
        assert await verify(running.database_url) == []
    finally:
        running.close()


def test_a_second_start_on_the_same_data_says_that_one_runs(postroom: Postroom) -> None:
    second = Postroom(Path(postroom.data))
    with pytest.raises(AssertionError, match="already"):
        second.start()


@pytest.mark.faults
async def test_streams_that_were_wiped_are_filled_again_from_the_logs(postroom: Postroom) -> None:
    before = (await postroom.ledger()).accepted
    for number in range(20_000, 20_060):
        if number == 20_030:
            await postroom.wipe_nats()
        postroom.send(letter(number))
    await until(lambda: settled(postroom, before + 60))

    opened = await postroom.events("tickets", "TicketOpened")
    assert len({event["letter"]["message_id"] for event in opened}) == len(opened)  # type: ignore[index]
    assert await verify(postroom.database_url) == []
    db = await asyncpg.connect(postroom.database_url)
    logged = await db.fetchval("SELECT count(*) FROM tickets.event")
    await db.close()

    async def filled() -> bool:
        async with await postroom.connect() as client:
            stream = await client.jetstream().stream_info("TICKETS")
            return stream.state.messages == logged

    await until(filled)
