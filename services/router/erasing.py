"""Erases what routing keeps of a person: rows of the log, and errors that may quote a letter."""

from chassis.database import Connection
from chassis.erasing import begin, erase_log, erase_mentions, erase_parked, pattern
from chassis.service import Service
from contracts.erasing import Eraser
from contracts.erasures import ErasePiece, PieceErased, Subject
from contracts.model import ERASED
from services.router.settings import RouterSettings


async def erase(service: Service[RouterSettings], piece: ErasePiece, db: Connection) -> PieceErased:
    """Erase a piece of the log; after the last, what is kept beside it."""
    await begin(db, "router")
    done = await erase_log(db, "router", piece, service.clock())
    if done.following is None:
        await _forget_errors(db, piece.person)
        await erase_mentions(db, piece.person, "thing", "thing", "jsonb")
        await erase_parked(db, piece.person)
    return done


async def _forget_errors(db: Connection, person: Subject) -> None:
    await db.execute(
        "UPDATE undelivered SET error = $2 WHERE message_id = ANY($1::uuid[])",
        list(person.message_ids),
        ERASED,
    )
    sought, eraser = pattern(person.addresses), Eraser(person)
    for row in await db.fetch(
        "SELECT ruleset_version, rule, last_error FROM rule_hit WHERE last_error ~* $1", sought
    ):
        await db.execute(
            "UPDATE rule_hit SET last_error = $3 WHERE ruleset_version = $1 AND rule = $2",
            row["ruleset_version"],
            row["rule"],
            eraser.text(row["last_error"]),
        )
    for row in await db.fetch(
        "SELECT dry_run_id, summary::text AS summary FROM dry_run WHERE summary::text ~* $1", sought
    ):
        await db.execute(
            "UPDATE dry_run SET summary = $2::jsonb WHERE dry_run_id = $1",
            row["dry_run_id"],
            eraser.text(row["summary"]),
        )
