"""Connections to PostgreSQL: each service works as its own role and sees its own schema only."""

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
    asyncpg.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.InvalidCachedStatementError,  # a table was replaced by its rebuilt one
)
"""Failures that pass by themselves: the same work is tried again, and nothing is parked for them."""


def role_of(service: str) -> str:
    return f"postroom_{service}"


def eraser_of(service: str) -> str:
    """The role that may take a person's data out of the log of a service; it takes it on for that transaction only."""
    return f"postroom_{service}_eraser"


def session_settings(service: str) -> dict[str, str]:
    """Server settings with which a connection of `service` begins."""
    return {"role": role_of(service), "search_path": service, "application_name": f"postroom {service}"}


async def connect(database_url: str, service: str) -> Connection:
    """A connection of its own, outside the pool: for locks and notifications that last."""
    return await asyncpg.connect(database_url, server_settings=session_settings(service))


async def connect_pool(database_url: str, service: str, size: int) -> Pool:
    return await asyncpg.create_pool(
        database_url,
        min_size=1,
        max_size=size,
        command_timeout=60,
        server_settings=session_settings(service),
    )
