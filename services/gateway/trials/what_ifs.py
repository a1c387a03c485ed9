"""What-ifs, by page or by API: service levels that are not in force are tried on past tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from chassis.database import Connection
from contracts.commands import CancelWhatIf, StartWhatIf
from contracts.service_levels import Calendar, Policy
from contracts.trials import GetWhatIf, ListWhatIfs, WhatIf, WhatIfChange, WhatIfList
from services.gateway.access.accounts import Person
from services.gateway.access.guard import Here, command_id_of, only
from services.gateway.access.sight import Sight
from services.gateway.asking import Asking
from services.gateway.desk import things
from services.gateway.gateway import Gateway
from services.gateway.pieces import FIRST, Piece
from services.gateway.problems import Unprocessable
from services.gateway.representations.basics import Contact, Page, Representation
from services.gateway.trials.trials import TrialView


@dataclass(frozen=True, slots=True)
class Trying(Asking):
    """One wish of one person about service levels that are not in force."""

    async def start(self, tried: Sequence[Policy | Calendar], months: int) -> UUID:
        """Try policies and calendars on the tickets of the last months.

        Raises:
            Problem: they could not be saved either.
        """
        await self.gateway.command(
            StartWhatIf(
                **self.signature,
                things=tuple(tried),
                months=months,
            )
        )
        return self.command_id

    async def cancel(self, what_if_id: UUID) -> None:
        """Let it end where it is."""
        await self.gateway.command(CancelWhatIf(**self.signature, what_if_id=what_if_id))


Planner = Annotated[
    Person,
    Depends(
        only(lambda person: person.may_manage, "Service levels are tried by those who manage a ticketbox.")
    ),
]
"""Someone who may try service levels."""


def trying(request: Request, here: Here, person: Planner) -> Trying:
    """A wish of the asker about service levels."""
    return Trying(here, person, command_id_of(request, person))


Wish = Annotated[Trying, Depends(trying)]
_KINDS = {"policy": "policies", "calendar": "calendars"}


def understood(described: Mapping[str, object]) -> Policy | Calendar:
    """The policy or the calendar that somebody describes, with its `kind` and `id`.

    Raises:
        Unprocessable.
    """
    kind = _KINDS.get(str(described.get("kind")))
    if kind is None:
        raise Unprocessable("What is tried is of the kind policy or calendar.")
    try:
        thing_id = UUID(str(described.get("id")))
    except ValueError as error:
        raise Unprocessable("What is tried needs the id of what it replaces, or a new one.") from error
    thing = things.understood(kind, thing_id, described)
    assert isinstance(thing, Policy | Calendar)  # noqa: S101 - these are the kinds
    return thing


async def latest(gateway: Gateway) -> tuple[WhatIf, ...]:
    """The last ones, the newest first."""
    return (await gateway.ask(ListWhatIfs(), WhatIfList)).items


class MissedItem(Representation):
    """A target that would be missed where it was not, or not missed where it was."""

    number: int
    ticket: int | None
    """Its number; null: it is out of the asker's sight, and so are its subject and its contact."""
    subject: str
    contact: Contact | None
    target: str
    change: str
    """`avoided` or `added`."""
    since: datetime
    due_at: datetime


_KNOWN = """
SELECT ticket_id, number, subject, ticketbox_id, contact_name, contact_address
FROM ticket
WHERE ticket_id = ANY($1::uuid[])
"""


async def _items(db: Connection, sight: Sight, changes: Sequence[WhatIfChange]) -> list[MissedItem]:
    """Changes with what people know a ticket by, where the asker may see it."""
    rows = await db.fetch(_KNOWN, [change.ticket_id for change in changes])
    known = {row["ticket_id"]: row for row in rows if sight.sees(row["ticketbox_id"])}
    found = []
    for change in changes:
        row = known.get(change.ticket_id)
        what, target = change.kinds
        found.append(
            MissedItem(
                number=change.number,
                ticket=row["number"] if row else None,
                subject=row["subject"] if row else "",
                contact=Contact(name=row["contact_name"], address=row["contact_address"]) if row else None,
                target=target,
                change=what,
                since=change.since,
                due_at=change.due_at,
            )
        )
    return found


async def one(
    gateway: Gateway, person: Person, what_if_id: UUID, kind: str | None = None, piece: Piece = FIRST
) -> TrialView[WhatIf, MissedItem]:
    """How far one is, what it found, and a piece of what would be otherwise.

    Raises:
        Problem: there is no such what-if.
    """
    query = GetWhatIf(what_if_id=what_if_id, kind=kind or None, after=piece.after, limit=piece.limit)
    found = await gateway.ask(query, WhatIf)
    async with gateway.service.pool.acquire() as db:
        items = await _items(db, person.sight, found.changes)
    following = piece.following([one.number for one in found.changes])
    return TrialView(run=found.model_copy(update={"changes": ()}), changes=Page(items=items, next=following))
