"""The desk is kept in memory, and is exact all the same; with the real tables."""

from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from chassis.database import Connection, connect
from contracts.desk import Organisation, OrganisationChanged, Ticketbox, TicketboxChanged
from contracts.event import Event
from postroom.migrate import migrate_database
from services.tickets import desk_tables
from services.tickets.desk import Desk
from tests.events import BOX, NOON

pytestmark = pytest.mark.anyio
ACME = Organisation(id=uuid4(), name="Acme", domains=("acme.example",))
BLOOM = Organisation(id=uuid4(), name="Bloom", domains=("bloom.example",))


@pytest.fixture
async def db(db: Connection) -> Connection:
    await desk_tables.keep_desk(db, [box("Support"), OrganisationChanged(thing=ACME)], NOON)
    return db


def box(name: str) -> Event:
    return TicketboxChanged(thing=Ticketbox(id=BOX, name=name, addresses=("support@example.com",)))


async def name_of_the_box(db: Connection) -> str:
    found = (await desk_tables.read_desk(db)).get(Ticketbox, BOX)
    assert found is not None
    return found.name


async def test_what_has_not_changed_is_not_read_again(db: Connection) -> None:
    assert await desk_tables.read_desk(db) is await desk_tables.read_desk(db)


async def test_what_another_process_changes_is_known_at_once(db: Connection, database_url: str) -> None:
    await name_of_the_box(db)
    other = await connect(database_url, "tickets")
    async with db.transaction():
        await desk_tables.keep_desk(other, [box("Help")], NOON)
        assert await name_of_the_box(db) == "Help"
    await other.close()


async def test_nothing_is_left_of_a_change_that_was_rolled_back(db: Connection) -> None:
    taken_back = db.transaction()
    await taken_back.start()
    await desk_tables.keep_desk(db, [box("Taken back")], NOON)
    assert await name_of_the_box(db) == "Taken back"
    await taken_back.rollback()
    assert await name_of_the_box(db) == "Support"
    await desk_tables.keep_desk(db, [OrganisationChanged(thing=BLOOM)], NOON)
    assert await name_of_the_box(db) == "Support"


async def test_an_erasure_in_the_desk_is_known_at_once(db: Connection) -> None:
    await name_of_the_box(db)
    await db.execute("""UPDATE thing SET thing = thing || '{"name": "Erased"}' WHERE id = $1""", BOX)
    assert await name_of_the_box(db) == "Erased"


async def test_two_installations_are_not_mixed_up(db: Connection, database_url: str) -> None:
    """In one process, as in tests, and after a restore from a dump."""
    name = f"other_{uuid4().hex}"
    await (admin := await asyncpg.connect(database_url)).execute(f"CREATE DATABASE {name}")
    url = database_url.rpartition("/")[0] + f"/{name}"
    try:
        await migrate_database(url)
        other = await connect(url, "tickets")
        await desk_tables.keep_desk(other, [box("Elsewhere")], NOON)
        assert [await name_of_the_box(one) for one in (db, other, db)] == ["Support", "Elsewhere", "Support"]
        await other.close()
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


def test_what_was_looked_up_for_a_command_costs_no_sorting_of_all_organisations() -> None:
    desk = Desk({one.id: one for one in (ACME, BLOOM)})
    chosen = replace(desk, chosen_organisations={"kim@gmail.com": BLOOM.id})
    assert chosen.organisations_by_domain() is desk.organisations_by_domain()


def test_a_desk_with_other_things_sorts_them_anew() -> None:
    desk = Desk({ACME.id: ACME})
    assert [one.name for one in desk.every(Organisation)] == ["Acme"]
    larger = replace(desk, things={**desk.things, BLOOM.id: BLOOM})
    assert [one.name for one in larger.every(Organisation)] == ["Acme", "Bloom"]
    assert set(larger.organisations_by_domain()) == {"acme.example", "bloom.example"}
