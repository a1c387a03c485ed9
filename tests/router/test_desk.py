"""The desk as router follows it: the newest word counts, and only who is there and may answer takes tickets."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from contracts.contacts import Card, ContactAdded, ContactsMerged
from contracts.desk import Organisation, OrganisationChanged, PersonChanged, ThingRemoved, TicketboxChanged
from contracts.event import Event
from contracts.people import PersonAdded, Presence, PresenceChanged, Right, Role, presence_at
from contracts.rulesets import RulesetPublished
from services.router import contacts, tables
from services.router.facts import Contact
from tests.desks import ANNA, SUPPORT
from tests.events import NOON, recorded

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


async def keep(db: asyncpg.Connection, event: Event, version: int) -> None:
    (item,) = recorded(event, version=version)
    await tables.keep_desk(db, item)


async def there(db: asyncpg.Connection, hours: int = 0) -> list[str]:
    people = await tables.agents(db, NOON + hours * HOUR)
    return [one.person.name for one in people if one.presence is Presence.AVAILABLE]


async def test_only_people_who_are_active_and_available_take_tickets(db: asyncpg.Connection) -> None:
    await keep(db, PersonAdded(person_id=ANNA.id, email=ANNA.email, name="Anna", role=Role.AGENT), 1)
    assert await there(db) == []
    await keep(db, PresenceChanged(person_id=ANNA.id, presence=Presence.AVAILABLE), 2)
    assert await there(db) == ["Anna"]
    await keep(db, PersonChanged(thing=ANNA.model_copy(update={"active": False})), 3)
    assert await there(db) == []
    await keep(db, PersonChanged(thing=ANNA.model_copy(update={"name": "Anna Berg"})), 4)
    assert await there(db) == ["Anna Berg"]
    await keep(db, ThingRemoved(kind="person", id=ANNA.id), 5)
    assert await there(db) == []


async def test_older_news_changes_nothing(db: asyncpg.Connection) -> None:
    await keep(db, PersonChanged(thing=ANNA), 4)
    await keep(db, PresenceChanged(person_id=ANNA.id, presence=Presence.AVAILABLE), 6)
    await keep(db, PersonChanged(thing=ANNA.model_copy(update={"active": False})), 3)
    await keep(db, PresenceChanged(person_id=ANNA.id, presence=Presence.OFF), 5)
    await keep(db, ThingRemoved(kind="person", id=ANNA.id), 2)
    assert await there(db) == ["Anna"]


async def test_a_presence_is_over_when_its_time_has_come(db: asyncpg.Connection) -> None:
    await keep(db, PersonChanged(thing=ANNA), 1)
    await keep(db, PresenceChanged(person_id=ANNA.id, presence=Presence.AWAY, until=NOON + HOUR), 2)
    assert [await there(db), await there(db, 1)] == [[], ["Anna"]]
    await keep(db, PresenceChanged(person_id=ANNA.id, presence=Presence.AVAILABLE, until=NOON + HOUR), 3)
    assert [await there(db), await there(db, 1)] == [["Anna"], []]


async def test_a_person_is_known_with_what_they_may_do(db: asyncpg.Connection) -> None:
    await keep(db, TicketboxChanged(thing=SUPPORT), 1)
    await keep(db, PersonChanged(thing=ANNA), 1)
    known = await tables.person(db, ANNA.id)
    assert known is not None
    assert known.may(Right.ANSWER, SUPPORT.id)
    assert await tables.person(db, uuid4()) is None


@pytest.mark.parametrize(
    ("presence", "after"),
    [
        (Presence.AVAILABLE, Presence.OFF),
        (Presence.AWAY, Presence.AVAILABLE),
        (Presence.OFF, Presence.AVAILABLE),
    ],
)
def test_who_was_away_is_back_and_who_was_there_has_gone(presence: Presence, after: Presence) -> None:
    assert presence_at(presence, None, NOON) is presence
    assert presence_at(presence, NOON, NOON - HOUR) is presence
    assert presence_at(presence, NOON, NOON) is after


async def test_contacts_are_known_by_each_of_their_addresses(db: asyncpg.Connection) -> None:
    card = Card(id=uuid4(), addresses=("kim@acme.example", "kim@home.example"), name="Kim")
    other = Card(id=uuid4(), addresses=("k@work.example",), name="K.")
    merged = ContactsMerged(
        contact_id=other.id, into_id=card.id, merged_by=ANNA.id, belongs={"k@work.example": card.id}
    )
    told = [
        ContactAdded(contact=card, belongs=dict.fromkeys(card.addresses, card.id)),
        ContactAdded(contact=other, belongs={"k@work.example": other.id}),
        merged,
    ]
    for position, event in enumerate(told, 1):
        (item,) = recorded(event)
        await contacts.keep(db, replace(item, position=position))
    (old,) = recorded(ContactAdded(contact=other, belongs={"k@work.example": other.id}))
    await contacts.keep(db, replace(old, position=2))  # delivered again
    kim = Contact("Kim", None)
    assert await contacts.read(db, ["k@work.example", "li@elsewhere.example"]) == {"k@work.example": kim}
    assert await contacts.read(db) == dict.fromkeys([*card.addresses, "k@work.example"], kim)


async def test_the_rules_are_read_again_when_the_desk_or_they_themselves_have_changed(
    db: asyncpg.Connection,
) -> None:
    assert await tables.read_ruleset(db) is None
    await keep(db, TicketboxChanged(thing=SUPPORT), 1)
    await keep(db, RulesetPublished(rules=(), default_ticketbox_id=SUPPORT.id), 1)
    first = await tables.read_ruleset(db)
    assert first is not None
    assert await tables.read_ruleset(db) is first

    acme = Organisation(id=uuid4(), name="Acme", domains=("acme.example",))
    await keep(db, OrganisationChanged(thing=acme), 1)
    await keep(db, RulesetPublished(rules=(), default_ticketbox_id=SUPPORT.id), 2)
    second = await tables.read_ruleset(db)
    assert second is not None
    assert (second.version, second.organisations) == (2, {"acme.example": "Acme"})
