"""A person with a history in a whole Postroom, and looking for it everywhere."""

import re
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from chassis.projection import behind
from contracts.streams import STREAMS
from services.analytics.facts import FACTS
from services.router.queue import contact_key
from tests.running import BEARER, Postroom, until

ADDRESS = "wilhelmina.quast@customers.example"
HOME, OFFICE = "mina@quast-family.example", "w.quast@office.example"
"""Other addresses of the same person; nothing came from them."""
SENTENCE = "my aquarium of zebra plecos burst over the parquet"
SECRETS = (
    *(ADDRESS, HOME, OFFICE, "Quast", "zebra plecos", "aquarium", "quast-letter", "jungle-receipt"),
    *("tank 4711", "feeding time", str(contact_key(ADDRESS))),
)
"""What nobody may find any more: all of it came from the person."""
VIEW = "5a8e2c1e-0000-4000-8000-000000000007"
BOSS_SENTENCE = "please treat this matter kindly"


def letter_from(number: int, sender: str, subject: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "support@example.com"
    message["Subject"] = subject
    message["Message-ID"] = f"<{headers.pop('id', f'quast-letter-{number}')}@customers.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


JANE = f"Wilhelmina Quast <{ADDRESS}>"
BOSS = "Otto Chief <otto@customers.example>"


class Desk:
    """What an administrator does by the API, and what can be found by looking everywhere."""

    def __init__(self, postroom: Postroom) -> None:
        self.postroom = postroom
        self.http = httpx.AsyncClient(base_url=f"{postroom.url}/api/v1", headers=BEARER, timeout=30)

    async def get(self, path: str, **parameters: Any) -> Any:
        answer = await self.http.get(path, params=parameters)
        answer.raise_for_status()
        return answer.json()

    async def post(self, path: str, body: Any) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def put(self, path: str, body: Any) -> Any:
        answer = await self.http.put(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def settled(self) -> bool:
        ledger = await self.get("/ledger")
        return bool(ledger["accepted"]) and ledger["in_flight"] == 0

    async def ticket_of(self, contact: str) -> Any:
        async def there() -> Any:
            return (await self.get("/tickets", contact=contact))["items"]

        items = await until(there)
        return await self.get(f"/tickets/{items[0]['number']}")  # type: ignore[index]

    async def figures(self) -> dict[str, Any]:
        """Every report of all that has happened, without the moment at which it was made."""
        await until(self._all_counted)
        names = [one["name"] for one in (await self.get("/reports"))["items"]]
        reports = {name: await self.get(f"/reports/{name}") for name in names}
        return {name: (one["rows"], one["totals"]) for name, one in reports.items()}

    async def _all_counted(self) -> bool:
        # Not as the service, which sees its own tables only.
        db = await asyncpg.connect(self.postroom.database_url, server_settings={"search_path": "analytics"})
        try:
            ends = {
                source: await db.fetchval(f"SELECT coalesce(max(position), 0) FROM {source}.event")
                for source in STREAMS
            }
            return await behind(db, FACTS.name, ends) is None
        finally:
            await db.close()

    async def find(self, words: tuple[str, ...]) -> dict[str, list[str]]:
        """Where words are found: in every text of the database as it would be dumped, and in every file."""
        found: dict[str, list[str]] = {}
        db = await asyncpg.connect(self.postroom.database_url)
        try:
            tables = await db.fetch(
                "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
            for table in tables:
                rows = "\n".join(
                    row["text"] for row in await db.fetch(f"SELECT t::text AS text FROM {table['name']} AS t")
                )
                rows += "\n" + "\n".join(_decoded(rows))
                for word in words:
                    if word.lower() in rows.lower():
                        found.setdefault(word, []).append(table["name"])
        finally:
            await db.close()
        for folder in ("nats", "outgoing"):
            for file in (self.postroom.data / folder).rglob("*"):
                content = file.read_bytes().lower() if file.is_file() else b""
                for word in words:
                    if word.lower().encode() in content:
                        found.setdefault(word, []).append(str(file.relative_to(self.postroom.data)))
        return found


def _decoded(rows: str) -> list[str]:
    r"""Stored bytes in a dump are written as \x…: what they say."""
    return [
        bytes.fromhex(digits).decode("utf-8", "replace")
        for digits in re.findall(r"\\x((?:[0-9a-f]{2}){8,})", rows)
    ]


async def write_history(desk: Desk) -> None:
    """A person writes twice, is answered, noted about and given a file; a colleague writes into the ticket."""
    first = letter_from(1, JANE, "Flooded by my aquarium", f"Hello,\n\n{SENTENCE}.\n\nWilhelmina\n", Cc=BOSS)
    first.add_attachment(b"jungle-receipt 4711", "application", "octet-stream", filename="quast.bin")
    desk.postroom.send(first)
    ticket = await desk.ticket_of(ADDRESS)
    number = ticket["number"]
    subject = f"Re: [#{number}] Flooded"
    desk.postroom.send(letter_from(2, JANE, subject, "The zebra plecos are fine.\n"))
    desk.postroom.send(letter_from(3, BOSS, subject, f"{BOSS_SENTENCE}.\n", id="boss-1"))
    desk.postroom.send(
        letter_from(4, "Kim <kim@customers.example>", "A lamp", "Where is my lamp?\n", id="kim-1")
    )
    await until(desk.settled)

    async def all_there() -> Any:
        found = await desk.get(f"/tickets/{number}")
        return found if found["letters"] == 3 else None

    ticket = await until(all_there)
    await desk.post(
        f"/tickets/{number}/replies",
        {"text": "Dear Ms Quast, we are sorry about the aquarium.", "expected_version": ticket["version"]},
    )
    await desk.post(f"/tickets/{number}/notes", {"text": f"She rang: {ADDRESS}, zebra plecos again."})
    await desk.post(f"/tickets/{number}/tasks", {"text": "Send Ms Quast a towel"})
    await desk.put(f"/tickets/{number}/drafts/note", {"text": "Ask Ms Quast about the zebra plecos"})
    await desk.put(f"/desk/views/{VIEW}", {"name": "Floods", "parameters": {"contact": ADDRESS}})
    job = {"query": {"contact": ADDRESS}, "actions": [{"do": "tags", "add": ["flood"]}]}
    await desk.post("/bulk-jobs", job)
    kim = await desk.ticket_of("kim@customers.example")
    await desk.put(f"/tickets/{kim['number']}/drafts/reply", {"text": f"{ADDRESS} has your lamp"})
    await desk.post(f"/tickets/{kim['number']}/notes", {"text": f"A neighbour of {ADDRESS}"})

    async def sent() -> bool:
        events = await desk.postroom.events("tickets", "DeliveryRecorded")
        return bool(events)

    await until(sent)


async def have_reminded(desk: Desk) -> None:
    """From now on, whoever opens a ticket is told something, and so is a colleague."""
    people = (await desk.get("/people"))["items"]
    answer = await desk.http.put(
        f"/desk/automations/{uuid4()}",
        json={
            "name": "At once",
            "when": {"minutes": 0, "moment": "open", "clock": "wall"},
            "then": {"remind": "It is {number}.", "tell_ids": [people[0]["id"]], "words": "Look"},
        },
    )
    assert answer.is_success, answer.text


async def write_down(desk: Desk) -> UUID:
    """People keep a card of the person with two addresses, and merge another one into it; the contact's id."""
    asked = {
        "addresses": [ADDRESS, HOME],
        "name": "Wilhelmina Quast",
        "note": "Keeps zebra plecos",
        "remarks": {"tank 4711": "feeding time is nine"},
    }
    contact = await desk.post("/contacts", asked)
    other = {"addresses": [OFFICE], "name": "W. Quast", "note": "The aquarium again"}
    merged = (await desk.post("/contacts", other))["id"]
    await desk.post(f"/contacts/{merged}/merge", {"into": contact["id"]})
    return UUID(contact["id"])


async def erase(desk: Desk, seconds: float = 120, addresses: tuple[str, ...] = (ADDRESS,)) -> Any:
    """Have the person erased, and wait for the end; the certificate."""
    asked = await desk.post("/erasures", {"addresses": addresses, "reason": "Request 2026-117"})

    async def ended() -> Any:
        found = await desk.get(f"/erasures/{asked['erasure_id']}")
        return found if found["ended_at"] else None

    return await until(ended, seconds)
