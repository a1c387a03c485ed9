"""Four routers and two tickets services: no ticket to two agents, none forgotten, whoever is killed when."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest

from contracts.commands import NextTicket, Refused
from contracts.desk import Distribution, DistributionMethod, Ticketbox
from contracts.people import Person, Presence
from postroom.verify import verify
from tests import crowd
from tests.running import Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio]


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("distribution"))
    running.start()
    yield running
    running.close()


class Desk(NamedTuple):
    people: list[Person]
    boxes: list[Ticketbox]
    pulled: Ticketbox


@pytest.fixture
async def desk(postroom: Postroom) -> AsyncIterator[Desk]:
    """Ticketboxes with the same eight people, who are not there yet."""
    boxes = [
        crowd.box("In turn", Distribution(method=DistributionMethod.ROUND_ROBIN)),
        crowd.box("By load", Distribution(method=DistributionMethod.LEAST_LOADED)),
        crowd.box("Pull", Distribution(method=DistributionMethod.PULL)),
    ]
    made = Desk(crowd.agents(8, boxes, capacity=100), boxes[:2], boxes[2])
    await crowd.set_desk(postroom, [*made.people, *boxes])
    yield made
    await crowd.remove(postroom, made.people)


async def given(postroom: Postroom, tickets: Sequence[UUID], number: int) -> dict[UUID, list[str | None]]:
    async def enough() -> dict[UUID, list[str | None]] | None:
        found = await crowd.owners(postroom, tickets)
        return found if len(found) >= number else None

    found = await until(enough, 90)
    assert isinstance(found, dict)
    return found


async def test_four_routers_give_every_ticket_once_fairly_and_to_nobody_who_is_full(
    postroom: Postroom, desk: Desk
) -> None:
    with crowd.more_of(postroom, "router", 3), crowd.more_of(postroom, "tickets", 1):
        await crowd.come(postroom, desk.people)
        tickets = await crowd.open_tickets(postroom, desk.boxes, 1000)
        found = await given(postroom, tickets, 800)
        await asyncio.sleep(3)
    found = await crowd.owners(postroom, tickets)
    assert len(found) == 800, "eight people with a capacity of 100"
    assert {len(owners) for owners in found.values()} == {1}
    assert crowd.spread(found, desk.people) <= 0.05


async def test_routers_that_are_killed_lose_double_and_forget_no_ticket(
    postroom: Postroom, desk: Desk
) -> None:
    await crowd.come(postroom, desk.people)
    tickets: list[UUID] = []
    with crowd.more_of(postroom, "router", 3) as routers, crowd.more_of(postroom, "tickets", 1) as others:
        for router in routers:
            tickets += await crowd.open_tickets(postroom, desk.boxes, 150)
            await asyncio.sleep(0.7)
            router.kill()
        tickets += await crowd.open_tickets(postroom, desk.boxes, 150)
        postroom.kill("router")
        others[0].kill()
        tickets += await crowd.open_tickets(postroom, desk.boxes, 150)
        found = await given(postroom, tickets, 750)
    await asyncio.sleep(2)
    found = await crowd.owners(postroom, tickets)
    assert len(found) == len(tickets) == 750
    assert {len(owners) for owners in found.values()} == {1}
    assert max(Counter(owner for owners in found.values() for owner in owners).values()) <= 100
    # Their letters came by no door.
    assert [one for one in await verify(postroom.database_url) if "ingest never accepted it" not in one] == []


async def test_agents_who_leave_in_the_middle_give_their_tickets_to_those_who_stay(
    postroom: Postroom, desk: Desk
) -> None:
    boxes = [
        box.model_copy(
            update={"distribution": box.distribution.model_copy(update={"take_back_after_minutes": 0})}
        )
        for box in desk.boxes
    ]
    await crowd.set_desk(postroom, boxes)
    staying, leaving = desk.people[:5], desk.people[5:]
    with crowd.more_of(postroom, "router", 3):
        await crowd.come(postroom, desk.people)
        tickets = await crowd.open_tickets(postroom, boxes, 300)
        await crowd.come(postroom, leaving, Presence.OFF)
        names = {str(person.id) for person in staying}

        async def all_theirs() -> bool:
            found = await crowd.owners(postroom, tickets)
            return len(found) == 300 and all(owners[-1] in names for owners in found.values())

        await until(all_theirs, 60)


async def test_people_who_ask_for_the_next_ticket_at_once_never_get_the_same_one(
    postroom: Postroom, desk: Desk
) -> None:
    await crowd.come(postroom, desk.people)
    with crowd.more_of(postroom, "router", 3):
        tickets = await crowd.open_tickets(postroom, [desk.pulled], 60)
        await asyncio.sleep(3)

        async def ask(person: Person) -> list[str]:
            refused = []
            for _ in range(10):
                wish = NextTicket(command_id=uuid4(), actor_id=person.id, ticketbox_id=desk.pulled.id)
                outcome = await postroom.command(wish)
                if isinstance(outcome, Refused):
                    refused.append(outcome.code)
            return refused

        refusals = await asyncio.gather(*(ask(person) for person in desk.people))
        found = await given(postroom, tickets, 60)
    assert {len(owners) for owners in found.values()} == {1}
    assert [code for codes in refusals for code in codes] == ["nothing_waits"] * 20
