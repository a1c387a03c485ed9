"""The read model behind pages and API: the history of everything, and a line for each ticket and each message."""

from chassis.consume import Batch
from chassis.database import Connection
from chassis.projection import Projection
from contracts.streams import GATEWAY
from services.gateway.read_model import (
    contact_rows,
    desk_rows,
    history_rows,
    message_rows,
    task_rows,
    ticket_rows,
)

CHANNEL = "postroom_inbox"
"""PostgreSQL's notifications that there is something new."""


async def apply(batch: Batch, db: Connection) -> None:
    """Take events of one log into the tables."""
    await history_rows.keep(db, batch)
    match batch[0].event.service:
        case "ingest":
            await message_rows.keep_received(db, batch)
        case "router":
            await message_rows.keep_standings(db, batch)
        case "tickets":
            await message_rows.keep_standings(db, batch)
            await ticket_rows.keep(db, batch)
            await task_rows.keep(db, batch)
            await contact_rows.keep(db, batch)
            await desk_rows.keep(db, batch)
        case _:  # what notify says is in the history, and comes back from tickets
            pass
    # Heard when the transaction commits: open pages ask what is new.
    await db.execute("SELECT pg_notify($1, '')", CHANNEL)


INBOX = Projection(
    name="inbox",
    schema="gateway",
    tables=(
        "history",
        "ticket",
        "task",
        "message",
        "thing",
        "desk_edition",
        "attendance",
        "contact",
        "contact_address",
    ),
    consumers=GATEWAY,
    apply=apply,
    found_by={
        "history": frozenset({"ticket_id", "message_id"}),
        "ticket": frozenset(),
        "message": frozenset(),
    },
)
