"""Rehearsals of mail loops: two Postrooms that answer each other, and a responder that knows no rules."""

import asyncio
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from contracts.commands import OPERATOR, CreateTicketbox, Done
from postroom.embedded.process import free_port
from services.tickets.acknowledging import CAPS
from tests.running import Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio]


async def acknowledging_box(postroom: Postroom, address: str) -> None:
    done = await postroom.command(
        CreateTicketbox(
            command_id=uuid4(),
            actor_id=OPERATOR,
            ticketbox_id=uuid4(),
            name="Help",
            addresses=(address,),
            acknowledgement="Your letter has the number {number}.",
        )
    )
    assert isinstance(done, Done)


@contextmanager
def running(data: Path, **environment: str) -> Iterator[Postroom]:
    postroom = Postroom(data, **environment)
    postroom.start()
    try:
        yield postroom
    finally:
        postroom.close()


async def settled(postroom: Postroom) -> bool:
    ledger = await postroom.ledger()
    return bool(ledger.accepted and not ledger.in_flight)


async def test_two_postrooms_that_acknowledge_letters_stop_after_one(tmp_path: Path) -> None:
    with running(tmp_path / "b") as b:
        relay = f"smtp://127.0.0.1:{b.smtp_port}"
        with running(tmp_path / "a", POSTROOM_RELAY_URL=relay) as a:
            await acknowledging_box(a, "help@a.example")
            await acknowledging_box(b, "help@b.example")
            question = letter(1, sender="Help <help@b.example>")
            question.replace_header("To", "help@a.example")
            a.send(question)

            await until(lambda: a.events("notify", "ReplySent"))
            await until(lambda: settled(b))
            # B has the letter, and knows that a machine wrote it: that was all.
            (opened,) = await b.events("tickets", "TicketOpened")
            assert opened["letter"]["automatic"]  # type: ignore[index]
            assert await b.events("tickets", "AcknowledgementReleased") == []
            assert len(await a.events("tickets", "AcknowledgementReleased")) == 1


class Responder:
    """Answers every letter with one of its own that says nothing of being automatic, and names nothing before."""

    def __init__(self) -> None:
        self.answered = 0
        self.target = 0

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.answered += 1
        answer = EmailMessage()
        answer["From"], answer["To"] = envelope.rcpt_tos[0], "help@a.example"
        answer["Subject"] = "I am on holiday"
        answer["Message-ID"] = f"<holiday-{self.answered}@customers.example>"
        answer.set_content("I am back in March.")
        await asyncio.to_thread(self._send, answer)
        return "250 OK"

    def _send(self, answer: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.target, timeout=30) as client:
            client.send_message(answer)


async def test_a_vacation_responder_without_manners_is_answered_until_the_cap_and_no_more(
    tmp_path: Path,
) -> None:
    responder = Responder()
    port = free_port()
    controller = Controller(responder, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with running(tmp_path / "a", POSTROOM_RELAY_URL=f"smtp://127.0.0.1:{port}") as a:
            responder.target = a.smtp_port
            await acknowledging_box(a, "help@a.example")
            question = letter(1)
            question.replace_header("To", "help@a.example")
            a.send(question)
            (withheld,) = await until(lambda: a.events("tickets", "AcknowledgementWithheld"))  # type: ignore[misc]
            await until(lambda: settled(a))
            assert withheld["recipient"] == "kim1@customers.example"
            most = CAPS[0][1]
            assert responder.answered == most
            # Every letter is there for a person all the same.
            assert (await a.ledger()).ticketed == most + 1
    finally:
        controller.stop()
