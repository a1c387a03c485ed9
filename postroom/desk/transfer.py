"""Reads the desk from the log of tickets and writes a plan to it; the services need not run."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from chassis.commands import Refusal
from chassis.database import Connection
from contracts.desk import AnyThing
from contracts.stream_ids import RULESET, thing_stream
from postroom.desk.plan import Plan, Present
from services.tickets import desk_tables
from services.tickets.changes import check_together, configure_together


class CannotApply(Exception):
    """The desk as a whole would not hold together, or it was changed meanwhile; nothing was applied."""


async def read_present(db: Connection) -> Present:
    """The desk as it is now, from one consistent read."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        await db.execute("SET LOCAL search_path = tickets")
        things = cast("Mapping[UUID, AnyThing]", (await desk_tables.read_desk(db)).things)
        streams = {thing_stream(thing.kind, thing.id): thing.id for thing in things.values()}
        versions = await desk_tables.thing_versions(db, [*streams, RULESET])
        ruleset = await desk_tables.ruleset_in_force(db)
    return Present(
        things=things,
        versions={identity: versions[stream] for stream, identity in streams.items()},
        ruleset=ruleset,
        ruleset_version=versions.get(RULESET, 0),
    )


async def check(db: Connection, plan: Plan) -> None:
    """Look whether a plan could be applied to the desk as it is now.

    Raises:
        CannotApply.
    """
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True):
            await db.execute("SET LOCAL search_path = tickets")
            await check_together(db, plan.commands)
    except Refusal as refusal:
        raise CannotApply(str(refusal)) from refusal


async def apply(db: Connection, plan: Plan) -> None:
    """Do all that a plan says, or nothing.

    Raises:
        CannotApply.
    """
    try:
        async with db.transaction():
            await db.execute("SET LOCAL search_path = tickets")
            await configure_together(db, plan.commands, datetime.now(UTC))
    except Refusal as refusal:
        raise CannotApply(str(refusal)) from refusal
