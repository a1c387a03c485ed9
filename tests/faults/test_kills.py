"""Whoever is killed in the middle of 500 letters: nothing is lost, nothing happens twice."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4, uuid5

import asyncpg
import nats
import pytest

from chassis.requests import ServiceUnavailable
from contracts.commands import OPERATOR, CreateTicketbox, Done, Refused, SubmitReply
from contracts.queries import Ledger
from contracts.services import SERVICES
from contracts.streams import CONSUMERS
from postroom.verify import verify
from tests.running import Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio]
LETTERS = 500
ANSWERED = 60


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("kills"))
    running.start()
    yield running
    running.close()


def send_all(postroom: Postroom, base: int, at: dict[int, Callable[[], object]]) -> None:
    """Send the letters as a mail server does: what was not accepted is sent again."""
    client: smtplib.SMTP | None = None
    for number in range(LETTERS):
        at.get(number, lambda: None)()
        message = letter(base + number)
        while True:
            try:
                client = client or smtplib.SMTP("127.0.0.1", postroom.smtp_port, timeout=30)
                client.send_message(message)
            except (OSError, smtplib.SMTPException):
                client = None
            else:
                break
    if client is not None:
        client.quit()


async def answer_some(postroom: Postroom, agent: UUID, base: int) -> set[UUID]:
    """Answer the first tickets as they appear; a command without an answer is sent again."""
    replies: set[UUID] = set()
    subjects = [f"Where is order {base + number}?" for number in range(ANSWERED)]
    while len(replies) < ANSWERED:
        try:
            opened = await tickets_about(postroom, subjects)
        except (OSError, asyncpg.PostgresError):
            opened = []
        for ticket_id in opened:
            reply_id = uuid5(ticket_id, "reply")
            if reply_id not in replies:
                await answer(postroom, agent, ticket_id, reply_id)
                replies.add(reply_id)
        await asyncio.sleep(0.2)
    return replies


async def tickets_about(postroom: Postroom, subjects: list[str]) -> list[UUID]:
    """Those that there are by now."""
    db = await asyncpg.connect(postroom.database_url)
    try:
        rows = await db.fetch(
            """
            SELECT data ->> 'ticket_id' AS ticket_id
            FROM tickets.event
            WHERE type = 'TicketOpened' AND data ->> 'subject' = ANY($1)
            """,
            subjects,
        )
    finally:
        await db.close()
    return [UUID(row["ticket_id"]) for row in rows]


async def answer(postroom: Postroom, agent: UUID, ticket_id: UUID, reply_id: UUID) -> None:
    command = SubmitReply(
        command_id=uuid5(reply_id, "command"),
        actor_id=agent,
        ticket_id=ticket_id,
        reply_id=reply_id,
        text="They leave tomorrow.",
        seen_version=9,
    )
    while True:
        try:
            assert isinstance(await postroom.command(command), Done)
        except (ServiceUnavailable, OSError, nats.errors.Error):
            await asyncio.sleep(0.2)
        else:
            return


@asynccontextmanager
async def traffic(postroom: Postroom, base: int, at: dict[int, Callable[[], object]]) -> AsyncIterator[None]:
    """500 letters and 60 answers, with something happening in between; afterwards everything must add up."""
    agent = await postroom.add_person(f"Agent{base}")
    before = (await postroom.ledger()).accepted
    sending = asyncio.create_task(asyncio.to_thread(send_all, postroom, base, at))
    replies = await asyncio.wait_for(answer_some(postroom, agent, base), 120)
    await asyncio.wait_for(sending, 120)
    yield
    await everything_adds_up(postroom, before + LETTERS, replies)


async def everything_adds_up(postroom: Postroom, accepted: int, replies: set[UUID]) -> None:
    async def settled() -> Ledger | None:
        ledger = await postroom.ledger()
        assert ledger.balanced
        return ledger if not ledger.in_flight else None

    ledger = await until(settled, 90)
    assert isinstance(ledger, Ledger)
    assert (ledger.accepted, ledger.ticketed) == (accepted, accepted)
    opened = await postroom.events("tickets", "TicketOpened")
    messages = [event["letter"]["message_id"] for event in opened]  # type: ignore[index]
    assert len(set(messages)) == len(messages) == accepted

    async def delivered() -> bool:
        recorded = await postroom.events("tickets", "DeliveryRecorded")
        return replies <= {UUID(str(event["reply_id"])) for event in recorded}

    await until(delivered, 60)
    names = [path.name for path in (postroom.data / "outgoing" / "new").iterdir()]
    for reply_id in replies:
        assert sum(str(reply_id) in name for name in names) == 1
    await until(lambda: read_models_agree(postroom), 60)
    assert await verify(postroom.database_url) == []


async def read_models_agree(postroom: Postroom) -> bool:
    """Every event of every log is in the inbox once, and every message in the facts."""
    db = await asyncpg.connect(postroom.database_url)
    try:
        logged = [
            await db.fetchval(f"SELECT count(*) FROM {service}.event")
            for service in ("ingest", "router", "tickets", "notify")
        ]
        shown = await db.fetchval("SELECT count(*) FROM gateway.history")
        facts = await db.fetchval("SELECT count(*) FROM analytics.fact_message")
    finally:
        await db.close()
    return bool(shown == sum(logged) and facts == logged[0])


# It comes first: each further test leaves 500 letters more, all of which would be delivered three times.
async def test_every_message_delivered_three_times_changes_nothing(postroom: Postroom) -> None:
    async with traffic(postroom, 1_100_000, {}):
        pass
    await until(lambda: settled_at_all(postroom))
    before = await counts(postroom)
    for _ in range(2):
        # A durable that is made anew gets everything again, from the beginning of its stream.
        async with await postroom.connect() as client:
            for consumer in CONSUMERS:
                await client.jetstream().delete_consumer(consumer.stream.name, consumer.name)
        await postroom.migrate()
        await until(lambda: settled_at_all(postroom), 120)
    assert await counts(postroom) == before
    assert await verify(postroom.database_url) == []


async def settled_at_all(postroom: Postroom) -> bool:
    """No consumer has anything left to do."""
    async with await postroom.connect() as client:
        for consumer in CONSUMERS:
            info = await client.jetstream().consumer_info(consumer.stream.name, consumer.name)
            if info.num_pending or info.num_ack_pending:
                return False
    return True


async def counts(postroom: Postroom) -> dict[str, int]:
    db = await asyncpg.connect(postroom.database_url)
    tables = (
        "ingest.event", "ingest.ledger", "router.event", "tickets.event", "tickets.message_index", "notify.event",
        "notify.delivery", "gateway.history", "gateway.ticket", "analytics.fact_message", "analytics.fact_reply",
    )  # fmt: skip
    counted = {table: await db.fetchval(f"SELECT count(*) FROM {table}") for table in tables}
    await db.close()
    counted["outgoing"] = len(list((postroom.data / "outgoing" / "new").iterdir()))
    return counted


VICTIMS = (*SERVICES, "services", "nats-server", "postgres")
"""`services` is the parent of all of them: they die with it."""


@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_kill_in_the_middle_of_500_letters_loses_and_doubles_nothing(
    postroom: Postroom, victim: str
) -> None:
    base = 100_000 * (1 + VICTIMS.index(victim))
    async with traffic(postroom, base, {150: lambda: postroom.kill(victim)}):
        pass


async def test_everything_restarted_one_after_the_other_in_the_middle_of_500_letters_loses_and_doubles_nothing(
    postroom: Postroom,
) -> None:
    restarts = {40 + 50 * number: partial(postroom.restart, name) for number, name in enumerate(VICTIMS)}
    async with traffic(postroom, 1_000_000, restarts):
        pass


async def test_a_breach_that_was_due_while_everything_was_down_carries_its_true_time(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    postroom = Postroom(tmp_path_factory.mktemp("down"))
    postroom.start()
    try:
        box = CreateTicketbox(
            command_id=uuid4(),
            actor_id=OPERATOR,
            ticketbox_id=uuid4(),
            name="Quick",
            addresses=("quick@example.com",),
            first_response_seconds=6,
        )
        assert not isinstance(await postroom.command(box), Refused)
        message = letter(1)
        message.replace_header("To", "quick@example.com")
        await asyncio.sleep(0.5)
        postroom.send(message)
        (opened,) = await until(lambda: postroom.events("tickets", "TicketOpened"))  # type: ignore[misc]
        assert postroom.stop() == 0
        await asyncio.sleep(7)
        postroom.start()
        breaches = await until(lambda: postroom.events("tickets", "SLABreached"))
        await asyncio.sleep(2)
        assert breaches == await postroom.events("tickets", "SLABreached")
        (breach,) = breaches  # type: ignore[misc]
        received_at = datetime.fromisoformat(opened["letter"]["received_at"])
        assert datetime.fromisoformat(breach["due_at"]) == received_at + timedelta(seconds=6)
    finally:
        postroom.close()
