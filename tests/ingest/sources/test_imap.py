"""Mail is fetched from a real IMAP server: nothing is lost, nothing comes twice."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from chassis.service import Service
from contracts.mail import SmtpEnvelope
from postroom.embedded.process import free_port
from postroom.verify import verify
from services.ingest.examining import Findings
from services.ingest.intake import accept
from services.ingest.reading import read
from services.ingest.scanning.clamd import Address
from services.ingest.settings import IngestSettings
from services.ingest.sources.fetching import Listed
from services.ingest.sources.imap import ImapMailbox
from services.ingest.sources.mailbox import Fetched
from services.ingest.store import Store
from tests.ingest.desks import box_id
from tests.ingest.sources.conftest import Tend, needs_dovecot
from tests.ingest.sources.dovecot import PASSWORD, Dovecot
from tests.ingest.sources.letters import mail
from tests.ingest.sources.letters import source as described_source
from tests.proxy import Proxy

pytestmark = [needs_dovecot, pytest.mark.anyio]


def source(
    server: Dovecot,
    user: str,
    more: str = "",
    *,
    port: int = 0,
    begin: str = "everything",
    poll_seconds: float = 2,
) -> str:
    return described_source(
        "imap", port or server.imap_port, user, more, begin=begin, poll_seconds=poll_seconds
    )


async def test_everything_in_the_folder_is_taken_in_order_and_no_flag_changes(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(*map(mail, range(7)), user=user)
    with mail_server.client(user=user) as client:
        client.add_flags([2, 3], [b"\\Seen"])
    before = mail_server.held(user=user)
    async with tend(source(mail_server, user)) as books:
        said = await books.until(state="watching", taken=7)
        assert (said.seen, said.held, said.last_error) == (7, 7, None)
        assert await books.subjects() == [f"Letter {number}" for number in range(7)]
    assert mail_server.held(user=user) == before


async def test_the_custody_of_a_message_names_its_source(mail_server: Dovecot, user: str, tend: Tend) -> None:
    mail_server.deliver(mail(1), user=user)
    async with tend(source(mail_server, user)) as books:
        await books.until(taken=1)
        row = await books.service.pool.fetchrow(
            "SELECT data ->> 'source' AS source, data -> 'envelope' ->> 'mail_from' AS mail_from, "
            "data -> 'envelope' ->> 'client_address' AS client_address, "
            "data -> 'letter' ->> 'recipients' AS recipients, data -> 'letter' ->> 'automatic' AS automatic FROM event"
        )
        assert dict(row or {}) == {
            "source": "imap:support",
            "mail_from": "kim1@customers.example",
            "client_address": "127.0.0.1",
            "recipients": '["support@example.com"]',
            "automatic": "false",
        }


async def test_what_arrives_is_taken_at_once_by_idle(mail_server: Dovecot, user: str, tend: Tend) -> None:
    mail_server.client(user=user).logout()
    async with tend(source(mail_server, user, begin="now", poll_seconds=900)) as books:
        await books.until(state="watching", seen=0)
        await asyncio.sleep(0.3)  # into IDLE
        mail_server.deliver(mail(1), user=user)
        await books.until(taken=1)
        mail_server.deliver(mail(2), user=user)
        await books.until(taken=2, state="watching")


async def test_a_source_that_begins_now_passes_over_what_is_there(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(mail(1), mail(2), user=user)
    async with tend(source(mail_server, user, begin="now")) as books:
        await books.until(state="watching", passed=2)
        mail_server.deliver(mail(3), user=user)
        await books.until(taken=1)
        assert await books.subjects() == ["Letter 3"]


async def test_after_an_outage_everything_since_the_cursor_is_fetched_however_old(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(mail(1), user=user)
    async with tend(source(mail_server, user)) as books:
        await books.until(taken=1)
    mail_server.deliver(mail(2), at=datetime(2009, 1, 1, tzinfo=UTC), user=user)
    with mail_server.client(user=user) as client:
        client.add_flags([2], [b"\\Seen"])
    async with tend(source(mail_server, user)) as books:
        await books.until(taken=2, duplicate=0)


@pytest.mark.parametrize(
    ("after", "inbox", "elsewhere"),
    [
        ('after = "leave"', {1: (), 2: ()}, None),
        ('after = { mark = "$Postroom" }', {1: (b"$Postroom",), 2: (b"$Postroom",)}, None),
        ("after = { mark = '\\Seen' }", {1: (b"\\Seen",), 2: (b"\\Seen",)}, None),
        ('after = { move = "Taken" }', {}, {1: (), 2: ()}),
        ('after = "delete"', {}, None),
    ],
)
async def test_after_intake_each_message_is_left_marked_moved_or_deleted_as_chosen(
    mail_server: Dovecot,
    user: str,
    tend: Tend,
    after: str,
    inbox: dict[int, tuple[bytes, ...]],
    elsewhere: dict[int, tuple[bytes, ...]] | None,
) -> None:
    mail_server.deliver(mail(1), mail(2), user=user)
    async with tend(source(mail_server, user, after)) as books:
        await books.until(taken=2, state="watching")
    assert mail_server.held(user=user) == inbox
    if elsewhere is not None:
        assert mail_server.held("Taken", user=user) == elsewhere


async def test_what_could_not_be_done_after_intake_is_done_by_the_next_connection(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(mail(1), user=user)
    async with tend(source(mail_server, user, "after = { move = 'a/./../b' }")) as books:
        said = await books.until(taken=1, state="failing")
        assert said.last_error
    assert list(mail_server.held(user=user)) == [1]
    async with tend(source(mail_server, user, 'after = { move = "Taken" }')) as books:
        await books.until(taken=1, duplicate=0, state="watching")
    assert mail_server.held(user=user) == {}


async def test_only_its_own_messages_are_deleted(mail_server: Dovecot, user: str, tend: Tend) -> None:
    mail_server.deliver(mail(1), user=user)
    with mail_server.client(user=user) as client:
        client.add_flags([1], [b"\\Deleted"])
    async with tend(source(mail_server, user, 'after = "delete"', begin="now")) as books:
        await books.until(passed=1)
        mail_server.deliver(mail(2), user=user)
        await books.until(taken=1, state="watching")
        assert list(mail_server.held(user=user)) == [1]


async def test_when_uidvalidity_changed_all_is_fetched_again_and_nothing_comes_twice(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    with mail_server.client(user=user) as client:
        client.create_folder("Desk")
        for number in range(3):
            client.append("Desk", mail(number))
    desk = source(mail_server, user, 'folder = "Desk"')
    async with tend(desk) as books:
        await books.until(taken=3)
    await asyncio.sleep(1.1)  # dovecot's UIDVALIDITY is a time in seconds
    with mail_server.client(user=user) as client:
        client.delete_folder("Desk")
        client.create_folder("Desk")
        for number in (9, 1, 0, 2):
            client.append("Desk", mail(number))
    async with tend(desk) as books:
        await books.until(taken=4, duplicate=3, state="watching")
        assert sorted(await books.subjects()) == ["Letter 0", "Letter 1", "Letter 2", "Letter 9"]


async def test_when_uidvalidity_changed_a_source_that_began_now_does_not_take_the_old_archive(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with mail_server.client(user=user) as client:
        client.create_folder("Desk")
        client.append("Desk", mail(1), msg_time=long_ago)
    desk = source(mail_server, user, 'folder = "Desk"', begin="now")
    async with tend(desk) as books:
        await books.until(passed=1, state="watching")
    await asyncio.sleep(1.1)
    with mail_server.client(user=user) as client:
        client.delete_folder("Desk")
        client.create_folder("Desk")
        client.append("Desk", mail(1), msg_time=long_ago)
        client.append("Desk", mail(2))
    async with tend(desk) as books:
        await books.until(passed=2, taken=1, state="watching")
        with mail_server.client(user=user) as client:
            client.append("Desk", mail(3), msg_time=long_ago)  # moved here by a person, long after
        await books.until(taken=2)
        assert await books.subjects() == ["Letter 2", "Letter 3"]


async def test_a_message_that_is_deleted_meanwhile_is_in_the_books(
    mail_server: Dovecot, user: str, tend: Tend, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_server.deliver(*map(mail, range(4)), user=user)
    fetch = ImapMailbox.fetch

    def delete_and_fetch(mailbox: ImapMailbox, listed: Sequence[Listed]) -> Fetched:
        monkeypatch.setattr(ImapMailbox, "fetch", fetch)
        with mail_server.client(user=user) as client:
            client.delete_messages([2])
            client.expunge()
        return fetch(mailbox, listed)

    monkeypatch.setattr(ImapMailbox, "fetch", delete_and_fetch)
    async with tend(source(mail_server, user)) as books:
        await books.until(taken=3, vanished=1, state="watching")
        assert await books.subjects() == ["Letter 0", "Letter 2", "Letter 3"]


async def test_a_message_beyond_the_limit_stays_and_is_taken_when_the_limit_is_raised(
    mail_server: Dovecot, user: str, tend: Tend, service: Service[IngestSettings]
) -> None:
    mail_server.deliver(mail(1), mail(2, size=200_000), mail(3), user=user)
    async with tend(source(mail_server, user, 'after = "delete"')) as books:
        await books.until(taken=2, refused=1, state="watching")
        assert list(mail_server.held(user=user)) == [2]
    service.settings = service.settings.model_copy(update={"max_message_size": 300_000})
    async with tend(source(mail_server, user, 'after = "delete"')) as books:
        await books.until(taken=3, refused=0, state="watching")
    assert mail_server.held(user=user) == {}


async def test_a_connection_that_is_cut_anywhere_loses_nothing_and_doubles_nothing(
    mail_server: Dovecot, user: str, tend: Tend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.backoff.Patience.wait", lambda _: 0.01)
    mail_server.deliver(*(mail(number, size=8_000) for number in range(60)), user=user)
    proxy = Proxy(mail_server.imap_port, 40, 300, 900, 1300, 3_000, 9_000, 30_000, 300_000, 400_000, 450_000)
    async with tend(source(mail_server, user, 'after = { mark = "$Postroom" }', port=proxy.port)) as books:
        await books.until(taken=60, duplicate=0, state="watching")
        assert await books.subjects() == [f"Letter {number}" for number in range(60)]
    assert proxy.connections > 10
    assert set(mail_server.held(user=user).values()) == {(b"$Postroom",)}
    proxy.close()


async def by_smtp(store: Store, raw: bytes, service: Service[IngestSettings]) -> None:
    """The same mail takes another way, too."""
    accepted = accept(
        raw,
        read(raw),
        SmtpEnvelope(client_address="192.0.2.1", recipients=("Support@example.com",)),
        ticketbox_id=box_id("Support"),
        source="smtp",
        received_at=service.clock(),
        fresh=uuid4(),
        findings=Findings(),
    )
    await store.accept((accepted,), None)


async def test_the_same_mail_by_smtp_and_by_imap_is_one_message(
    mail_server: Dovecot, user: str, tend: Tend, service: Service[IngestSettings]
) -> None:
    store = Store(service)
    _, author, letter = mail(1).partition(b"From:")
    await by_smtp(store, author + letter, service)
    mail_server.deliver(mail(1), mail(2), user=user)
    async with tend(source(mail_server, user), store) as books:
        await books.until(duplicate=1, taken=1)
        assert await books.subjects() == ["Letter 1", "Letter 2"]


async def test_mail_that_is_fetched_while_the_virus_scanner_is_away_is_held_and_taken_once(
    mail_server: Dovecot, user: str, tend: Tend, service: Service[IngestSettings]
) -> None:
    mail_server.deliver(*map(mail, range(60)), user=user)
    async with tend(source(mail_server, user), clamd=Address.read("unix:/nowhere/clamd")) as books:
        await books.until(taken=60, state="watching")
        assert await books.subjects() == [None] * 60
    assert await service.pool.fetchval("SELECT count(*) FROM held") == 60
    await by_smtp(Store(service), mail(7), service)
    assert len(await books.subjects()) == 60
    assert await verify(service.settings.database_url) == []


async def test_a_wrong_password_is_a_state_of_its_own_and_is_not_tried_again_soon(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    proxy = Proxy(mail_server.imap_port)
    wrong = source(mail_server, user, port=proxy.port).replace(PASSWORD, "wrong")
    async with tend(wrong) as books:
        said = await books.until(state="sign_in_refused")
        assert "AUTHENTICATIONFAILED" in (said.last_error or "")
        await asyncio.sleep(1.5)
    assert proxy.connections == 1
    proxy.close()


async def test_of_two_processes_one_tends_a_source(mail_server: Dovecot, user: str, tend: Tend) -> None:
    mail_server.deliver(*map(mail, range(20)), user=user)
    async with tend(source(mail_server, user)) as books, tend(source(mail_server, user)):
        await books.until(taken=20, duplicate=0, state="watching")


async def test_a_mailbox_of_thousands_is_taken_whole(mail_server: Dovecot, user: str, tend: Tend) -> None:
    mail_server.fill({f"{number:05}.M1.host": mail(number) for number in range(5000)}, user=user)
    with mail_server.client(user=user) as client:
        client.delete_messages(range(100, 2500))  # UIDs with a wide gap
        client.expunge()
    async with tend(source(mail_server, user)) as books:
        await books.until(taken=2600, state="watching", duplicate=0)
    async with tend(source(mail_server, user)) as books:
        mail_server.deliver(mail(9999), user=user)
        await books.until(taken=2601, duplicate=0, state="watching")


async def test_a_server_that_is_away_is_found_again(tend: Tend, mail_server: Dovecot, user: str) -> None:
    mail_server.deliver(mail(1), user=user)
    port = free_port()
    async with tend(source(mail_server, user, port=port)) as books:
        said = await books.until(state="failing")
        assert "refused" in (said.last_error or "")
        proxy = Proxy(mail_server.imap_port, listen=port)
        await books.until(taken=1, state="watching", last_error=None)
        proxy.close()
