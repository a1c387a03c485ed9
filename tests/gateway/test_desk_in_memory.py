"""Names and organisations are kept in memory until the desk changes; with the real tables."""

from uuid import uuid4

import pytest

from chassis.database import Connection
from contracts.desk import Organisation, OrganisationChanged, ThingRemoved
from contracts.erasures import ErasePiece, Subject
from contracts.event import Event
from services.gateway.contacts import organisations
from services.gateway.desk import desk
from services.gateway.privacy import erasing
from services.gateway.read_model import inbox
from tests.events import recorded

pytestmark = pytest.mark.anyio
ACME = Organisation(id=uuid4(), name="Acme", domains=("acme.example",), note="Ask kim@acme.example")


async def hear(db: Connection, event: Event, version: int) -> None:
    async with db.transaction():
        await inbox.apply(recorded(event, version=version, position=version), db)


async def test_they_are_read_again_when_a_thing_has_changed(db: Connection) -> None:
    await hear(db, OrganisationChanged(thing=ACME), 1)
    assert (await desk.names(db))[ACME.id] == "Acme"
    known = await organisations.read(db)
    assert await organisations.read(db) is known

    await hear(db, OrganisationChanged(thing=ACME.model_copy(update={"name": "Acme Ltd"})), 2)
    assert (await desk.names(db))[ACME.id] == "Acme Ltd"
    assert (await organisations.read(db)).by_id[ACME.id].name == "Acme Ltd"

    await hear(db, ThingRemoved(kind="organisation", id=ACME.id), 3)
    assert (await desk.names(db))[ACME.id] == "Acme Ltd", "what refers to it keeps its name"
    assert (await organisations.read(db)).by_id == {}


async def test_what_was_erased_is_not_in_memory_either(db: Connection) -> None:
    await hear(db, OrganisationChanged(thing=ACME), 1)
    assert "kim@acme.example" in (await organisations.read(db)).by_id[ACME.id].note

    piece = ErasePiece(person=Subject(erasure_id=uuid4(), addresses=("kim@acme.example",)))
    following: int | None = 0
    while following is not None:
        async with db.transaction():
            done = await erasing.erase(piece.model_copy(update={"after": following}), db)
        following = done.following

    assert "kim@acme.example" not in (await organisations.read(db)).by_id[ACME.id].note
