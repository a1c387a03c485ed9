"""A scanner that is away holds messages: accepted, accounted for, and scanned later."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path

import pytest

from chassis import log
from chassis.service import Service
from contracts.event import Event
from contracts.ingest import MessageHeld, MessageReceived
from contracts.mail import ScanVerdict, SmtpEnvelope
from contracts.stream_ids import message_stream
from postroom.verify import verify
from services.ingest import ledger
from services.ingest.app import deliver
from services.ingest.authentication import Authenticator
from services.ingest.directory import Directory
from services.ingest.examining import Examiner
from services.ingest.scanning import clamd as protocol
from services.ingest.scanning import held, holding
from services.ingest.scanning.clamd import Address
from services.ingest.scanning.holding import Holding
from services.ingest.scanning.scanner import Scanner
from services.ingest.settings import IngestSettings
from services.ingest.store import Store
from services.ingest.taking import Intake
from tests.ingest.desks import box_id
from tests.ingest.scanning.clamd import NAME, VIRUS, Clamd
from tests.ingest.scanning.conftest import needs_clamd
from tests.ingest.scanning.letters import letter_with
from tests.running import until

pytestmark = pytest.mark.anyio
ENVELOPE = SmtpEnvelope(
    client_address="192.0.2.1", mail_from="kim@customers.example", recipients=("support@example.com",)
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits do not grow."""
    monkeypatch.setattr(holding, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(holding, "growing", lambda _first, _most: repeat(0.05))


@pytest.fixture
def scanner_server(tmp_path: Path) -> Iterator[Clamd]:
    """One to be stopped and started."""
    running = Clamd(tmp_path / "clamd")
    yield running
    running.stop()


@dataclass
class Office:
    """Ingest as a mail server sees it, and its books."""

    service: Service[IngestSettings]
    scanner: Scanner
    store: Store

    async def take(self, raw: bytes) -> str:
        examiner = Examiner(Authenticator(self.service.settings), self.scanner)
        directory = Directory(self.service.pool, up_to_date=lambda: True)
        intake = Intake(self.service, self.store, directory, examiner)
        return await deliver(intake, "smtp", raw, ENVELOPE, None)

    async def events(self, message_id: str) -> list[Event]:
        stream_id = message_stream(message_id)  # type: ignore[arg-type]
        async with self.service.pool.acquire() as db:
            return [item.event for item in (await log.load(db, [stream_id]))[stream_id].events]

    async def received(self) -> list[str]:
        """The subjects of what was received, in the order of the log; at every moment the ledger balances."""
        async with self.service.pool.acquire() as db:
            assert (await ledger.count(db)).balanced
            rows = await db.fetch(
                "SELECT data -> 'letter' ->> 'subject' AS subject FROM event "
                "WHERE type = 'MessageReceived' ORDER BY position"
            )
        return [row["subject"] for row in rows]

    async def waiting(self) -> int:
        async with self.service.pool.acquire() as db:
            return await held.count(db)

    async def until_received(self, number: int) -> list[str]:
        async def enough() -> list[str] | None:
            subjects = await self.received()
            return subjects if len(subjects) >= number else None

        return await until(enough, 30)  # type: ignore[return-value]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """As long as the context lasts, what is held is looked after."""
        task = asyncio.create_task(Holding(self.service, self.scanner).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def office_with(service: Service[IngestSettings]) -> Callable[[str | None], Office]:
    def made(address: str | None) -> Office:
        scanner = Scanner(
            None if address is None else Address.read(address), service.settings.scan_limits, service.clock
        )
        return Office(service, scanner, Store(service))

    return made


OfficeWith = Callable[[str | None], Office]


@needs_clamd
async def test_a_message_is_held_while_the_scanner_is_down_and_goes_on_when_it_is_back(
    office_with: OfficeWith, scanner_server: Clamd
) -> None:
    office = office_with(scanner_server.unix)
    scanner_server.stop()
    before = office.service.clock()
    message_id = await office.take(letter_with(("a.txt", b"Hello")))
    after = office.service.clock()

    (event,) = await office.events(message_id)
    assert isinstance(event, MessageHeld)
    assert event.reason.startswith("The virus scanner gave no answer: ")
    async with office.service.pool.acquire() as db:
        books = await ledger.count(db)
        assert (books.accepted, books.in_flight) == (1, 1)
        messages, since, reason = await held.standing(db)
    assert (messages, reason) == (1, event.reason)
    assert since is not None
    assert before <= since <= after
    assert await verify(office.service.settings.database_url) == []

    async with office.at_work():
        await asyncio.sleep(0.3)
        assert await office.received() == []
        scanner_server.start()
        await office.until_received(1)
    _, event = await office.events(message_id)
    assert isinstance(event, MessageReceived)
    assert event.scan is not None
    assert event.scan.verdict is ScanVerdict.CLEAN
    assert (str(event.letter.message_id), event.letter.received_at) == (message_id, since)
    assert (event.envelope, event.ticketbox_id) == (ENVELOPE, box_id("Support"))
    assert [attachment.name for attachment in event.attachments] == ["a.txt"]
    assert await office.waiting() == 0
    assert await verify(office.service.settings.database_url) == []


@needs_clamd
async def test_held_messages_go_on_in_the_order_in_which_they_came_and_viruses_are_found(
    office_with: OfficeWith, scanner_server: Clamd
) -> None:
    office = office_with(scanner_server.unix)
    scanner_server.stop()
    ids = [await office.take(letter_with(number=number)) for number in range(20)]
    ids.append(await office.take(letter_with(("a.exe", VIRUS), number=20)))
    scanner_server.start()
    async with office.at_work():
        assert await office.until_received(21) == [f"Letter {number}" for number in range(21)]
    scans = [(await office.events(message_id))[-1].scan for message_id in ids]  # type: ignore[attr-defined]
    assert [scan.verdict for scan in scans] == [ScanVerdict.CLEAN] * 20 + [ScanVerdict.INFECTED]
    assert scans[-1].finding == NAME


@needs_clamd
async def test_a_copy_of_a_held_message_is_the_same_message_before_and_after_it_was_scanned(
    office_with: OfficeWith, scanner_server: Clamd
) -> None:
    office = office_with(scanner_server.unix)
    scanner_server.stop()
    first = await office.take(letter_with())
    assert await office.take(b"Received: by another way\r\n" + letter_with()) == first
    assert await office.waiting() == 1
    scanner_server.start()
    assert await office.take(letter_with()) == first
    async with office.at_work():
        await office.until_received(1)
    assert await office.take(letter_with()) == first
    assert [type(event) for event in await office.events(first)] == [MessageHeld, MessageReceived]
    async with office.service.pool.acquire() as db:
        assert (await ledger.count(db)).accepted == 1


@needs_clamd
async def test_whenever_the_work_is_cut_off_nothing_is_lost_and_nothing_comes_twice(
    office_with: OfficeWith, scanner_server: Clamd
) -> None:
    office = office_with(scanner_server.unix)
    scanner_server.stop()
    for number in range(60):
        await office.take(letter_with(number=number))
    scanner_server.start()
    cuts = 0
    while await office.waiting():
        async with office.at_work(), office.at_work():  # and two of them, as in two processes
            await asyncio.sleep(0.03 + 0.01 * (cuts % 7))
        cuts += 1
    assert cuts > 3
    assert await office.received() == [f"Letter {number}" for number in range(60)]
    assert await verify(office.service.settings.database_url) == []


@needs_clamd
async def test_the_next_messages_are_scanned_at_once_when_the_scanner_is_back_though_nothing_is_held(
    office_with: OfficeWith, scanner_server: Clamd
) -> None:
    office = office_with(scanner_server.unix)
    scanner_server.stop()
    await office.take(letter_with(number=1))
    scanner_server.start()
    async with office.at_work():
        await office.until_received(1)
        assert office.scanner.away is None
        message_id = await office.take(letter_with(number=2))
    (event,) = await office.events(message_id)
    assert isinstance(event, MessageReceived)


async def test_messages_go_on_unscanned_when_the_scanner_was_switched_off(office_with: OfficeWith) -> None:
    message_id = await office_with("unix:/nowhere/clamd").take(letter_with())
    office = office_with(None)
    async with office.at_work():
        await office.until_received(1)
    _, event = await office.events(message_id)
    assert isinstance(event, MessageReceived)
    assert event.scan is None


async def afraid_of(
    word: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    silent: bool,
    afraid: Callable[[], None] = lambda: None,
) -> None:
    """A scanner that never answers what holds a word: it hangs up, or is silent."""
    await reader.readexactly(len(b"zIDSESSION\0zVERSION\0"))
    writer.write(b"1: ClamAV 1.0\0")
    await reader.readexactly(len(b"zINSTREAM\0"))
    content = b""
    while length := struct.unpack("!L", await reader.readexactly(4))[0]:
        content += await reader.readexactly(length)
    if word not in content:
        writer.write(b"2: stream: OK\0")
    else:
        afraid()
        if silent:
            await reader.read()
    writer.close()


@pytest.mark.parametrize("silent", [False, True], ids=["hangs up", "is silent"])
async def test_a_message_that_the_scanner_never_answers_does_not_keep_the_others_and_ends_with_a_person(
    office_with: OfficeWith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    monkeypatch.setattr(protocol, "ANSWER_SECONDS", 0.2)
    path = tmp_path / "socket"
    office = office_with(f"unix:{path}")
    ids = [await office.take(letter_with(number=number)) for number in (1, 2, 3)]
    server = await asyncio.start_unix_server(partial(afraid_of, b"Letter 1", silent=silent), path)
    async with server, office.at_work():
        assert await office.until_received(3) == ["Letter 2", "Letter 3", "Letter 1"]
    event = (await office.events(ids[0]))[-1]
    assert isinstance(event, MessageReceived)
    assert event.scan is not None
    assert (event.scan.verdict, event.scan.scanner) == (ScanVerdict.UNSCANNABLE, "postroom")
    assert event.scan.finding == "the scanner answers, but not to this message, in 5 tries"


async def test_a_message_that_kills_the_scanner_lets_the_others_go_first(
    office_with: OfficeWith, tmp_path: Path
) -> None:
    path = tmp_path / "socket"
    office = office_with(f"unix:{path}")
    for number in (1, 2, 3):
        await office.take(letter_with(number=number))
    killed = asyncio.Event()

    async def fragile(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await afraid_of(b"Letter 1", reader, writer, silent=False, afraid=killed.set)

    async def live_and_die() -> None:
        while True:
            killed.clear()
            async with await asyncio.start_unix_server(fragile, path):
                await killed.wait()
                path.unlink()
            await asyncio.sleep(0.2)

    living = asyncio.create_task(live_and_die())
    async with office.at_work():
        assert await office.until_received(3) == ["Letter 2", "Letter 3", "Letter 1"]
    living.cancel()


@needs_clamd
async def test_two_processes_that_both_think_that_it_is_their_turn_do_no_harm(
    office_with: OfficeWith, scanner_server: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def their_turn(*_: object) -> bool:
        return True

    monkeypatch.setattr(holding, "try_lock", their_turn)
    office = office_with("unix:/nowhere/clamd")
    for number in range(30):
        await office.take(letter_with(number=number))
    office = office_with(scanner_server.unix)
    async with office.at_work(), office.at_work():
        await office.until_received(30)
    assert sorted(await office.received()) == sorted(f"Letter {number}" for number in range(30))
    assert await verify(office.service.settings.database_url) == []


async def test_a_held_message_that_cannot_be_stored_waits_and_the_others_go_on(
    office_with: OfficeWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await office_with("unix:/nowhere/clamd").take(letter_with(number=number)) for number in (1, 2)]
    receive = holding.receive

    def broken(message_id: object, *arguments: object, **more: object) -> object:
        if str(message_id) == ids[0]:
            raise ValueError("a string holds what it must not")
        return receive(message_id, *arguments, **more)  # type: ignore[arg-type]

    office = office_with(None)
    monkeypatch.setattr(holding, "receive", broken)
    async with office.at_work():
        assert await office.until_received(1) == ["Letter 2"]
        await asyncio.sleep(0.5)
        assert await office.waiting() == 1
        monkeypatch.setattr(holding, "receive", receive)
        assert await office.until_received(2) == ["Letter 2", "Letter 1"]
