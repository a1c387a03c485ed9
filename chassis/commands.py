"""Answers to commands: each is decided and appended in one transaction, and decided again if its stream changed."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from chassis import log
from chassis.database import Connection, Pool
from contracts.commands import Command, Done, Outcome, Refused

CONFLICTS = 10


class Refusal(Exception):  # noqa: N818 - a refusal is not an error
    """The domain says no: `code` is stable, the text is a sentence for people."""

    code: str
    version: int | None = None
    """Of the stream as it is now, where the refusal is about what someone saw."""

    def __init__(self, sentence: str, **facts: object) -> None:
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(sentence)


async def answer(pool: Pool, command: Command, decide: Callable[[Connection], Awaitable[Outcome]]) -> Outcome:
    """Have `decide` append in a transaction, once however often the command comes.

    Raises:
        VersionConflict: its stream changes too fast.
    """
    for _ in range(CONFLICTS):
        with suppress(log.VersionConflict, log.AlreadyAnswered):
            try:
                async with pool.acquire() as db, db.transaction():
                    if (before := await log.outcome(db, command.command_id)) is not None:
                        return Done(position=before.position, version=before.version)
                    return await decide(db)
            except Refusal as refusal:
                return Refused(
                    code=refusal.code, detail=str(refusal), version=refusal.version, facts=refusal.facts
                )
    raise log.VersionConflict(f"{type(command).__name__}: what it is about changes too fast")
