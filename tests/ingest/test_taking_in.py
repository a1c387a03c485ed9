"""From the door to the log: which message is for which ticketbox, and when two are one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.database import connect_pool
from chassis.service import Service
from chassis.settings import ListenAddress
from contracts.mail import SmtpEnvelope
from postroom.embedded.postgres import Postgres
from postroom.embedded.process import free_port
from postroom.migrate import migrate_database
from services.ingest import directory
from services.ingest.app import deliver
from services.ingest.authentication import Authenticator
from services.ingest.directory import Directory
from services.ingest.examining import Examiner, Findings
from services.ingest.identity import Identity
from services.ingest.intake import Accepted, accept
from services.ingest.reading import read
from services.ingest.scanning.scanner import Scanner
from services.ingest.settings import IngestSettings
from services.ingest.smtp import replies
from services.ingest.smtp.door import door_of
from services.ingest.smtp.server import serve
from services.ingest.store import Store
from services.ingest.taking import Intake
from tests.ingest.desks import box_id, set_desk
from tests.ingest.smtp.client import Client

pytestmark = pytest.mark.anyio
Ingest = Service[IngestSettings]
BOXES = {"Support": ["support@example.com", "help@example.com"], "Orders": ["orders@example.com"]}


def letter(number: int = 1) -> bytes:
    return (
        f"From: Kim <kim@customers.example>\r\nSubject: Where is order {number}?\r\n"
        f"Message-ID: <{number}@customers.example>\r\nDate: Mon, 2 Mar 2026 13:00:00 +0000\r\n\r\nHello\r\n"
    ).encode()


@asynccontextmanager
async def opened(service: Ingest) -> AsyncIterator[int]:
    """The door as the service opens it; gives its port."""
    ticketboxes = Directory(service.pool, up_to_date=lambda: True)
    scanner = Scanner(None, service.settings.scan_limits, service.clock)
    examiner = Examiner(Authenticator(service.settings), scanner)
    door = door_of(
        service.settings,
        "smtp",
        recipient=ticketboxes.recipient,
        deliver=partial(deliver, Intake(service, Store(service), ticketboxes, examiner), "smtp"),
    )
    async with serve(door, ListenAddress("127.0.0.1", 0)) as address:
        assert isinstance(address, ListenAddress)
        yield address.port


async def send(service: Ingest, *recipients: str, raw: bytes = b"") -> str:
    """Send one message to these; returns the last answer."""
    async with opened(service) as port:
        client = await Client.greeted(port)
        await client.say(b"MAIL FROM:<kim@customers.example>\r\n")
        for recipient in recipients:
            said = await client.say(f"RCPT TO:<{recipient}>\r\n".encode())
            if not said.startswith("250"):
                return said
        assert (await client.say(b"DATA\r\n")).startswith("354")
        return await client.say((raw or letter()) + b".\r\n")


async def taken(service: Ingest) -> list[tuple[object, list[str]]]:
    """Ticketbox and recipients of each message in the log."""
    rows = await service.pool.fetch(
        """
        SELECT data ->> 'ticketbox_id' AS box,
               ARRAY(SELECT jsonb_array_elements_text(data -> 'letter' -> 'recipients')) AS recipients
        FROM event
        ORDER BY position
        """
    )
    assert len(rows) == await service.pool.fetchval("SELECT count(*) FROM ledger")
    names = {str(box_id(name)): name for name in BOXES}
    return [(names.get(row["box"]), row["recipients"]) for row in rows]


def from_source(service: Ingest, raw: bytes, address: str, box: str) -> Accepted:
    envelope = SmtpEnvelope(client_address="192.0.2.1", recipients=(address,))
    return accept(
        b"Received: by imap.example; today\r\n" + raw,
        read(raw),
        envelope,
        ticketbox_id=box_id(box),
        source="imap:support",
        received_at=service.clock(),
        fresh=uuid4(),
        findings=Findings(),
        again="imap:support",
    )


async def test_a_message_to_two_ticketboxes_reaches_both_by_one_answer(service: Ingest) -> None:
    await set_desk(service.pool, BOXES, version=2)
    said = await send(service, "orders@example.com", "support@example.com", "orders+x@example.com")
    assert said.startswith("250 2.0.0")
    assert await taken(service) == [
        ("Orders", ["orders@example.com", "orders+x@example.com"]),
        ("Support", ["support@example.com"]),
    ]
    ids = await service.pool.fetch("SELECT message_id FROM ledger")
    assert all(str(row["message_id"]) in said for row in ids)
    assert await service.pool.fetchval("SELECT count(*) FROM blob") == 1


async def test_sent_again_it_is_in_both_once(service: Ingest) -> None:
    await set_desk(service.pool, BOXES, version=2)
    for recipients in (
        ["orders@example.com"],
        ["support@example.com", "orders@example.com"],
        ["help@example.com"],
    ):
        assert (await send(service, *recipients)).startswith("250")
    assert await taken(service) == [("Orders", ["orders@example.com"]), ("Support", ["support@example.com"])]


async def test_to_several_addresses_of_one_ticketbox_it_is_one_message(service: Ingest) -> None:
    await set_desk(service.pool, BOXES, version=2)
    await send(service, "support@example.com", "help@example.com")
    assert await taken(service) == [("Support", ["support@example.com", "help@example.com"])]


async def test_by_smtp_to_two_and_from_a_mailbox_of_one_of_them_it_is_one_message(service: Ingest) -> None:
    await send(service, "sales@anywhere.example", "info@anywhere.example")
    await Store(service).accept((from_source(service, letter(), "info@anywhere.example", "Support"),), None)
    assert len(await taken(service)) == 1


async def test_from_a_mailbox_and_then_by_smtp_it_is_one_message(service: Ingest) -> None:
    await Store(service).accept((from_source(service, letter(), "info@anywhere.example", "Support"),), None)
    assert (await send(service, "sales@anywhere.example")).startswith("250")
    assert len(await taken(service)) == 1


@pytest.mark.parametrize("earlier", ["untimed", "by_address"])
async def test_what_was_taken_when_ids_were_made_otherwise_does_not_come_again(
    service: Ingest, earlier: str
) -> None:
    store, again = Store(service), from_source(service, letter(), "support@example.com", "Support")
    known = getattr(again.identity, earlier)
    assert known not in {None, again.identity.message_id}
    await store.accept((replace(again, identity=Identity(known), from_source=False),), None)
    await store.accept((again,), None)
    assert await send(service, "support@example.com") == f"250 2.0.0 OK {known}\r\n"
    assert len(await taken(service)) == 1


async def test_without_a_message_id_it_is_one_message_in_each_ticketbox(service: Ingest) -> None:
    await set_desk(service.pool, BOXES, version=2)
    said = await send(
        service, "orders@example.com", "support@example.com", raw=b"Subject: Hi\r\n\r\nHello\r\n"
    )
    assert said.startswith("250")
    assert [box for box, _ in await taken(service)] == ["Orders", "Support"]


async def test_what_a_source_has_taken_does_not_come_again_when_its_address_goes_to_another_ticketbox(
    service: Ingest,
) -> None:
    store = Store(service)
    await store.accept((from_source(service, letter(1), "orders@example.com", "Support"),), None)
    await send(service, "orders@example.com", raw=letter(2))
    await store.accept((from_source(service, letter(2), "orders@example.com", "Support"),), None)
    for number in (1, 2, 3):
        await store.accept((from_source(service, letter(number), "orders@example.com", "Orders"),), None)
    assert [box for box, _ in await taken(service)] == ["Support", "Support", "Orders"]


async def test_a_ticketbox_gets_its_mail_at_once_when_it_takes_an_address_from_the_one_that_had_all(
    service: Ingest,
) -> None:
    async with opened(service) as port:
        client = await Client.greeted(port)
        await client.send(letter(1), "orders@example.com")
        await set_desk(service.pool, BOXES, version=2)
        await client.send(letter(2), "orders@example.com")
    assert [box for box, _ in await taken(service)] == ["Support", "Orders"]


class TestRecipients:
    async def test_one_that_nobody_has_is_refused_for_good(self, service: Ingest) -> None:
        await set_desk(service.pool, BOXES, version=2)
        assert (await send(service, "nobody@example.com")).startswith("550 5.1.1")
        assert (await send(service, "postmaster")).startswith("250")

    async def test_while_there_is_one_ticketbox_everything_is_taken(self, service: Ingest) -> None:
        assert (await send(service, "nobody@anywhere.example")).startswith("250")
        assert await taken(service) == [("Support", ["nobody@anywhere.example"])]

    async def test_before_the_desk_is_known_none_is_refused_for_good(self, service: Ingest) -> None:
        await service.pool.execute("DELETE FROM ticketbox")
        ticketboxes = Directory(service.pool, up_to_date=lambda: True)
        assert await ticketboxes.recipient("support@example.com") is replies.RECIPIENT_UNCERTAIN
        assert await ticketboxes.known() is not None
        await set_desk(service.pool, BOXES, version=2)
        assert await ticketboxes.known() is None
        assert await ticketboxes.recipient("support@example.com") is replies.RECIPIENT_OK

    async def test_while_the_news_of_the_desk_does_not_come_none_is_refused_for_good(
        self, service: Ingest
    ) -> None:
        await set_desk(service.pool, BOXES, version=2)
        ticketboxes = Directory(service.pool, up_to_date=lambda: False)
        assert await ticketboxes.recipient("nobody@example.com") is replies.RECIPIENT_UNCERTAIN
        assert await ticketboxes.recipient("orders@example.com") is replies.RECIPIENT_OK

    async def test_a_ticketbox_that_was_created_a_moment_ago_is_waited_for(
        self, service: Ingest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(directory, "PATIENCE_SECONDS", (0.01,) * 500)
        await set_desk(service.pool, BOXES, version=2)
        ticketboxes = Directory(service.pool, up_to_date=lambda: True)
        asked = asyncio.create_task(ticketboxes.recipient("sales@example.com"))
        await asyncio.sleep(0.1)
        assert not asked.done()
        await set_desk(service.pool, {**BOXES, "Sales": ["sales@example.com"]}, version=3)
        assert await asked is replies.RECIPIENT_OK

    async def test_an_older_event_about_a_ticketbox_changes_nothing(self, service: Ingest) -> None:
        await set_desk(
            service.pool, {"Support": ["new@example.com"], "Orders": ["orders@example.com"]}, version=3
        )
        await set_desk(service.pool, BOXES, version=2)
        async with service.pool.acquire() as db:
            desk = await directory.read_desk(db)
        assert desk.box_of("new@example.com") == box_id("Support")
        assert desk.box_of("help@example.com") is None


async def test_the_database_goes_down_in_the_middle_of_data_and_the_client_keeps_its_message(
    tmp_path: Path,
) -> None:
    server = Postgres(tmp_path / "data", free_port(), "test", tmp_path / "postgres.log")
    await server.start()
    url = server.url("postgres")
    await migrate_database(url)
    service = Service(
        "ingest", IngestSettings(database_url=url, nats_url="nats://127.0.0.1:1"), asyncio.Event()
    )
    service.pool = await connect_pool(url, "ingest", 4)
    await set_desk(service.pool, BOXES)
    async with opened(service) as port:
        client = await Client.greeted(port)
        await client.begin()
        client.writer.write(letter()[:50])
        await server.stop()
        assert (await client.say(letter()[50:] + b".\r\n")).startswith("451 4.3.0")
        assert (await client.say(b"MAIL FROM:<>\r\n")).startswith("250")
        assert (await client.say(b"RCPT TO:<nobody@example.com>\r\n")).startswith("451 4.3.0")
        await server.start()
        await client.say(b"RSET\r\n")
        assert (await client.send(letter())).startswith("250 2.0.0")
        assert len(await taken(service)) == 1
    await service.pool.close()
    await server.stop()
