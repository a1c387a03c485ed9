"""Lists of contacts out of a real PostgreSQL: a search finds the same people however many there are."""

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.database import Connection
from services.gateway import lists
from services.gateway.access.sight import EVERYTHING
from services.gateway.contacts import contacts
from tests.events import NOON

pytestmark = pytest.mark.anyio
NAMES = ("Kim Korn", "Ada Berg", "Kim Berg", "Ole Korn", "Kima Lind", "Joakim Falk")


@pytest.fixture
async def db(db: Connection) -> Connection:
    """People who wrote one after the other, the last one last."""
    for number, name in enumerate(NAMES):
        contact_id, heard_at = uuid4(), NOON + timedelta(minutes=number)
        await db.execute(
            "INSERT INTO contact (contact_id, written_name, heard_at) VALUES ($1, $2, $3)",
            contact_id,
            name,
            heard_at,
        )
        await db.execute(
            "INSERT INTO contact_address (address, contact_id, name, heard_at) VALUES ($1, $2, $3, $4)",
            f"{number}@customers.example",
            contact_id,
            name,
            heard_at,
        )
    return db


async def found(db: Connection, q: str) -> list[str]:
    page = await contacts.page_of_contacts(db, EVERYTHING, contacts.Filter(q=q), None, 10)
    return [item.name for item in page.items]


@pytest.mark.parametrize("near", [1000, 2, 0])
@pytest.mark.parametrize("sought", [1000, 0])
async def test_words_are_found_by_their_beginnings_who_wrote_last_first(
    db: Connection, monkeypatch: pytest.MonkeyPatch, sought: int, near: int
) -> None:
    monkeypatch.setattr(contacts, "SOUGHT", sought)
    monkeypatch.setattr(lists, "NEAR", near)
    assert await found(db, "kim") == ["Kima Lind", "Kim Berg", "Kim Korn"]
    assert await found(db, "ko") == ["Ole Korn", "Kim Korn"]
    assert await found(db, "3@cust") == ["Ole Korn"]
    assert await found(db, "nobody") == []
