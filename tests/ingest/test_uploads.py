"""Messages in pieces, on a real PostgreSQL: whole or not at all, and once however often they are asked for."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from chassis.service import Service
from contracts.commands import Refused
from contracts.uploads import AcceptUpload, StoreUpload, UploadAccepted
from services.ingest.authentication import Authenticator
from services.ingest.directory import Directory
from services.ingest.examining import Examiner
from services.ingest.scanning.scanner import Scanner
from services.ingest.settings import IngestSettings
from services.ingest.store import Store
from services.ingest.taking import Intake
from services.ingest.uploads import PIECES_KEPT, accept_upload, clean, store_piece

pytestmark = pytest.mark.anyio
BARE = b"From: kim@customers.example\r\nSubject: No Message-ID\r\n\r\nHello\r\n"
LETTER = b"Message-ID: <1@customers.example>\r\n" + BARE

Ingest = Service[IngestSettings]


async def hand_in(service: Ingest, pieces: Sequence[tuple[int, bytes]]) -> UUID:
    upload_id = uuid4()
    for number, content in pieces:
        await store_piece(service, StoreUpload(upload_id=upload_id, number=number, content=content))
    return upload_id


def wish(upload_id: UUID, raw: bytes, **changes: object) -> AcceptUpload:
    return AcceptUpload.model_validate(
        {
            "command_id": uuid4(),
            "upload_id": upload_id,
            "sha256": sha256(raw).hexdigest(),
            "source": "api",
            "recipient": "support@example.com",
            "client_address": "192.0.2.1",
            "actor_id": None,
            **changes,
        }
    )


def intake_of(service: Ingest) -> Intake:
    """With a store of its own, as a process has it."""
    directory = Directory(service.pool, up_to_date=lambda: True)
    scanner = Scanner(None, service.settings.scan_limits, service.clock)
    examiner = Examiner(Authenticator(service.settings), scanner)
    return Intake(service, Store(service), directory, examiner)


async def counts(service: Ingest) -> tuple[int, int, int]:
    """Events, ledger rows, and pieces that lie about."""
    row = await service.pool.fetchrow(
        "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM ledger), (SELECT count(*) FROM upload)"
    )
    assert row is not None
    return row[0], row[1], row[2]


async def accepted(service: Ingest, request: AcceptUpload) -> UploadAccepted:
    answer = await accept_upload(service, intake_of(service), request)
    assert isinstance(answer, UploadAccepted)
    return answer


async def test_pieces_make_the_message_in_whatever_order_and_however_often_they_come(service: Ingest) -> None:
    upload_id = await hand_in(
        service, [(1, LETTER[10:40]), (0, LETTER[:10]), (1, LETTER[10:40]), (2, LETTER[40:])]
    )
    answer = await accepted(service, wish(upload_id, LETTER))
    assert not answer.duplicate
    assert await counts(service) == (1, 1, 0)
    stored = await service.pool.fetchval(
        "SELECT content FROM blob WHERE sha256 = $1", sha256(LETTER).digest()
    )
    assert stored == LETTER
    event = await service.pool.fetchrow(
        "SELECT position, data -> 'envelope' ->> 'mail_from' AS sender FROM event"
    )
    assert event is not None
    assert (event["position"], event["sender"]) == (answer.position, "kim@customers.example")


async def test_a_message_with_a_missing_piece_is_refused_and_nothing_of_it_is_taken(service: Ingest) -> None:
    upload_id = await hand_in(service, [(0, LETTER[:10]), (2, LETTER[40:])])
    answer = await accept_upload(service, intake_of(service), wish(upload_id, LETTER))
    assert isinstance(answer, Refused)
    assert answer.code == "incomplete"
    assert await counts(service) == (0, 0, 2)


@pytest.mark.parametrize("raw", [BARE, LETTER], ids=["without a Message-ID", "with one"])
async def test_the_same_request_again_gets_the_first_answer_even_without_its_pieces(
    service: Ingest, raw: bytes
) -> None:
    command_id = uuid4()
    first = await accepted(service, wish(await hand_in(service, [(0, raw)]), raw, command_id=command_id))
    again = await accepted(service, wish(uuid4(), raw, command_id=command_id))
    other = await accepted(service, wish(await hand_in(service, [(0, b"x")]), b"x", command_id=command_id))
    assert first == again == other
    assert await counts(service) == (1, 1, 0)


async def test_a_bare_message_is_known_by_its_request_even_when_the_answer_is_forgotten(
    service: Ingest,
) -> None:
    command_id = uuid4()
    first = await accepted(service, wish(await hand_in(service, [(0, BARE)]), BARE, command_id=command_id))
    await service.pool.execute("DELETE FROM upload_answer")
    late = await accepted(service, wish(await hand_in(service, [(0, BARE)]), BARE, command_id=command_id))
    assert (late.message_id, late.duplicate) == (first.message_id, True)


async def test_many_workers_with_the_same_request_take_one_message(service: Ingest) -> None:
    command_id = uuid4()
    uploads = [await hand_in(service, [(0, BARE)]) for _ in range(6)]
    # Each with a store of its own, as in several processes.
    answers = await asyncio.gather(
        *(accepted(service, wish(upload_id, BARE, command_id=command_id)) for upload_id in uploads)
    )
    assert len(set(answers)) == 1
    assert await counts(service) == (1, 1, 0)


async def test_a_message_that_is_known_is_a_duplicate_and_two_bare_ones_are_two(service: Ingest) -> None:
    first = await accepted(service, wish(await hand_in(service, [(0, LETTER)]), LETTER))
    copy = await accepted(service, wish(await hand_in(service, [(0, LETTER)]), LETTER))
    assert (copy.message_id, copy.duplicate, copy.position) == (first.message_id, True, first.position)
    bare = [await accepted(service, wish(await hand_in(service, [(0, BARE)]), BARE)) for _ in range(2)]
    assert [one.duplicate for one in bare] == [False, False]
    assert await counts(service) == (3, 3, 0)


async def test_what_was_never_finished_is_forgotten_after_an_hour(
    service: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hand_in(service, [(0, LETTER)])

    async def cleaned_at(later: timedelta) -> int:
        moment = service.clock() + later
        with monkeypatch.context() as patch:
            patch.setattr(service, "clock", lambda: moment, raising=False)
            task = asyncio.create_task(clean(service))
            await asyncio.sleep(0.3)
            task.cancel()
        return (await counts(service))[2]

    assert await cleaned_at(PIECES_KEPT - timedelta(minutes=1)) == 1
    assert await cleaned_at(PIECES_KEPT + timedelta(minutes=1)) == 0
