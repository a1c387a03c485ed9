"""Bulk jobs on all open tickets, and their undoing, with all services at work."""

import asyncio
import time
from typing import Any

import httpx

from bench.table import Figure
from tests.running import BEARER, Postroom

TICKETS = 5_000
ACTIONS: dict[str, list[dict[str, Any]]] = {
    "tags": [{"do": "tags", "add": ["recall"]}],
    "priority, category and state": [
        {"do": "priority", "priority": "high"},
        {"do": "category", "category_id": None},
        {"do": "state", "state": "pending"},
    ],
}


async def measure(postroom: Postroom, tickets: int = TICKETS) -> list[Figure]:
    """From the request to the last ticket; the list itself is fixed and handed over in that time."""
    figures = []
    async with httpx.AsyncClient(base_url=f"{postroom.url}/api/v1", headers=BEARER, timeout=60) as http:
        numbers = await _numbers(http, tickets)
        for what, actions in ACTIONS.items():
            job, seconds = await _run(http, "/bulk-jobs", {"tickets": numbers, "actions": actions})
            figures.append(Figure(f"bulk job: {what}", job["changed"] / seconds, "/s", 500))
            job, seconds = await _run(http, f"/bulk-jobs/{job['job_id']}/undo", None)
            figures.append(Figure(f"undoing it: {what}", job["changed"] / seconds, "/s", 500))
    return figures


async def _numbers(http: httpx.AsyncClient, most: int) -> list[int]:
    numbers: list[int] = []
    query: dict[str, Any] = {"limit": 200, "sort": "opened", "state": "open"}
    while len(numbers) < most:
        page = (await http.get("/tickets", params=query)).json()
        numbers += [item["number"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    return numbers[:most]


async def _run(http: httpx.AsyncClient, path: str, body: object) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    answer = await http.post(path, json=body)
    answer.raise_for_status()
    job: dict[str, Any] = answer.json()
    while job["state"] == "running":
        await asyncio.sleep(0.1)
        job = (await http.get(f"/bulk-jobs/{job['job_id']}")).json()
    seconds = time.perf_counter() - began
    if job["changed"] != job["total"]:
        raise RuntimeError(f"{job['changed']} of {job['total']} changed: {job['refusals']}")
    return job, seconds
