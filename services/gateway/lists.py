"""What lists share: conditions with their parameters, and pages by keyset."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Query
from pydantic import TypeAdapter

from chassis.database import Connection
from contracts.model import Instant
from contracts.queries import LONGEST_PIECE
from services.gateway.problems import BadRequest

Limit = Annotated[int, Query(ge=1, le=LONGEST_PIECE)]
"""How much of a list somebody asks for at once."""
COUNTED = 1000
"""Counting stops here: nobody needs to know more exactly, and a list of a million stays fast."""
NEAR = 1000
"""So many rows of a list are tried for words that very many rows may hold; then all that hold them are collected."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that very many rows may hold, as a condition in two forms; `{0}` stands for the words."""

    q: str
    tried: str
    """Asked of one row after the other: quick where each few rows hold them."""
    collected: str
    """All hits are found first, however old they are."""


@dataclass(slots=True)
class Where:
    """Conditions with their parameters."""

    parameters: list[object] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    words: Words | None = None
    """To be added in one of its forms."""

    def add(self, condition: str, *values: object) -> None:
        """`{0}`, `{1}` … stand for the values."""
        numbers = range(len(self.parameters) + 1, len(self.parameters) + 1 + len(values))
        self.conditions.append(condition.format(*(f"${number}" for number in numbers)))
        self.parameters.extend(values)

    def also(self, condition: str, *values: object) -> "Where":
        """The same and one more, without what is sought."""
        other = Where([*self.parameters], [*self.conditions])
        other.add(condition, *values)
        return other

    def collected(self) -> "Where":
        """The same, with all hits of what is sought."""
        return self.also(self.words.collected, self.words.q) if self.words else self

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


async def add_search(
    db: Connection, conditions: Where, q: str, *, identity: str, hits: str, tried: str, most: int
) -> None:
    """Look for words: the rows that `hits` finds are a condition if they are at most so many, and `Words` otherwise."""
    rows = await db.fetch(f"{hits.format('$1')} LIMIT {most + 1}", q)
    if len(rows) > most:
        conditions.words = Words(q, tried, collected=f"{identity} IN ({hits})")
    else:
        conditions.add(f"{identity} = ANY({{0}}::uuid[])", [row[0] for row in rows])


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
    rows = await _first(db, select, conditions, order, identity, limit + 1)
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], cursor_at(last[_name(order.moment)], last[_name(identity)])


async def _first(
    db: Connection, select: str, conditions: Where, order: Order, identity: str, number: int
) -> list[asyncpg.Record]:
    def sql(where: Where) -> str:
        return f"{select} WHERE {where.sql()} ORDER BY {order.sql(identity)}"

    async def fetch(where: Where) -> list[asyncpg.Record]:
        return await db.fetch(f"{sql(where)} LIMIT {number}", *where.parameters)

    words = conditions.words
    if words is None:
        return await fetch(conditions)
    async with db.transaction():
        # A plan depends on how many rows hold the words: none may be kept for whatever is sought.
        await db.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        last_near = (
            f"SELECT {_name(order.moment)} FROM ({sql(conditions)} OFFSET {NEAR} LIMIT 1) AS last_near"
        )
        edge = await db.fetchval(last_near, *conditions.parameters)
        near = conditions.also(words.tried, words.q)
        if edge is not None:
            near.add(f"{order.moment} {'<=' if order.ascending else '>='} {{0}}", edge)
        rows = await fetch(near)
        return rows if edge is None or len(rows) == number else await fetch(conditions.collected())


def _name(column: str) -> str:
    return column.rpartition(".")[2]


def cursor_at(moment: datetime, identity: UUID) -> str:
    """A cursor behind the row with this time and id."""
    return urlsafe_b64encode(f"{moment.isoformat()} {identity}".encode()).decode()


_BEHIND: TypeAdapter[tuple[Instant, UUID]] = TypeAdapter(tuple[Instant, UUID])


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The row that a cursor stands behind.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    try:
        return _BEHIND.validate_python(tuple(urlsafe_b64decode(cursor.encode()).decode().split(" ")))
    except ValueError:
        raise BadRequest("This cursor is none of ours; begin again without one.") from None
