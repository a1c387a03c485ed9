"""Answers to commands: each is decided and appended in one transaction, and again where others were in the way."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

import asyncpg

from chassis import log
from chassis.database import Connection, Pool
from contracts.commands import Command, Done, Outcome, Refused

CONFLICTS = 10


class Refusal(Exception):
    """The domain says no: `code` is stable, the text is a sentence for people."""

    code: str
    version: int | None = None
    """Of the stream as it is now, where the refusal is about what someone saw."""

    def __init__(self, sentence: str, **facts: object) -> None:
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(sentence)


class UnknownThing(Refusal):
    """There is nothing with this id."""

    code = "unknown"


class Invalid(Refusal):
    """The wish itself makes no sense."""

    code = "invalid"


class Forbidden(Refusal):
    """The person may not do this."""

    code = "forbidden"


async def answer(pool: Pool, command: Command, decide: Callable[[Connection], Awaitable[Outcome]]) -> Outcome:
    """Have `decide` append in a transaction, once however often the command comes: a repeat gets the first answer.

    Only a refusal is not kept: what is refused today may be done tomorrow.

    Raises:
        VersionConflict: its stream changes too fast.
    """
    for _ in range(CONFLICTS):
        with suppress(log.VersionConflict, log.AlreadyAnswered, asyncpg.DeadlockDetectedError):
            try:
                async with pool.acquire() as db, db.transaction():
                    if (before := await _before(db, command.command_id)) is not None:
                        return before
                    outcome = await decide(db)
                    if isinstance(outcome, Done):
                        await _keep(db, command.command_id, outcome)
                    return outcome
            except Refusal as refusal:
                return Refused(
                    code=refusal.code, detail=str(refusal), version=refusal.version, facts=refusal.facts
                )
            except log.TooLarge as error:
                return Refused(code="too_large", detail=f"This is too much at once: {error}. Do it in parts.")
    raise log.VersionConflict(f"{type(command).__name__}: what it is about changes too fast")


async def _before(db: Connection, command_id: UUID) -> Done | None:
    row = await db.fetchrow("SELECT position, version FROM done WHERE command_id = $1", command_id)
    return None if row is None else Done(position=row["position"], version=row["version"])


async def _keep(db: Connection, command_id: UUID, done: Done) -> None:
    """Keep an answer in its transaction.

    Raises:
        AlreadyAnswered: it came twice at once, and appended nothing by which the log would have told.
    """
    try:
        await db.execute(
            "INSERT INTO done (command_id, position, version) VALUES ($1, $2, $3)",
            command_id,
            done.position,
            done.version,
        )
    except asyncpg.UniqueViolationError as error:
        raise log.AlreadyAnswered(error.detail) from error
