"""A Postroom with a person of each role, and a letter in a ticketbox: who may do what in it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from contracts.stream_ids import contact_id
from postroom.people import make_token
from tests.running import TOKEN, Postroom, letter, until

WORKSHOP, ZOO = uuid4(), uuid4()
"""Ticketboxes: all that is asked for is in the first."""
ACTORS = ("administrator", "supervisor", "agent", "analyst", "limited", "reader", "manager")
"""Four roles with what these may do; and agents: one who may answer in the other ticketbox only, one who may do that
and see this one, and one who manages this one only."""
ORGANISATION = uuid4()

ALL = "yes yes yes yes yes yes yes"
SEEING = "yes yes yes yes 404 yes yes"
ANSWERING = "yes yes yes 403 404 403 yes"
MANAGING = "yes yes 403 403 403 403 yes"
ADMINISTERING = "yes 403 403 403 403 403 403"


@dataclass
class House:
    """The stack with its people, and a letter in the ticketbox Workshop."""

    postroom: Postroom
    clients: dict[str, httpx.AsyncClient]
    people: dict[str, UUID] = field(default_factory=dict)
    number: int = 0
    ticket_id: UUID | None = None
    message_id: str = ""
    customer: str = ""
    """Who wrote it."""
    what_if_id: UUID = field(default_factory=uuid4)
    task_id: UUID = field(default_factory=uuid4)
    job_id: UUID = field(default_factory=uuid4)

    async def administrator(self) -> UUID:
        """Who administers from the beginning."""
        people = (await self.clients["administrator"].get("/api/v1/people")).json()["items"]
        return UUID(next(one["id"] for one in people if one["email"] == "admin@example.com"))

    def path(self, template: str, **odd: str) -> str:
        """Where a call goes that finds what it asks for; unless something in its path is `odd`."""
        # A thing of the desk is the ticketbox; what is deleted is an organisation, so that the next may go on.
        kind, thing = (
            ("organisations", ORGANISATION) if template.startswith("DELETE") else ("ticketboxes", WORKSHOP)
        )
        kind = "note" if "drafts" in template else kind
        path = template.partition(" ")[2]
        if path.endswith("/preview"):
            path += "?address=nobody@customers.example"
        if template == "DELETE /api/v1/rulesets/draft":
            path += "?expected_draft_version=999"
        if "attachments" in path:
            odd = {"number": "0", **odd}
        lifelike: dict[str, object] = {
            "number": self.number, "message_id": self.message_id, "reply_id": uuid4(), "kind": kind,
            "thing_id": thing, "name": "inbound_messages_by_ticketbox", "service": "tickets", "parked_id": uuid4(),
            "version": 1, "dry_run_id": uuid4(), "what_if_id": self.what_if_id, "erasure_id": uuid4(),
            "task_id": self.task_id, "link": "related", "other": self.number, "job_id": self.job_id,
            "contact_id": contact_id(self.customer), "address": self.customer, "organisation_id": ORGANISATION,
            "ticketbox_id": WORKSHOP, "person_id": self.people["member"],
            "key": "no_such", "view_id": uuid4(), "index": 0, "place": "new",
        }  # fmt: skip
        return path.format(**{**lifelike, **odd})


async def token_for(postroom: Postroom, email: str) -> str:
    db = await asyncpg.connect(postroom.database_url)
    try:
        return await make_token(db, email)
    finally:
        await db.close()


async def set_thing(admin: httpx.AsyncClient, kind: str, thing_id: UUID, **fields: object) -> None:
    answer = await admin.put(f"/api/v1/desk/{kind}/{thing_id}", json=fields)
    assert answer.status_code == 200, answer.text


@asynccontextmanager
async def opened(postroom: Postroom) -> AsyncIterator[House]:
    """The house, for one test."""
    base = f"http://127.0.0.1:{postroom.http_port}"

    def client(token: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(client(TOKEN))
        built = House(postroom, {"administrator": admin})
        for box, name in ((WORKSHOP, "Workshop"), (ZOO, "Zoo")):
            await set_thing(admin, "ticketboxes", box, name=name, addresses=[f"{name.lower()}@example.com"])
        await set_thing(admin, "organisations", ORGANISATION, name="Lamps & Sons")
        rights: Mapping[str, list[dict[str, str]]] = {
            "limited": [{"ticketbox_id": str(ZOO), "right": "answer"}],
            "reader": [
                {"ticketbox_id": str(ZOO), "right": "answer"},
                {"ticketbox_id": str(WORKSHOP), "right": "see"},
            ],
            "manager": [{"ticketbox_id": str(WORKSHOP), "right": "manage"}],
        }
        for actor in ACTORS[1:]:
            person_id = built.people[actor] = uuid4()
            await set_thing(
                admin,
                "people",
                person_id,
                name=actor.capitalize(),
                email=f"{actor}-{person_id}@example.com",
                role=actor if actor in {"supervisor", "analyst"} else "agent",
                rights=rights.get(actor, []),
            )
            token = await token_for(postroom, f"{actor}-{person_id}@example.com")
            built.clients[actor] = await stack.enter_async_context(client(token))
        member_id = built.people["member"] = uuid4()
        await set_thing(
            admin,
            "people",
            member_id,
            name="Member",
            email=f"member-{member_id}@example.com",
            role="agent",
            rights=rights["limited"],
        )
        subject = f"Quagga {uuid4().hex[:8]}"
        built.customer = f"kim{uuid4().hex[:8]}@customers.example"
        message = letter(900, subject=subject, sender=built.customer)
        message.replace_header("To", "workshop@example.com")
        message.replace_header("Message-ID", f"<{uuid4()}@customers.example>")
        message.add_attachment(b"a plan", maintype="text", subtype="plain", filename="plan.txt")

        async def taken() -> bool:
            postroom.send(message)
            return True

        await until(taken)  # intake hears of the ticketbox a moment later

        async def opened() -> dict[str, Any] | None:
            items = (await admin.get("/api/v1/tickets", params={"box": str(WORKSHOP)})).json()["items"]
            return next((item for item in items if item["subject"] == subject), None)

        item = await until(opened)
        assert isinstance(item, dict)
        built.number = item["number"]
        events = (await admin.get(f"/api/v1/tickets/{built.number}/events")).json()["items"]
        built.ticket_id = UUID(events[0]["data"]["ticket_id"])
        built.message_id = events[0]["data"]["letter"]["message_id"]
        yield built
        for kind, thing_id in (
            *(("people", person_id) for person_id in built.people.values()),
            ("ticketboxes", WORKSHOP),
            ("ticketboxes", ZOO),
        ):
            assert (await admin.delete(f"/api/v1/desk/{kind}/{thing_id}")).status_code == 204
