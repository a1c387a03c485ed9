"""The shell of what-ifs: policies and calendars that are not in force are tried on past tickets."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson

from chassis import trials
from chassis.commands import Forbidden
from chassis.database import Connection, Pool
from chassis.service import Service
from chassis.trials import Examination
from contracts.commands import CancelWhatIf, Done, Outcome, Refused, StartWhatIf
from contracts.model import Model
from contracts.service_levels import Calendar, Policy
from contracts.trials import GetWhatIf, ListWhatIfs, WhatIf, WhatIfList
from services.tickets import contact_tables, desk, desk_checks, desk_tables
from services.tickets.desk import Desk
from services.tickets.settings import TicketsSettings
from services.tickets.what_if import CLOCKED, Asked, Happened, Tally, concerning_clocks, examine

BATCH = 500
"""Tickets."""


async def start(service: Service[TicketsSettings], command: StartWhatIf, db: Connection) -> Outcome:
    """Put a what-if in the row of those that wait.

    Raises:
        Refusal: what is to be tried could not be saved either, or the person may not.
    """
    present = await desk_tables.read_desk(db)
    _permit(present, command.actor_id)
    desk_checks.check(_with(present, command.things), present)
    question = command.model_dump_json(include={"things", "months"})
    await trials.ask(db, command.command_id, question, command.actor_id, service.clock())
    return Done(position=0, version=0)


async def cancel(service: Service[TicketsSettings], command: CancelWhatIf, db: Connection) -> Outcome:
    """Let a what-if end; nothing happens if it has ended.

    Raises:
        Refusal: the person may not.
    """
    _permit(await desk_tables.read_desk(db), command.actor_id)
    await trials.cancel(db, command.what_if_id, service.clock())
    return Done(position=0, version=0)


def _permit(present: Desk, actor_id: UUID) -> None:
    if not desk.may_manage(present, actor_id):
        raise Forbidden("Only who manages a ticketbox can try service levels.")


def _with(present: Desk, things: Sequence[Policy | Calendar]) -> Desk:
    return replace(present, things={**present.things, **{thing.id: thing for thing in things}})


async def get(service: Service[TicketsSettings], query: GetWhatIf) -> WhatIf | Refused:
    """How far one is, and what it found."""
    async with service.pool.acquire() as db:
        return await trials.told(db, WhatIf, query.what_if_id, query)


async def list_them(service: Service[TicketsSettings], _: ListWhatIfs) -> WhatIfList:
    """The last ones, the newest first, without what would be otherwise."""
    async with service.pool.acquire() as db:
        return WhatIfList(items=await trials.latest(db, WhatIf))


class Question(Model):
    """What is asked, as a trial keeps it."""

    things: tuple[Policy | Calendar, ...]
    months: int


async def prepare(
    service: Service[TicketsSettings], db: Connection, question: str, now: datetime
) -> Examination[Sequence[str], Asked, Tally]:
    """What a what-if reads and asks."""
    asked = Question.model_validate_json(question)
    chosen = await contact_tables.chosen_organisations(db)
    present = replace(concerning_clocks(await desk_tables.read_desk(db)), chosen_organisations=chosen)
    about = Asked(present, _with(present, asked.things), now)
    return Examination(Tickets(service.pool, beginning(now, asked.months)), _examine, about, Tally())


def _examine(batch: Sequence[str], asked: Asked) -> Tally:
    return examine(map(history_of, batch), asked)


def beginning(now: datetime, months: int) -> datetime:
    """When the month began (UTC) that is so many before this one."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


_OPENED = """
SELECT occurred_at, stream_id
FROM event
WHERE type = 'TicketOpened'
  AND (occurred_at, stream_id) > ($1, $2)
ORDER BY occurred_at, stream_id
LIMIT $3
"""

# One text a ticket, which goes to another process as it is: objects of all events take longer to send than to read.
_HAPPENED = """
SELECT json_agg(
           json_build_array(type, schema_version, data::text, meta ->> 'causation_id', occurred_at)
           ORDER BY version
       )::text AS history
FROM event
WHERE stream_id = ANY($1::text[])
  AND type = ANY($2::text[])
GROUP BY stream_id
ORDER BY stream_id
"""


class Tickets:
    """The tickets that began since a moment, with what matters to their clocks."""

    def __init__(self, pool: Pool, since: datetime) -> None:
        self._pool, self._since = pool, since
        self.total = 0

    async def batches(self) -> AsyncIterator[Sequence[str]]:
        """In the order in which they began, each as `history_of` reads it; a piece of them is in memory at a time."""
        self.total = await self._pool.fetchval(
            "SELECT count(*) FROM event WHERE type = 'TicketOpened' AND occurred_at >= $1", self._since
        )
        place = (self._since, "")
        kinds = [kind.type_name() for kind in CLOCKED]
        while opened := await self._pool.fetch(_OPENED, *place, BATCH):
            place = (opened[-1]["occurred_at"], opened[-1]["stream_id"])
            rows = await self._pool.fetch(_HAPPENED, [row["stream_id"] for row in opened], kinds)
            yield [row["history"] for row in rows]


def history_of(told: str) -> list[Happened]:
    """What happened to a ticket, out of JSON: an array of type, version of its shape, data as text, cause and time."""
    return [
        Happened(kind, schema_version, data, cause, datetime.fromisoformat(at))
        for kind, schema_version, data, cause, at in orjson.loads(told)
    ]
