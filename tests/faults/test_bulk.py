"""Whoever is killed in the middle of a bulk job: each ticket has one turn."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import asyncpg
import httpx
import pytest

from postroom.verify import verify
from tests.running import BEARER, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio]
LETTERS = 2000


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("bulk"))
    running.start()
    running.send(*(letter(number) for number in range(LETTERS)))
    yield running
    running.close()


@pytest.fixture
async def api(postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{postroom.url}/api/v1", headers=BEARER, timeout=30) as client:

        async def all_there() -> bool:
            db = await asyncpg.connect(postroom.database_url)
            try:
                return bool(await db.fetchval("SELECT count(*) FROM gateway.ticket") == LETTERS)
            finally:
                await db.close()

        await until(all_there, 120)
        yield client


async def insist(api: httpx.AsyncClient, method: str, path: str, **request: Any) -> dict[str, Any]:
    """Ask until there is an answer, always with the same key."""

    async def answered() -> dict[str, Any] | None:
        answer = await api.request(method, path, **request)
        found: dict[str, Any] | None = answer.json() if answer.is_success else None
        return found

    found = await until(answered, 120)
    assert isinstance(found, dict)
    return found


async def on_the_way(postroom: Postroom) -> tuple[int, int | None]:
    """How many jobs have ended, and how many tickets have had their turn in the one at work."""
    db = await asyncpg.connect(postroom.database_url)
    try:
        row = await db.fetchrow(
            """
            SELECT
                count(*) FILTER (WHERE state <> 'running') AS ended,
                sum(changed + unchanged + refused) FILTER (WHERE state = 'running') AS examined
            FROM tickets.bulk_job
            """
        )
    finally:
        await db.close()
    return row["ended"], row["examined"]


async def killed_on_the_way(
    api: httpx.AsyncClient, postroom: Postroom, victims: list[str], path: str, **request: Any
) -> dict[str, Any]:
    """A job from its beginning to its end, with someone killed each time that it has come further."""
    begun: list[dict[str, Any]] = []

    async def begin() -> None:
        begun.append(await insist(api, "POST", path, **request))

    ended_before, _ = await on_the_way(postroom)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(begin)
        reached = 0
        for victim in victims:

            async def further(reached: int = reached) -> int | None:
                ended, examined = await on_the_way(postroom)
                assert ended == ended_before, "the job was through before everyone was killed"
                return examined if examined and examined > reached else None

            reached = await _at_once(further)
            postroom.kill(victim)
    return await ended(api, begun[0]["job_id"])


async def ended(api: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    """A job at its end."""

    async def is_over() -> dict[str, Any] | None:
        job = await insist(api, "GET", f"/bulk-jobs/{job_id}")
        return job if job["state"] != "running" else None

    found = await until(is_over, 120)
    assert isinstance(found, dict)
    return found


async def _at_once(check: Callable[[], Awaitable[int | None]]) -> int:
    with anyio.fail_after(120):
        while True:
            try:
                if (found := await check()) is not None:
                    return found
            except (OSError, asyncpg.PostgresError):
                pass  # the database is away


async def by_job(postroom: Postroom, job_id: str) -> dict[str, int]:
    """How many events the job wrote, by type."""
    db = await asyncpg.connect(postroom.database_url)
    try:
        rows = await db.fetch(
            """
            SELECT type, count(*) AS number, count(DISTINCT stream_id) AS streams
            FROM tickets.event
            WHERE meta ->> 'actor' = $1
            GROUP BY type
            """,
            f"job:{job_id}",
        )
    finally:
        await db.close()
    assert all(row["number"] == row["streams"] for row in rows), "no ticket has the same event twice"
    return {row["type"]: row["number"] for row in rows}


# While a gateway starts again, the job goes on.
@pytest.mark.parametrize(("victim", "times"), [("tickets", 2), ("gateway", 1), ("postgres", 1)])
async def test_a_job_and_its_undoing_change_each_ticket_once_whoever_is_killed(
    api: httpx.AsyncClient, postroom: Postroom, victim: str, times: int
) -> None:
    new = {"query": {"state": "open"}, "actions": [{"do": "tags", "add": [f"killed-{victim}"]}]}
    key = {"Idempotency-Key": victim}
    job = await killed_on_the_way(api, postroom, [victim] * times, "/bulk-jobs", json=new, headers=key)
    assert (job["total"], job["changed"]) == (LETTERS, LETTERS)
    assert await by_job(postroom, job["job_id"]) == {"TagsChanged": LETTERS, "BulkJobFinished": 1}

    back = f"/bulk-jobs/{job['job_id']}/undo"
    undoing = await killed_on_the_way(api, postroom, [victim] * times, back, headers=key)
    assert undoing["changed"] == LETTERS
    assert await by_job(postroom, undoing["job_id"]) == {"TagsChanged": LETTERS, "BulkJobFinished": 1}

    async def none_left() -> bool:
        items: list[object] = (await api.get("/tickets", params={"tag": f"killed-{victim}"})).json()["items"]
        return not items

    await until(none_left, 120)
    assert await verify(postroom.database_url) == []


async def test_a_gateway_that_is_killed_while_it_hands_tickets_over_has_begun_all_or_nothing(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    new = {"query": {"state": "open"}, "actions": [{"do": "tags", "add": ["handed-over"]}]}
    begun: list[dict[str, Any]] = []

    async def begin() -> None:
        key = {"Idempotency-Key": "handing over"}
        begun.append(await insist(api, "POST", "/bulk-jobs", json=new, headers=key))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(begin)
        await anyio.sleep(0.03)
        postroom.kill("gateway")
    job = await ended(api, begun[0]["job_id"])
    assert (job["total"], job["changed"]) == (LETTERS, LETTERS)
    undoing = await insist(api, "POST", f"/bulk-jobs/{job['job_id']}/undo")
    assert (await ended(api, undoing["job_id"]))["changed"] == LETTERS


async def test_what_is_cancelled_stays_as_far_as_it_came_and_can_be_undone(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    new = {"query": {"state": "open"}, "actions": [{"do": "tags", "add": ["cancelled"]}]}
    job = await insist(api, "POST", "/bulk-jobs", json=new)
    assert (await api.post(f"/bulk-jobs/{job['job_id']}/undo")).status_code == 409
    assert (await api.delete(f"/bulk-jobs/{job['job_id']}")).status_code == 204
    job = await insist(api, "GET", f"/bulk-jobs/{job['job_id']}")
    assert job["state"] == "cancelled"
    assert job["changed"] < LETTERS
    assert (await by_job(postroom, job["job_id"])).get("TagsChanged", 0) == job["changed"]
    if job["changed"]:
        undoing = await insist(api, "POST", f"/bulk-jobs/{job['job_id']}/undo")
        undoing = await ended(api, undoing["job_id"])
        assert undoing["changed"] == job["changed"]
