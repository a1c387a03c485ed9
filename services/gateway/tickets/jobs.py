"""Bulk jobs, by page or by API: which tickets, what is to be done with them, and how far it is."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, assert_never
from uuid import UUID, uuid4

from fastapi import Depends, Request

from contracts.bulk import (
    MOST_TICKETS,
    PIECE,
    Assign,
    BulkAction,
    Categorise,
    Move,
    Prioritise,
    SelectedTicket,
    SetState,
    Tag,
)
from contracts.commands import CancelBulkJob, SelectTickets, StartBulkJob, UndoBulkJob
from contracts.queries import BulkJob, BulkJobList, GetBulkJob, ListBulkJobs
from services.gateway.access.accounts import Person
from services.gateway.access.guard import Here, Writer, command_id_of
from services.gateway.asking import Asking
from services.gateway.contacts import contacts, organisations
from services.gateway.desk import desk
from services.gateway.gateway import Gateway
from services.gateway.pieces import FIRST, Piece
from services.gateway.problems import NotFound, Unprocessable
from services.gateway.tickets import ticket_lists
from services.gateway.tickets.ticket_lists import Filter
from services.gateway.tickets.ticket_query import TicketQuery


@dataclass(frozen=True, slots=True)
class Jobbing(Asking):
    """One wish of one person about a job."""

    async def start(self, wanted: Filter, actions: Sequence[BulkAction], selection: str) -> BulkJob:
        """Do something to all tickets of a list, as it is now.

        Raises:
            Problem: there are none, or too many.
        """
        if not actions:
            raise Unprocessable("Say what is to be done with the tickets.")
        with suppress(NotFound):  # a repeat, when the job may have emptied the list that it was started from
            return await find(self.gateway, self.person, self.command_id)
        async with self.gateway.service.pool.acquire() as db:
            selected = await ticket_lists.select(db, self.person.sight, wanted, MOST_TICKETS + 1)
        if not selected:
            raise Unprocessable("No ticket is selected. Select some first, with x or the mouse.")
        if len(selected) > MOST_TICKETS:
            raise Unprocessable(
                f"More than {MOST_TICKETS} tickets match. Narrow the list, and do it in several jobs."
            )
        await self._hand_over(selected)
        command = StartBulkJob(
            **self.signature,
            actions=tuple(actions),
            selection=selection[:500],
            total=len(selected),
        )
        await self.gateway.command(command)
        return await find(self.gateway, self.person, self.command_id)

    async def _hand_over(self, selected: Sequence[tuple[UUID, int]]) -> None:
        for first in range(0, len(selected), PIECE):
            # An id of its own: what was done by one id is not done again, and the last try is what counts.
            piece = SelectTickets(
                command_id=uuid4(),
                actor_id=self.person.person_id,
                job_id=self.command_id,
                first=first,
                tickets=tuple(
                    SelectedTicket(ticket_id=ticket_id, seen_version=version)
                    for ticket_id, version in selected[first : first + PIECE]
                ),
            )
            await self.gateway.command(piece)

    async def cancel(self, job_id: UUID) -> None:
        """Let it do nothing more."""
        await find(self.gateway, self.person, job_id)
        command = CancelBulkJob(**self.signature, job_id=job_id)
        await self.gateway.command(command)

    async def undo(self, job_id: UUID) -> BulkJob:
        """Give every ticket back what a job changed, by another job."""
        await find(self.gateway, self.person, job_id)
        command = UndoBulkJob(**self.signature, job_id=job_id)
        await self.gateway.command(command)
        return await find(self.gateway, self.person, self.command_id)


def jobbing(request: Request, here: Here, person: Writer) -> Jobbing:
    """A wish of the asker."""
    return Jobbing(here, person, command_id_of(request, person))


Wish = Annotated[Jobbing, Depends(jobbing)]


async def find(here: Gateway, person: Person, job_id: UUID, piece: Piece = FIRST) -> BulkJob:
    """How far a job is.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    job = await here.ask(GetBulkJob(job_id=job_id, after=piece.after, limit=piece.limit), BulkJob)
    if job.started_by != person.person_id and not person.may_oversee:
        raise NotFound("There is no such job.")
    return job


async def every(here: Gateway, person: Person) -> Sequence[BulkJob]:
    """The last jobs of someone, the newest first; supervisors and administrators see everyone's."""
    started_by = None if person.may_oversee else person.person_id
    return (await here.ask(ListBulkJobs(started_by=started_by), BulkJobList)).items


async def names(here: Gateway) -> Mapping[UUID, str]:
    """What jobs and lists refer to."""
    async with here.service.pool.acquire() as db:
        return await desk.names(db)


async def asked_for(here: Gateway, person: Person, query: TicketQuery) -> tuple[Filter, list[str]]:
    """The tickets that a list has, and what it asks for in words.

    A contact is called by an address: that goes when the person is erased, wherever it stands.

    Raises:
        NotFound: there is no such organisation or contact.
    """
    async with here.service.pool.acquire() as db:
        names = dict(await desk.names(db))
        if isinstance(query.contact, UUID):
            names[query.contact] = (await contacts.shown(db, person.sight, query.contact)).addresses[0]
        wanted = query.filter(person.person_id, await organisations.read(db))
    return wanted, list(query.words(names).values())


def selected(number: int) -> str:
    """Tickets that were selected one by one, in words."""
    return "1 ticket that was selected" if number == 1 else f"{number} tickets that were selected"


def sentences(actions: Collection[BulkAction], names: Mapping[UUID, str]) -> list[str]:
    """What is done, in words."""
    return [_sentence(action, names) for action in actions]


def _sentence(action: BulkAction, names: Mapping[UUID, str]) -> str:
    match action:
        case Assign(agent_id=agent_id):
            return f"give to {names.get(agent_id, 'somebody')}" if agent_id else "give back to everyone"
        case Prioritise(priority=priority):
            return f"priority {priority}"
        case Tag(add=add, remove=remove):
            added = f"add {', '.join(add)}" if add else ""
            removed = f"remove {', '.join(remove)}" if remove else ""
            return "tags: " + "; ".join(filter(None, (added, removed)))
        case Categorise(category_id=category_id):
            return f"category {names.get(category_id, 'that was removed')}" if category_id else "no category"
        case SetState(state=state, until=until):
            return state.replace("_", " ") + (f" until {until:%d %b %Y, %H:%M} UTC" if until else "")
        case Move(ticketbox_id=ticketbox_id):
            return f"move to {names.get(ticketbox_id, 'a ticketbox that was removed')}"
        case _:
            assert_never(action)
