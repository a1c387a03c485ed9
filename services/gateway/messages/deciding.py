"""What people do with messages that were stopped, by page or by API: from the wish to the command."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from contracts.commands import DiscardMessage, ReadAgain, ReleaseMessage
from contracts.ids import derived
from contracts.queries import ListParked, Parked, ParkedList, Replayed, ReplayParked
from contracts.stream_ids import message_stream
from services.gateway.access.guard import Decider, Here, command_id_of
from services.gateway.access.sight import may_see_message
from services.gateway.asking import Asking
from services.gateway.gateway import Gateway
from services.gateway.messages import messages
from services.gateway.problems import Conflict, Forbidden, Problem
from services.gateway.representations.messages import MessageItem, ReadAgainResult

AT_ONCE = 8
ROUTING = ("router", "tickets")
"""The services that may have parked a message on its way into a ticket."""


@dataclass(frozen=True, slots=True)
class Many:
    """What became of a wish about many messages."""

    done: tuple[UUID, ...]
    refused: tuple[str, ...]
    """Why some were left where they are; each reason once."""


@dataclass(frozen=True, slots=True)
class Deciding(Asking):
    """One wish of one person."""

    async def release(self, message_id: UUID) -> MessageItem:
        """Let a message through to its ticketbox.

        Raises:
            Conflict: it was delivered already, or is not routed yet.
            Problem.
        """
        return await self._decide(ReleaseMessage, message_id)

    async def discard(self, message_id: UUID) -> MessageItem:
        """Delete a message that waits for a person; a release brings it back.

        Raises:
            Conflict: it was delivered already, or is not routed yet.
            Problem.
        """
        return await self._decide(DiscardMessage, message_id)

    async def _decide(self, command: type[ReleaseMessage | DiscardMessage], message_id: UUID) -> MessageItem:
        await self._known(message_id)
        await self.gateway.command(command(**self.signature, message_id=message_id))
        return await self._known(message_id)

    async def read_again(self, message_id: UUID) -> ReadAgainResult:
        """Have the stored bytes read by the reader of this release.

        Raises:
            Problem.
        """
        await self._must_manage(message_id)
        done = await self.gateway.command(ReadAgain(**self.signature, message_id=message_id))
        return ReadAgainResult(changed=done.position > 0, message=await self._known(message_id))

    async def replay(self, message_id: UUID) -> None:
        """Have what is parked of a message handled again.

        Raises:
            Conflict: it failed again, or nothing is parked.
            Problem.
        """
        await self._must_manage(message_id)
        parked = await parked_of(self.gateway, message_id)
        if not parked:
            raise Conflict("not_parked", "Nothing of this message is parked any more.")
        service, one = parked[-1]
        replayed = await self.gateway.ask(ReplayParked(parked_id=one.parked_id), Replayed, service)
        if not replayed.done:
            raise Conflict("still_parked", f"It failed again and stays parked: {replayed.error}")

    async def each(self, message_ids: Sequence[UUID], wish: "Wish") -> Many:
        """Do the same with many messages, some at a time; one that is refused does not hinder the others."""
        waiting = asyncio.Semaphore(AT_ONCE)

        async def one(message_id: UUID) -> str | None:
            deciding = Deciding(self.gateway, self.person, derived(self.command_id, str(message_id)))
            async with waiting:
                try:
                    await wish(deciding, message_id)
                except Problem as problem:
                    return problem.detail
            return None

        refusals = await asyncio.gather(*map(one, message_ids))
        done = [
            message_id for message_id, refusal in zip(message_ids, refusals, strict=True) if refusal is None
        ]
        return Many(tuple(done), tuple(dict.fromkeys(filter(None, refusals))))

    async def _known(self, message_id: UUID) -> MessageItem:
        async with self.gateway.service.pool.acquire() as db:
            return await messages.item(db, self.person.sight, message_id)

    async def _must_manage(self, message_id: UUID) -> None:
        """See that the person manages the ticketbox of a message, or all of them if it is in none.

        Router asks by itself. Ingest knows no people, and sees only that they manage some ticketbox.

        Raises:
            NotFound, Forbidden.
        """
        await self._known(message_id)
        async with self.gateway.service.pool.acquire() as db:
            if not await may_see_message(db, self.person.manages, message_id):
                raise Forbidden("Only who manages its ticketbox can do this.")


Wish = Callable[[Deciding, UUID], Awaitable[object]]


def deciding(request: Request, here: Here, person: Decider) -> Deciding:
    """A wish of the asker about messages."""
    return Deciding(here, person, command_id_of(request, person))


Decision = Annotated[Deciding, Depends(deciding)]


async def parked_of(gateway: Gateway, message_id: UUID) -> list[tuple[str, Parked]]:
    """What is parked of a message, and where; the oldest first. A service that does not answer is passed over."""
    found: list[tuple[str, Parked]] = []
    query = ListParked(stream_id=message_stream(message_id))
    for service in ROUTING:
        with suppress(Problem):
            listed = await gateway.ask(query, ParkedList, service)
            found += [(service, one) for one in listed.items]
    return found
