"""Mail that a rule or a failure stopped: seen, let through, deleted, brought back, read again; the books balance."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import httpx
import pytest

from contracts.commands import OPERATOR, Refused, ReleaseMessage
from postroom.people import make_token
from postroom.verify import verify
from tests import stopping
from tests.running import BEARER, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]

number = iter(range(50_000, 60_000))


@pytest.fixture
async def api(stopping_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    base = stopping_postroom.url
    async with httpx.AsyncClient(base_url=base, headers=BEARER, timeout=30) as client:
        yield client


async def found(api: httpx.AsyncClient, word: str, state: str) -> dict[str, Any]:
    """The message with this word in it, when it is in this state."""

    async def there() -> dict[str, Any] | None:
        items = (await api.get("/api/v1/messages", params={"q": word, "state": state})).json()["items"]
        return items[0] if items else None

    item = await until(there, 30)
    assert isinstance(item, dict)
    return item


async def sent(api: httpx.AsyncClient, postroom: Postroom, subject: str, state: str) -> dict[str, Any]:
    """A new letter about a subject, when it has come into a state."""
    word = f"w{next(number)}"
    postroom.send(letter(int(word[1:]), subject=f"{subject} {word}"))
    return await found(api, word, state)


async def in_state(api: httpx.AsyncClient, message_id: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        custody = (await api.get(f"/api/v1/messages/{message_id}")).json()
        return custody if custody["state"] == state else None

    custody = await until(there, 30)
    assert isinstance(custody, dict)
    return custody


async def balanced(api: httpx.AsyncClient) -> dict[str, Any]:
    """The ledger, when nothing is in flight."""

    async def settled() -> dict[str, Any] | None:
        ledger = (await api.get("/api/v1/ledger")).json()
        assert ledger["balanced"]
        return ledger if not ledger["in_flight"] else None

    ledger = await until(settled, 30)
    assert isinstance(ledger, dict)
    return ledger


async def test_a_quarantined_message_is_let_through_and_becomes_a_ticket(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    stopped = await sent(api, stopping_postroom, stopping.QUARANTINED, "quarantined")
    assert (stopped["reason"], stopped["ticket"]) == ("suspicious", None)
    path = f"/api/v1/messages/{stopped['message_id']}"
    released = await api.post(f"{path}/release", headers={"Idempotency-Key": "once"})
    assert released.status_code == 201
    assert released.json()["state"] in {"in_flight", "ticketed"}

    assert await told(api, stopped["message_id"]) == [
        "MessageReceived",
        "MessageRouted",
        "MessageRouted",
        "TicketOpened",
    ]
    custody = await in_state(api, stopped["message_id"], "ticketed")
    assert custody["steps"][2]["sentence"] == "Let through to Support by Administrator"
    ticket = (await api.get(f"/api/v1/tickets/{custody['ticket']}")).json()
    assert ticket["conversation"][0]["letter"]["message_id"] == stopped["message_id"]
    # The same wish once more is harmless; another one is refused.
    assert (await api.post(f"{path}/release", headers={"Idempotency-Key": "once"})).status_code == 201
    for wish in ("release", "discard"):
        again = await api.post(f"{path}/{wish}")
        assert (again.status_code, again.json()["code"]) == (409, "already_delivered")
    await balanced(api)


@pytest.mark.faults
@pytest.mark.parametrize("service", ["router", "tickets", "ingest", "nats-server"])
async def test_a_release_is_not_lost_and_not_doubled_when_a_service_is_killed(
    api: httpx.AsyncClient, stopping_postroom: Postroom, service: str
) -> None:
    stopped = await sent(api, stopping_postroom, stopping.QUARANTINED, "quarantined")
    key = {"Idempotency-Key": service}
    wish = asyncio.create_task(api.post(f"/api/v1/messages/{stopped['message_id']}/release", headers=key))
    stopping_postroom.kill(service)
    await wish

    async def let_through() -> bool:
        again = await api.post(f"/api/v1/messages/{stopped['message_id']}/release", headers=key)
        return again.status_code == 201

    await until(let_through)
    await in_state(api, stopped["message_id"], "ticketed")
    assert await told(api, stopped["message_id"]) == [
        "MessageReceived",
        "MessageRouted",
        "MessageRouted",
        "TicketOpened",
    ]
    await balanced(api)


async def told(api: httpx.AsyncClient, message_id: str) -> list[str]:
    """The steps of a message, when the page has heard of both logs: tickets may be heard before router."""

    async def all_of_it() -> list[str] | None:
        custody = (await api.get(f"/api/v1/messages/{message_id}")).json()
        events = [step["event"] for step in custody["steps"]]
        return events if "TicketOpened" in events and events.count("MessageRouted") > 1 else None

    events = await until(all_of_it, 30)
    assert isinstance(events, list)
    return events


async def test_a_deleted_message_is_suppressed_and_can_be_brought_back(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    before = (await balanced(api))["suppressed"].get("discarded", 0)
    stopped = await sent(api, stopping_postroom, stopping.QUARANTINED, "quarantined")
    path = f"/api/v1/messages/{stopped['message_id']}"
    deleted = (await api.post(f"{path}/discard")).json()
    assert (deleted["state"], deleted["reason"]) == ("suppressed", "discarded")
    assert (await api.post(f"{path}/discard")).status_code == 201

    async def counted() -> bool:
        return bool((await balanced(api))["suppressed"].get("discarded") == before + 1)

    await until(counted, 20)
    await api.post(f"{path}/release")
    custody = await in_state(api, stopped["message_id"], "ticketed")
    assert custody["steps"][2]["sentence"] == "Deleted by Administrator"
    assert (await balanced(api))["suppressed"].get("discarded", 0) == before


async def test_what_a_rule_suppressed_can_be_let_through_and_counts_against_the_rule(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    async def corrected() -> int:
        rows = (await api.get("/api/v1/reports/misrouting_by_rule")).json()["rows"]
        return {row[0]: int(row[3]) for row in rows}.get("Newsletters", 0)

    before = await corrected()
    stopped = await sent(api, stopping_postroom, stopping.SUPPRESSED, "suppressed")
    await api.post(f"/api/v1/messages/{stopped['message_id']}/release")
    await in_state(api, stopped["message_id"], "ticketed")

    async def counted() -> bool:
        return await corrected() == before + 1

    await until(counted)


@pytest.mark.parametrize(
    ("subject", "service"), [(stopping.UNROUTABLE, "router"), (stopping.UNDELIVERABLE, "tickets")]
)
async def test_what_failed_is_shown_with_its_error_and_can_be_deleted(
    api: httpx.AsyncClient, stopping_postroom: Postroom, subject: str, service: str
) -> None:
    failed = await sent(api, stopping_postroom, subject, "failed")
    custody = (await api.get(f"/api/v1/messages/{failed['message_id']}")).json()
    assert custody["why"]["service"] == service
    assert custody["reason"] == custody["why"]["evidence"]["error"]

    async def deleted() -> bool:
        answer = await api.post(f"/api/v1/messages/{failed['message_id']}/discard")
        return answer.status_code == 201

    await until(deleted, 20)  # router hears of a failure of tickets a moment later
    await in_state(api, failed["message_id"], "suppressed")

    async def nothing_parked() -> bool:
        parked = (await api.get("/api/v1/status")).json()["parked"]
        return all(failed["message_id"] not in one["stream_id"] for one in parked)

    await until(nothing_parked, 20)
    await balanced(api)


async def test_what_the_rules_failed_on_is_let_through_to_where_its_address_points(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    failed = await sent(api, stopping_postroom, stopping.UNROUTABLE, "failed")
    await api.post(f"/api/v1/messages/{failed['message_id']}/release")
    custody = await in_state(api, failed["message_id"], "ticketed")
    assert custody["ticket"]
    parked = (await api.get("/api/v1/status")).json()["parked"]
    assert all(failed["message_id"] not in one["stream_id"] for one in parked)


async def test_what_tickets_failed_on_is_put_into_one_ticket_however_it_is_tried_again(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    replayed = await sent(api, stopping_postroom, stopping.UNDELIVERABLE, "failed")
    released = await sent(api, stopping_postroom, stopping.UNDELIVERABLE, "failed")
    for _ in range(2):  # the cause is not mended: it fails again
        await api.post(f"/api/v1/messages/{released['message_id']}/release")
        await in_state(api, released["message_id"], "failed")
    await stopping.mend_tickets(stopping_postroom)
    parked = (await api.get("/api/v1/status")).json()["parked"]
    (one,) = [one for one in parked if replayed["message_id"] in one["stream_id"]]
    await api.post(f"/api/v1/parked/{one['service']}/{one['parked_id']}/replay")

    async def let_through() -> bool:
        answer = await api.post(f"/api/v1/messages/{released['message_id']}/release")
        return answer.status_code == 201

    await until(let_through, 20)
    for message in (replayed, released):
        custody = await in_state(api, message["message_id"], "ticketed")
        assert [step["event"] for step in custody["steps"]].count("TicketOpened") == 1
    await balanced(api)
    await stopping.break_tickets(stopping_postroom)


async def test_a_message_is_read_again_only_if_there_is_something_new_in_it(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    stopped = await sent(api, stopping_postroom, stopping.QUARANTINED, "quarantined")
    path = f"/api/v1/messages/{stopped['message_id']}"
    same = (await api.post(f"{path}/reading")).json()
    assert (same["changed"], same["message"]["state"]) == (False, "quarantined")

    received_before = await reported(api)
    await misread(stopping_postroom, stopped["message_id"])
    anew = (await api.post(f"{path}/reading")).json()
    assert anew["changed"] is True
    assert anew["message"]["subject"] == stopped["subject"]
    custody = (await api.get(path)).json()
    assert [step["event"] for step in custody["steps"]][:3] == [
        "MessageReceived",
        "MessageRouted",
        "MessageReread",
    ]

    async def routed_anew() -> bool:
        steps = (await api.get(path)).json()["steps"]
        return [step["event"] for step in steps].count("MessageRouted") == 2

    await until(routed_anew, 20)
    await in_state(api, stopped["message_id"], "quarantined")
    assert await reported(api) == received_before


async def reported(api: httpx.AsyncClient) -> int:
    """How many messages the report counts."""
    await anyio.sleep(1)
    rows = (await api.get("/api/v1/reports/inbound_messages_by_ticketbox")).json()["rows"]
    return sum(row[1] + row[4] + row[5] for row in rows)


async def misread(postroom: Postroom, message_id: str) -> None:
    """Let the log of ingest say that an earlier reader understood less."""
    db = await asyncpg.connect(postroom.database_url)
    await db.execute(
        """
        UPDATE ingest.event
        SET data = jsonb_set(data, '{letter,subject}', '"?"')
        WHERE stream_id = $1
        """,
        f"message-{message_id}",
    )
    await db.close()


async def test_the_list_is_filtered_by_state_reason_way_and_words_and_goes_on_behind_its_cursor(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    first = await sent(api, stopping_postroom, stopping.SUPPRESSED, "suppressed")
    second = await sent(api, stopping_postroom, stopping.SUPPRESSED, "suppressed")

    async def listed(**wanted: str) -> list[str]:
        answer = (await api.get("/api/v1/messages", params=wanted)).json()
        return [item["message_id"] for item in answer["items"]]

    wanted = {"state": "suppressed", "reason": "newsletter", "source": "smtp"}
    assert (await listed(**wanted))[:2] == [second["message_id"], first["message_id"]]
    assert await listed(**{**wanted, "source": "imap:nowhere"}) == []
    assert await listed(q=first["message_id"]) == [first["message_id"]]
    page = (await api.get("/api/v1/messages", params={**wanted, "limit": 1})).json()
    behind = await listed(**wanted, cursor=page["next"])
    assert behind[0] == first["message_id"]
    assert (await api.get("/api/v1/messages", params={"cursor": "nonsense"})).status_code == 400
    assert (await api.get("/api/v1/messages", params={"state": "lost"})).status_code == 422


async def test_only_who_manages_its_ticketbox_decides(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    stopped = await sent(api, stopping_postroom, stopping.QUARANTINED, "quarantined")
    for role, status in (("agent", 403), ("analyst", 403), ("supervisor", 201)):
        person_id, email = uuid4(), f"{role}-{uuid4()}@example.com"
        person = {"name": role, "email": email, "role": role}
        assert (await api.put(f"/api/v1/desk/people/{person_id}", json=person)).status_code == 200
        db = await asyncpg.connect(stopping_postroom.database_url)
        token = await make_token(db, email)
        await db.close()
        answer = await api.post(
            f"/api/v1/messages/{stopped['message_id']}/discard", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status


async def test_a_message_that_nobody_knows_is_not_found_and_one_not_routed_yet_is_refused(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    for wish in ("release", "discard", "reading"):
        assert (await api.post(f"/api/v1/messages/{uuid4()}/{wish}")).status_code == 404
    early = ReleaseMessage(command_id=uuid4(), actor_id=OPERATOR, message_id=uuid4())
    refused = await stopping_postroom.command(early)
    assert isinstance(refused, Refused)
    assert refused.code == "not_routed_yet"


async def test_the_books_balance_with_the_logs_after_all_of_this(
    api: httpx.AsyncClient, stopping_postroom: Postroom
) -> None:
    await balanced(api)
    db = await asyncpg.connect(stopping_postroom.database_url)
    changed = await db.fetch("SELECT stream_id FROM ingest.event WHERE data -> 'letter' ->> 'subject' = '?'")
    await db.close()
    problems = await verify(stopping_postroom.database_url)
    # What `misread` changed in the log shows in its chain, and nothing else is wrong.
    assert all(any(row["stream_id"] in problem for row in changed) for problem in problems)
