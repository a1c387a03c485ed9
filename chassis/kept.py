"""What is made of all that a service knows of the desk, kept in memory until the desk is another one."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from uuid import UUID

from chassis.database import Connection

T = TypeVar("T")


class Kept(Generic[T]):
    """What `read` makes of the desk: many things take long to read, and there are many transactions to a change.

    The service has a table `desk_edition`, whose one row is another after each change of the desk. An edition is no
    number: one of a change that was rolled back would come again and name another desk.
    """

    def __init__(self, read: Callable[[Connection], Awaitable[T]]) -> None:
        self._read = read
        self._by_edition: dict[UUID | None, T] = {}

    async def get(self, db: Connection) -> T:
        """What was made of the desk as the transaction sees it; who asks changes nothing of it."""
        # The edition comes first: what is newer than it says is only read again.
        edition = await db.fetchval("SELECT edition FROM desk_edition")
        if edition in self._by_edition:
            return self._by_edition[edition]
        made = await self._read(db)
        self._by_edition = {edition: made}
        return made
