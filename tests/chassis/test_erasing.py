"""Rows lose a person's data under a role of its own, and the chain tells an erasure from a forgery."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from chassis import log
from chassis.database import connect
from chassis.erasing import begin, erase_log, erase_parked
from chassis.log import Answer
from chassis.wire import ERASED, headers
from contracts.correspondence import NoteAdded
from contracts.erasures import ErasePiece, ErasureRequested, PieceErased, Subject
from contracts.event import Event, Meta
from contracts.stream_ids import erasure_stream, message_stream, ticket_stream
from postroom.migrate import migrate_database
from postroom.verify import verify
from tests.events import NOON, letter, received

pytestmark = pytest.mark.anyio
KIM = "kim@customers.example"


def meta() -> Meta:
    return Meta(correlation_id=uuid4(), causation_id=uuid4())


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    await migrate_database(database_url)
    connection = await connect(database_url, "ingest")
    yield connection
    await connection.close()


@pytest.fixture
async def owner(database_url: str, db: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def keep(db: asyncpg.Connection, stream_id: str, *events: Event) -> None:
    async with db.transaction():
        await log.append(db, [Answer(stream_id, events, uuid4(), meta(), NOON)], NOON)


async def ask(owner: asyncpg.Connection, erasure_id: UUID) -> None:
    asked = ErasureRequested(erasure_id=erasure_id, digests=("00",), reason="Asked", requested_by=uuid4())
    async with owner.transaction():
        await owner.execute("SET LOCAL search_path = tickets")
        await log.append(owner, [Answer(erasure_stream(erasure_id), (asked,), uuid4(), meta(), NOON)], NOON)


async def erase(db: asyncpg.Connection, person: Subject) -> PieceErased:
    async with db.transaction():
        await begin(db, "ingest")
        return await erase_log(db, "ingest", ErasePiece(person=person, end=10**9), datetime.now(UTC))


async def broken(database_url: str) -> list[str]:
    """What `postroom verify` says of chains; the messages of these tests are in no ledger."""
    return [problem for problem in await verify(database_url) if "position" in problem or "nobody" in problem]


async def a_person_erased(db: asyncpg.Connection, owner: asyncpg.Connection) -> Subject:
    """Two letters of a person and one of somebody else, and the person is erased."""
    mine, mine_too, other = letter(), letter(), letter()
    other = other.model_copy(update={"from_": None})
    for head in (mine, other, mine_too):
        await keep(db, message_stream(head.message_id), received(head), received(head))
    person = Subject(erasure_id=uuid4(), addresses=(KIM,), message_ids=(mine.message_id, mine_too.message_id))
    await ask(owner, person.erasure_id)
    assert await erase(db, person) == PieceErased(rows=4)
    return person


async def test_erased_rows_verify_and_hold_nothing_of_the_person(
    database_url: str, db: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    person = await a_person_erased(db, owner)

    assert await broken(database_url) == []
    assert not await db.fetchval("SELECT count(*) FROM event WHERE data::text ~* $1", KIM)
    assert await db.fetchval("SELECT count(*) FROM event WHERE payload_sha256 IS NOT NULL") == 4
    # It is in the log, once, which rows these are.
    assert await erase(db, person) == PieceErased(rows=0)
    assert await db.fetchval("SELECT count(*) FROM event WHERE type = 'LettersErased'") == 1


async def test_a_row_goes_out_with_a_mark_that_it_was_erased(
    db: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await a_person_erased(db, owner)

    marks = [ERASED in headers(row, "ingest", 0) for row in await log.read_after(db, 0, 100)]
    assert marks == [True, True, False, False, True, True, False]


@pytest.mark.parametrize(
    "forgery",
    [
        # What was erased says something else.
        'UPDATE ingest.event SET data = data || \'{"text": "I owe you 100 lamps"}\' WHERE position = 1',
        # What was erased comes back.
        "UPDATE ingest.event SET payload_sha256 = NULL WHERE position = 1",
        # The one that vouches for it is changed.
        "UPDATE ingest.event SET data = jsonb_set(data, '{rows,0,sha256}', '\"00\"') WHERE type = 'LettersErased'",
        # It was asked for by nobody.
        "DELETE FROM tickets.event WHERE type = 'ErasureRequested'",
    ],
)
async def test_a_forged_erasure_is_noticed(
    database_url: str, db: asyncpg.Connection, owner: asyncpg.Connection, forgery: str
) -> None:
    await a_person_erased(db, owner)
    await owner.execute(forgery)
    assert await broken(database_url) != []


async def test_data_changed_with_the_digest_of_what_stood_there_is_noticed(
    database_url: str, db: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await a_person_erased(db, owner)
    row = await owner.fetchrow("SELECT data::text AS data FROM ingest.event WHERE position = 3")
    assert row is not None
    fits = log.sha256(log.canonical(orjson.loads(row["data"]))).digest()
    await owner.execute(
        'UPDATE ingest.event SET payload_sha256 = $1, data = data || \'{"text": "no"}\' WHERE position = 3',
        fits,
    )
    assert any("no erasure vouches" in problem for problem in await broken(database_url))


async def test_only_the_role_of_erasures_may_change_a_row_and_only_what_it_says(
    db: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await a_person_erased(db, owner)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.execute("UPDATE event SET data = '{}'")
    for wish in ("UPDATE event SET type = 'Other'", "UPDATE event SET digest = ''", "DELETE FROM event"):
        transaction = db.transaction()
        await transaction.start()
        await begin(db, "ingest")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(wish)
        await transaction.rollback()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):  # it ended with the transaction
        await db.execute("UPDATE event SET data = '{}'")


async def test_a_log_is_erased_in_pieces(
    database_url: str, db: asyncpg.Connection, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.erasing.MOST_ROWS", 2)
    heads = [letter() for _ in range(5)]
    for head in heads:
        await keep(db, message_stream(head.message_id), received(head))
    person = Subject(
        erasure_id=uuid4(), addresses=(KIM,), message_ids=tuple(head.message_id for head in heads)
    )
    await ask(owner, person.erasure_id)

    rows, following = 0, 0
    while following is not None:
        async with db.transaction():
            await begin(db, "ingest")
            piece = ErasePiece(person=person, after=following, end=10**9)
            done = await erase_log(db, "ingest", piece, datetime.now(UTC))
        assert done.rows <= 2
        rows, following = rows + done.rows, done.following  # type: ignore[assignment]

    assert rows == 5
    assert await broken(database_url) == []


async def test_a_row_that_lost_the_address_to_one_part_of_a_person_loses_the_rest_to_the_next(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contracts.erasures.MOST_MESSAGE_ID_BYTES", 1)
    message_ids = ("<1@customers.example>", "<2@customers.example>")
    text = f"{KIM} has sent {' and '.join(message_ids)}"
    note = NoteAdded(ticket_id=uuid4(), note_id=uuid4(), author_id=uuid4(), text=text)
    await keep(db, ticket_stream(note.ticket_id), note)
    person = Subject(erasure_id=uuid4(), addresses=(KIM,), internet_message_ids=message_ids)

    for part in person.parts():
        await erase(db, part)

    left = await db.fetchval("SELECT data ->> 'text' FROM event WHERE type = 'NoteAdded'")
    assert left == f"{person.alias} has sent {person.alias} and {person.alias}"


async def test_what_is_parked_loses_the_person_and_can_still_be_handled(db: asyncpg.Connection) -> None:
    head = letter()
    body = received(head).model_dump_json().encode()
    await db.execute(
        "INSERT INTO parked (parked_id, consumer, headers, body, error, attempts)"
        " VALUES ($1, 'router-messages-ingest', $2::jsonb, $3, $4, 6)",
        uuid4(),
        '{"ce-type": "MessageReceived"}',
        body,
        f"ValueError: what does {KIM} want?",
    )

    assert (
        await erase_parked(db, Subject(erasure_id=uuid4(), addresses=(KIM,), message_ids=(head.message_id,)))
        == 1
    )

    row = await db.fetchrow("SELECT body, error FROM parked")
    assert row is not None
    assert KIM not in f"{row['body']}{row['error']}"
    assert type(received(head)).read(row["body"], 1).letter.message_id == head.message_id
