"""Who takes tickets now: what people say of it, and what follows from coming and going."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from chassis.logging import get_logger
from contracts.commands import OPERATOR, SetPresence
from contracts.people import Presence
from services.gateway.access import accounts
from services.gateway.access.accounts import Person
from services.gateway.gateway import Gateway
from services.gateway.problems import NotFound, Problem, Unprocessable

LOOK_SECONDS = 15
"""Between two looks at whose sessions are over."""
_NEAR = timedelta(seconds=2 * LOOK_SECONDS)
logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Saying:
    """A wish that someone takes tickets, or does not, from now on; `until` None: until somebody says otherwise."""

    person_id: UUID
    presence: Presence
    until: datetime | None = None


async def set_presence(gateway: Gateway, actor_id: UUID, command_id: UUID, saying: Saying) -> None:
    """Let somebody's presence be so.

    Raises:
        Problem: it would be over already, or it is not the actor's to say.
    """
    if saying.until is not None and saying.until <= gateway.service.clock():
        raise Unprocessable("That moment has passed. Say one that is to come, or none.")
    await gateway.command(
        SetPresence(
            command_id=command_id,
            actor_id=actor_id,
            person_id=saying.person_id,
            presence=saying.presence,
            until=saying.until,
        )
    )


async def come(gateway: Gateway, person: Person) -> None:
    """Who signs in takes tickets, but for an absence that was announced and is not over."""
    announced = person.until is not None
    if not person.may_write or person.presence is Presence.AVAILABLE or announced:
        return
    try:
        await set_presence(gateway, person.person_id, uuid4(), Saying(person.person_id, Presence.AVAILABLE))
    except Problem as problem:  # without tickets one can still read: it is no hindrance
        logger.warning("signed in without presence", error=problem.detail)


async def watch(gateway: Gateway) -> None:
    """See off whoever leaves without a word, until the service stops."""
    while True:
        try:
            await see_off(gateway)
        except Problem as problem:
            logger.warning("nobody is seen off", error=problem.detail)
        await asyncio.sleep(LOOK_SECONDS)


_GONE = """
SELECT signed_in.person_id, signed_in.since, coalesce(attendance.presence, 'off') AS presence, attendance.until
FROM signed_in
LEFT JOIN attendance USING (person_id)
WHERE ($3::uuid IS NULL OR signed_in.person_id = $3)
  AND NOT EXISTS (
      SELECT
      FROM session
      WHERE session.person_id = signed_in.person_id
        AND session.seen_at > $1
        AND session.created_at > $2
  )
"""


# Whether they came back while we looked.
_FORGET = """
WITH gone AS (
    DELETE FROM signed_in
    WHERE person_id = $1
      AND since = $2
)
SELECT EXISTS (
    SELECT
    FROM signed_in
    WHERE person_id = $1
      AND since <> $2
)
"""


async def see_off(gateway: Gateway, only: UUID | None = None) -> None:
    """Whoever signed in and has no session left is off; an announced absence stays as it was said, while it lasts.

    Raises:
        Problem: tickets does not answer; the next look does it.
    """
    now, pool = gateway.service.clock(), gateway.service.pool
    for row in await pool.fetch(_GONE, now - accounts.IDLE, now - accounts.LONGEST, only):
        person_id, presence, until = row["person_id"], Presence(row["presence"]), row["until"]
        # At the end of an absence there must be no moment in which they count as available.
        if presence is not Presence.AVAILABLE and until is not None and until > now + _NEAR:
            continue
        was_there = (presence, until) != (Presence.OFF, None)
        if was_there:
            # Several gateways look: the same departure is the same command.
            await _say(gateway, uuid5(person_id, f"gone {row['since']}"), Saying(person_id, Presence.OFF))
        came_back = await pool.fetchval(_FORGET, person_id, row["since"])
        if was_there and came_back:
            await _say(gateway, uuid4(), Saying(person_id, Presence.AVAILABLE))


async def _say(gateway: Gateway, command_id: UUID, saying: Saying) -> None:
    try:
        await set_presence(gateway, OPERATOR, command_id, saying)
    except NotFound:
        logger.info("who has gone is not on the desk any more", person=str(saying.person_id))
