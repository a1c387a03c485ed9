"""Erases what routing keeps of a person: rows of the log, errors that may quote a letter, contacts, and the queue."""

import orjson

from chassis.database import Connection
from chassis.erasing import begin, erase_log, erase_mentions, erase_parked, erase_trials, traces
from chassis.service import Service
from contracts.erasing import Eraser
from contracts.erasures import ErasePiece, PieceErased, Subject
from contracts.model import ERASED
from services.router.queue import contact_key
from services.router.settings import RouterSettings


async def erase(service: Service[RouterSettings], piece: ErasePiece, db: Connection) -> PieceErased:
    """Erase a piece of the log; after the last, what is kept beside it."""
    await begin(db, "router")
    done = await erase_log(db, "router", piece, service.clock())
    if done.following is None:
        if (waits_for := await erase_trials(db, piece.person)) is not None:
            return PieceErased(waits_for=waits_for)
        await _forget_errors(db, piece.person)
        await forget_contacts(db, piece.person)
        await leave_queue(db, piece.person)
        await erase_mentions(db, piece.person, "thing", "thing", "jsonb")
        await erase_parked(db, piece.person)
    return done


async def _forget_errors(db: Connection, person: Subject) -> None:
    await db.execute(
        "UPDATE undelivered SET error = $2 WHERE message_id = ANY($1::uuid[])",
        list(person.message_ids),
        ERASED,
    )
    eraser = Eraser(person)
    for row in await db.fetch(
        "SELECT ruleset_version, rule, last_error FROM rule_hit WHERE last_error ~* $1", traces(person)
    ):
        await db.execute(
            "UPDATE rule_hit SET last_error = $3 WHERE ruleset_version = $1 AND rule = $2",
            row["ruleset_version"],
            row["rule"],
            eraser.text(row["last_error"]),
        )


async def forget_contacts(db: Connection, person: Subject) -> None:
    await db.execute("DELETE FROM contact_address WHERE address = ANY($1::text[])", list(person.addresses))
    await db.execute("DELETE FROM contact WHERE contact_id = ANY($1::uuid[])", list(person.contact_ids))


async def leave_queue(db: Connection, person: Subject) -> None:
    """The person's tickets are of the customer who stands there now; events that wait for others lose their words."""
    keys = list(map(contact_key, person.addresses))
    await db.execute("DELETE FROM last_agent WHERE contact_key = ANY($1::uuid[])", keys)
    await db.execute(
        "UPDATE ticket SET contact_key = $2 WHERE contact_key = ANY($1::uuid[]) AND ticket_id = ANY($3::uuid[])",
        keys,
        contact_key(person.alias),
        list(person.ticket_ids),
    )
    eraser = Eraser(person)
    for row in await db.fetch("SELECT stream_id, version, type, data::text AS data FROM early"):
        before = orjson.loads(row["data"])
        if (after := eraser.event(row["type"], before)) != before:
            await db.execute(
                "UPDATE early SET data = $3::text::jsonb WHERE stream_id = $1 AND version = $2",
                row["stream_id"],
                row["version"],
                orjson.dumps(after).decode(),
            )
