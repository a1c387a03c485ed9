"""Connections to PostgreSQL: each service works as its own role and sees its own schema only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:  # only the stubs know what they are made of
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server was killed amid an operation: the driver lost its place
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections, out of memory
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting up
    asyncpg.ReadOnlySQLTransactionError,  # another server takes over
    asyncpg.InvalidAuthorizationSpecificationError,  # a password or an access is being changed: only a login says so
    asyncpg.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.InvalidCachedStatementError,  # a table was replaced by its rebuilt one
)
"""Failures that pass by themselves: the same work is tried again, and nothing is parked for them."""

STANDBY_SECONDS = 1.0
COMMAND_SECONDS = 60.0
LONG_COMMAND_SECONDS = 3600.0
"""For work that reads all that there is."""

_GONE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
    "idle_in_transaction_session_timeout": "2min",
}
"""How PostgreSQL tells that whoever had a connection is gone: its locks are free in half a minute, not in two hours.

A machine that loses its power, or its network, closes no connection.
"""


def role_of(service: str) -> str:
    return f"postroom_{service}"


def eraser_of(service: str) -> str:
    """The role that may take a person's data out of the log of a service; it takes it on for that transaction only."""
    return f"postroom_{service}_eraser"


def session_settings(service: str) -> dict[str, str]:
    """Server settings with which a connection of `service` begins."""
    return {
        "role": role_of(service),
        "search_path": service,
        "application_name": f"postroom {service}",
        **_GONE,
    }


async def connect(database_url: str, service: str, command_seconds: float = COMMAND_SECONDS) -> Connection:
    """A connection of its own, outside the pool: for locks and notifications that last.

    A command without an answer by then raises TimeoutError: the server may have vanished.
    """
    return await asyncpg.connect(
        database_url, command_timeout=command_seconds, server_settings=session_settings(service)
    )


class Unreachable(Exception):
    """PostgreSQL cannot be reached, or lets nobody in, by the address that a person gave."""


@asynccontextmanager
async def as_owner(database_url: str, schema: str = "public") -> AsyncIterator[Connection]:
    """A connection as the owner of the database, who sees all schemas; the tables of `schema` by their names alone.

    Raises:
        Unreachable.
    """
    try:
        db = await asyncpg.connect(database_url, server_settings={"search_path": schema})
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = str(error) or "it does not answer"
        raise Unreachable(f"PostgreSQL cannot be reached: {why}. Is it running?") from error
    try:
        yield db
    finally:
        await db.close()


async def try_lock(db: Connection, what: str) -> bool:
    """Take a lock that lasts until `unlock` or the end of the connection; False if another connection has it."""
    return bool(await db.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", what))


async def unlock(db: Connection, what: str) -> None:
    await db.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", what)


async def lock(db: Connection, what: str) -> None:
    """Wait for a lock that lasts until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", what)


async def lead(db: Connection, what: str) -> None:
    """Wait until this connection is the one that does `what`. It stays so until the connection ends.

    It asks again and again. A statement that waited for the lock would keep PostgreSQL from cleaning any table, for as
    long as another connection leads.
    """
    while True:
        if await try_lock(db, what):
            return
        await asyncio.sleep(STANDBY_SECONDS)


class Announcements:
    """What PostgreSQL tells a connection that listens. The connection may be used for more."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self._heard: set[tuple[str, str]] = set()
        self._woken = asyncio.Event()
        db.add_termination_listener(lambda _: self._woken.set())

    async def listen(self, channel: str) -> None:
        await self.db.add_listener(channel, self._hear)

    def _hear(self, _db: object, _pid: int, channel: str, text: object) -> None:
        self._heard.add((channel, str(text)))
        self._woken.set()

    def take(self) -> set[tuple[str, str]]:
        """Channel and text of what was announced since the last time.

        It is taken before what it announces is looked for: what comes after that wakes again.
        """
        self._woken.clear()
        heard, self._heard = self._heard, set()
        return heard

    async def wait(self, seconds: float) -> None:
        """Wait until something is announced, at most so long.

        Raises:
            asyncpg.PostgresConnectionError: the connection is lost, and what was announced meanwhile with it.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        if self.db.is_closed():
            raise asyncpg.ConnectionDoesNotExistError("the connection that listens is lost")


@asynccontextmanager
async def listening(database_url: str, service: str, *channels: str) -> AsyncIterator[Announcements]:
    """A connection of its own that hears what is announced; what was before is for its user to look for."""
    db = await connect(database_url, service)
    try:
        announced = Announcements(db)
        for channel in channels:
            await announced.listen(channel)
        yield announced
    finally:
        db.terminate()


async def _keep(_: Connection) -> None:
    """Asyncpg itself rolls back what was left open."""


async def connect_pool(database_url: str, service: str, size: int) -> Pool:
    """Connections that are lent for a moment: what is set on one ends with a transaction, and a lock is given back.

    So there is nothing to be reset, which would cost each batch a round trip.
    """
    return await asyncpg.create_pool(
        database_url,
        min_size=1,
        max_size=size,
        max_inactive_connection_lifetime=60,  # seconds; each holds some 5 MB of the server's memory
        command_timeout=COMMAND_SECONDS,
        reset=_keep,
        server_settings=session_settings(service),
    )
