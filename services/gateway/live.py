"""Tells open pages and programs what is new, as server-sent events (WHATWG HTML §9.2)."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import orjson

from chassis.database import Announcements, Connection, listening
from chassis.service import Service
from services.gateway.access.sight import Sight
from services.gateway.read_model.inbox import CHANNEL
from services.gateway.settings import GatewaySettings

BATCH = 500
MOST_WAITING = 1000
"""Events that a slow listener may be behind; then it is cut off, comes again and says where it was."""
HEARTBEAT_SECONDS = 15
VISITS = "postroom_visit"
"""PostgreSQL's notifications that someone came to a ticket, began to answer, or went: the ticket's number."""
POLL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class News:
    """One event of a ticket, and its place in the log that it is from."""

    source: str
    position: int
    ticketbox_id: UUID
    """Where the ticket is now: who may see it there hears of it."""
    data: bytes
    left_id: UUID | None
    """The ticketbox that the ticket leaves."""
    gone: bytes
    """What is told to who sees only that one."""

    def frame(self, sight: Sight) -> bytes | None:
        """It as a server-sent event for somebody. Only places in the log of tickets are ids, so that they grow."""
        if sight.sees(self.ticketbox_id):
            data = self.data
        elif self.left_id is not None and sight.sees(self.left_id):
            data = self.gone
        else:
            return None
        identity = b"id: %d\n" % self.position if self.source == "tickets" else b""
        return identity + b"event: ticket\ndata: " + data + b"\n\n"


_NEWS = """
SELECT history.source, history.position, history.type, history.version,
       ticket.number, ticket.state, ticket.assignee_id, ticket.ticketbox_id,
       CASE WHEN history.type = 'TicketMoved' THEN (history.data ->> 'from_id')::uuid END AS left_id
FROM history
JOIN ticket USING (ticket_id)
WHERE history.source = $1
  AND history.position > $2
ORDER BY history.position
LIMIT $3
"""


async def news_after(db: Connection, source: str, position: int) -> list[News]:
    """What the log of one service holds behind a position, for people who look at tickets."""
    return [_news(row) for row in await db.fetch(_NEWS, source, position, BATCH)]


def _news(row: asyncpg.Record) -> News:
    gone = {"number": row["number"], "type": row["type"]}
    said = gone | {
        "version": row["version"] if row["source"] == "tickets" else None,
        "state": row["state"],
        "assignee": row["assignee_id"] and str(row["assignee_id"]),
    }
    return News(
        row["source"],
        row["position"],
        row["ticketbox_id"],
        orjson.dumps(said),
        row["left_id"],
        orjson.dumps(gone),
    )


@dataclass(eq=False, slots=True)
class Listener:
    """One open connection."""

    sight: Sight
    messages: bool
    """Whether it hears of messages beside tickets."""
    visits: bool = False
    """Whether it hears who is at tickets."""
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))


class Feed:
    """Reads what is new once, whoever listens."""

    def __init__(self, service: Service[GatewaySettings]) -> None:
        self._service = service
        self._listeners: set[Listener] = set()
        self.position = 0
        """How much of the log of tickets is told: a page that is read after this shows at least as much."""

    async def run(self) -> None:
        """Follow the read model until the service stops; PostgreSQL wakes it, a slow poll is the backstop."""
        settings = self._service.settings
        try:
            async with listening(settings.database_url, self._service.name, CHANNEL, VISITS) as announced:
                await self._follow(announced)
        finally:
            self._cut_all()

    async def _follow(self, announced: Announcements) -> None:
        db = announced.db
        reached = {source: await _end(db, source) for source in ("tickets", "notify")}
        messages = await _messages_end(db)
        while not self._service.stopping.is_set():
            heard = announced.take()
            for source, position in reached.items():
                reached[source] = await self._tell(db, source, position)
            self.position = reached["tickets"]
            await self._tell_visits(db, {int(number) for channel, number in heard if channel == VISITS})
            if self._listeners and messages != (messages := await _messages_end(db)):
                self.say("messages")
            await announced.wait(POLL_SECONDS)

    async def _tell(self, db: Connection, source: str, reached: int) -> int:
        end = await _end(db, source)
        if source == "tickets" and self._listeners and await _people_changed(db, reached, end):
            self._cut_all()  # they come again with the rights that they have now, and say where they were
        while self._listeners and reached < end:
            news = await news_after(db, source, reached)
            for one in news:
                for listener in list(self._listeners):
                    if (frame := one.frame(listener.sight)) is not None:
                        self._send(frame, [listener])
            reached = news[-1].position if len(news) == BATCH else end
        return end

    async def _tell_visits(self, db: Connection, visited: Collection[int]) -> None:
        if not visited or not self._listeners:
            return
        for row in await db.fetch(
            "SELECT number, ticketbox_id FROM ticket WHERE number = ANY($1::bigint[])", list(visited)
        ):
            frame = b"event: visit\ndata: %b\n\n" % orjson.dumps({"number": row["number"]})
            hearing = [one for one in self._listeners if one.visits and one.sight.sees(row["ticketbox_id"])]
            self._send(frame, hearing)

    def say(self, what: str) -> None:
        """Tell those who hear of messages that something changed: whoever shows it asks what it is now."""
        frame = b"event: %b\ndata: {}\n\n" % what.encode()
        self._send(frame, [listener for listener in self._listeners if listener.messages])

    def _send(self, frame: bytes, listeners: Sequence[Listener]) -> None:
        for listener in listeners:
            try:
                listener.queue.put_nowait(frame)
            except asyncio.QueueFull:
                self._cut(listener)

    def _cut(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        with suppress(asyncio.QueueEmpty):
            listener.queue.get_nowait()
        listener.queue.put_nowait(None)

    def _cut_all(self) -> None:
        for listener in list(self._listeners):
            self._cut(listener)

    async def listen(
        self, sight: Sight, last_position: int | None, *, messages: bool, visits: bool = False
    ) -> AsyncIterator[bytes]:
        """Frames for one connection, from where it was cut on; comments between them keep proxies awake."""
        listener = Listener(sight, messages, visits)
        frame: bytes | None
        self._listeners.add(listener)
        stopping = asyncio.create_task(self._service.stopping.wait())
        stopping.add_done_callback(lambda _: self._cut(listener) if listener in self._listeners else None)
        try:
            yield b"retry: 2000\n: this is Postroom\n\n"
            if last_position is not None:
                async for frame in self._missed(sight, last_position):
                    yield frame
            while True:
                try:
                    frame = await asyncio.wait_for(listener.queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if frame is None:
                    return
                yield frame
        finally:
            stopping.cancel()
            self._listeners.discard(listener)

    async def _missed(self, sight: Sight, position: int) -> AsyncIterator[bytes]:
        while True:
            async with self._service.pool.acquire() as db:
                news = await news_after(db, "tickets", position)
            for one in news:
                if (frame := one.frame(sight)) is not None:
                    yield frame
            if len(news) < BATCH:
                return
            position = news[-1].position


async def _end(db: Connection, source: str) -> int:
    end: int | None = await db.fetchval("SELECT max(position) FROM history WHERE source = $1", source)
    return end or 0


async def _messages_end(db: Connection) -> tuple[int, ...]:
    """How much is known of messages, from every log that says something of them."""
    return tuple([await _end(db, source) for source in ("ingest", "router", "tickets")])


_PEOPLE_CHANGED = """
SELECT true
FROM history
WHERE source = 'tickets'
  AND position > $1
  AND position <= $2
  AND (type = 'PersonChanged' OR (type = 'ThingRemoved' AND data ->> 'kind' = 'person'))
LIMIT 1
"""


async def _people_changed(db: Connection, after: int, upto: int) -> bool:
    return bool(await db.fetchval(_PEOPLE_CHANGED, after, upto))
