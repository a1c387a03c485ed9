"""What routing keeps of a person beside its log: the queue, contacts, and questions about the past."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import orjson
import pytest

from chassis import trials
from chassis.erasing import begin, erase_trials
from contracts.contacts import Card, ContactAdded
from contracts.erasures import Subject
from contracts.event import Event, Meta, Recorded
from contracts.stream_ids import contact_id, contact_stream, ticket_stream
from services.router import contacts, queue_tables
from services.router.erasing import forget_contacts, leave_queue
from services.router.queue import LastAnswer, contact_key
from tests.events import ANNA, NOON, letter, replied, ticket_of

pytestmark = pytest.mark.anyio
KIM, OTTO = "kim@customers.example", "otto@customers.example"


def recorded(event: Event, stream_id: str, version: int = 1) -> Recorded[Event]:
    meta = Meta(correlation_id=uuid4(), causation_id=uuid4())
    return Recorded(
        event=event,
        event_id=uuid4(),
        stream_id=stream_id,
        version=version,
        position=version,
        after=0,
        meta=meta,
        occurred_at=NOON,
        recorded_at=NOON,
    )


async def erase(db: asyncpg.Connection, person: Subject) -> None:
    async with db.transaction():
        await begin(db, "router")
        await leave_queue(db, person)
        await forget_contacts(db, person)


async def test_an_event_that_waits_for_another_loses_the_person_and_can_still_be_heard(
    db: asyncpg.Connection,
) -> None:
    head = letter()
    stream = ticket_stream(ticket_of(head))
    await queue_tables.keep_early(db, [recorded(replied(ticket_of(head), head), stream, version=2)])

    await erase(db, Subject(erasure_id=uuid4(), addresses=(KIM,), message_ids=(head.message_id,)))

    assert KIM not in await db.fetchval("SELECT data::text FROM early")
    (item,) = await queue_tables.take_early(db, [stream])
    assert item.version == 2


async def test_who_answered_the_person_last_is_forgotten(db: asyncpg.Connection) -> None:
    answer = LastAnswer(NOON, ANNA)
    await queue_tables.keep_last_agents(db, {contact_key(KIM): answer, contact_key(OTTO): answer})

    await erase(db, Subject(erasure_id=uuid4(), addresses=(KIM,)))

    assert await queue_tables.last_agents(db, [contact_key(KIM), contact_key(OTTO)]) == {
        contact_key(OTTO): ANNA
    }


async def test_rules_know_nothing_of_an_erased_contact_nor_hear_of_it_again(db: asyncpg.Connection) -> None:
    def added(address: str, identity_of: str = "") -> Recorded[Event]:
        identity = contact_id(identity_of or address)
        card = Card(id=identity, addresses=(address,), name="" if identity_of else "Kim")
        return recorded(ContactAdded(contact=card, belongs={address: identity}), contact_stream(identity))

    await contacts.keep(db, added(KIM))
    await contacts.keep(db, added(OTTO))
    person = Subject(erasure_id=uuid4(), addresses=(KIM,), contact_ids=(contact_id(KIM),))

    await erase(db, person)
    await contacts.keep(db, added(person.alias, KIM))

    assert set(await contacts.read(db)) == {OTTO}


async def a_trial(db: asyncpg.Connection, **found: object) -> None:
    trial_id, now = uuid4(), datetime.now(UTC)
    await trials.ask(db, trial_id, "{}", ANNA, now)
    await db.execute(
        "UPDATE trial SET state = 'done', summary = $2::text::jsonb WHERE trial_id = $1",
        trial_id,
        orjson.dumps(found.get("summary", {"errors": {}})).decode(),
    )
    if finding := found.get("finding"):
        await db.execute(
            "INSERT INTO finding (trial_id, number, finding) VALUES ($1, 1, $2::text::jsonb)",
            trial_id,
            orjson.dumps(finding).decode(),
        )


async def test_what_was_found_of_the_past_is_forgotten_where_it_may_be_about_the_person(
    db: asyncpg.Connection,
) -> None:
    head = letter()
    await a_trial(db, finding={"message_id": str(head.message_id)})
    await a_trial(db, finding={"message_id": str(uuid4()), "after": {"forward_to": [KIM]}})
    await a_trial(db, summary={"errors": {"a rule": "no such header: lamp"}})
    await a_trial(db, finding={"message_id": str(uuid4())})
    person = Subject(erasure_id=uuid4(), addresses=(KIM,), message_ids=(head.message_id,))

    assert await erase_trials(db, person) is None

    assert await db.fetchval("SELECT count(*) FROM trial") == 1


async def test_an_erasure_waits_for_a_question_that_is_being_examined(db: asyncpg.Connection) -> None:
    await trials.ask(db, uuid4(), "{}", ANNA, datetime.now(UTC))
    await db.execute("UPDATE trial SET state = 'running'")

    assert await erase_trials(db, Subject(erasure_id=uuid4(), addresses=(KIM,))) is not None
