"""Erases what leaving mail keeps of a person: rows of the log, the bytes of deliveries, files in the Maildir."""

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

import orjson

from chassis.database import Connection
from chassis.erasing import begin, erase_log, erase_parked, vouch
from chassis.service import Service
from contracts.erasing import Eraser
from contracts.erasures import ErasePiece, PieceErased, Subject
from services.notify import deliveries
from services.notify.maildir import Maildir
from services.notify.settings import NotifySettings

# Answers to the person, whoever else got them; copies and alerts of the person's letters, or to the person.
_THEIRS = """
(
    delivery.reply_id = ANY($1::uuid[])
    OR (delivery.notice AND delivery.ticket_id = ANY($2::uuid[]))
    OR (delivery.notice AND lower(delivery.recipients -> 0 ->> 'address') = ANY($3::text[]))
)
"""


def _parameters(person: Subject) -> tuple[list[UUID], list[UUID], list[str]]:
    return list(person.reply_ids), list(person.message_ids), list(person.addresses)


async def erase(service: Service[NotifySettings], piece: ErasePiece, db: Connection) -> PieceErased:
    """Erase a piece of the log; before the first, deliveries under way end, and after the last all bytes go."""
    await begin(db, "notify")
    if piece.after == 0:
        leaving = await db.fetchval(
            f"SELECT count(*) FROM delivery WHERE state = 'sending' AND {_THEIRS}", *_parameters(piece.person)
        )
        if leaving:
            return PieceErased(waits_for=f"{leaving} messages to the person are leaving at this moment")
        await deliveries.give_up(db, _THEIRS, _parameters(piece.person), service.clock())
    done = await erase_log(db, "notify", piece, service.clock())
    if done.following is None:
        files = await _forget_bytes(db, piece.person, Maildir(service.settings.data / "outgoing"))
        if files:
            await vouch(db, "notify", piece.person, (), files, service.clock())
        await erase_parked(db, piece.person)
        return PieceErased(rows=done.rows, files=files)
    return done


async def _forget_bytes(db: Connection, person: Subject, maildir: Maildir) -> int:
    """Empty the deliveries, and delete their files; how many were emptied."""
    rows = await db.fetch(
        f"""
        SELECT reply_id, attempt, recipients::text AS recipients, message <> '' AS whole
        FROM delivery
        WHERE {_THEIRS}
        FOR UPDATE
        """,
        *_parameters(person),
    )
    await asyncio.to_thread(maildir.erase, {row["reply_id"] for row in rows})
    eraser = Eraser(person)
    emptied: Sequence[tuple[UUID, int, str]] = [
        (row["reply_id"], row["attempt"], _without(eraser, row["recipients"])) for row in rows
    ]
    await db.executemany(
        "UPDATE delivery SET message = '', recipients = $3::text::jsonb WHERE reply_id = $1 AND attempt = $2",
        emptied,
    )
    return sum(row["whole"] for row in rows)


def _without(eraser: Eraser, recipients: str) -> str:
    content: Collection[object] = eraser.event("", {"recipients": orjson.loads(recipients)})["recipients"]
    return orjson.dumps(content).decode()
