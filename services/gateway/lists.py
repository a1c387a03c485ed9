"""What lists share: conditions with their parameters, and pages by keyset."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Query

from chassis.database import Connection
from contracts.queries import LONGEST_PIECE
from services.gateway.problems import BadRequest

Limit = Annotated[int, Query(ge=1, le=LONGEST_PIECE)]
"""How much of a list somebody asks for at once."""
COUNTED = 1000
"""Counting stops here: nobody needs to know more exactly, and a list of a million stays fast."""


@dataclass(slots=True)
class Where:
    """Conditions with their parameters."""

    parameters: list[object] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)

    def add(self, condition: str, *values: object) -> None:
        """`{0}`, `{1}` … stand for the values."""
        numbers = range(len(self.parameters) + 1, len(self.parameters) + 1 + len(values))
        self.conditions.append(condition.format(*(f"${number}" for number in numbers)))
        self.parameters.extend(values)

    def sql(self) -> str:
        return " AND ".join(self.conditions) or "true"


@dataclass(frozen=True, slots=True)
class Order:
    """By a column that holds a moment: the newest first, or the oldest."""

    moment: str
    ascending: bool = False
    of_few: bool = False
    """The conditions leave few rows, which are found first and then sorted. PostgreSQL would walk through the whole
    list in its order until it has met enough of them."""

    def sql(self, identity: str) -> str:
        way = "ASC" if self.ascending else "DESC"
        moment = f"{self.moment} + interval '0'" if self.of_few else self.moment  # no index has this order
        return f"{moment} {way}, {identity} {way}"


async def page(
    db: Connection,
    select: str,
    conditions: Where,
    order: Order,
    identity: str,
    cursor: str | None,
    limit: int,
) -> tuple[list[asyncpg.Record], str | None]:
    """Rows of a list in an order, where moments are the same by the column `identity`, and the cursor behind them.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    if cursor is not None:
        behind = ">" if order.ascending else "<"
        conditions.add(f"({order.moment}, {identity}) {behind} ({{0}}, {{1}})", *read_cursor(cursor))
    conditions.parameters.append(limit + 1)
    rows = await db.fetch(
        f"""
        {select}
        WHERE {conditions.sql()}
        ORDER BY {order.sql(identity)}
        LIMIT ${len(conditions.parameters)}
        """,
        *conditions.parameters,
    )
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], cursor_at(last[order.moment.rpartition(".")[2]], last[identity.rpartition(".")[2]])


def cursor_at(moment: datetime, identity: UUID) -> str:
    """A cursor behind the row with this time and id."""
    return urlsafe_b64encode(f"{moment.isoformat()} {identity}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The row that a cursor stands behind.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    try:
        moment, _, identity = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(moment), UUID(identity)
    except (ValueError, binascii.Error):
        raise BadRequest("This cursor is none of ours; begin again without one.") from None
