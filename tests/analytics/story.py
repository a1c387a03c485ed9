"""What happened at a desk, as its four logs tell it, for tests of facts and reports."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg

from chassis import log
from chassis.projection import project
from contracts.event import Event, Meta, Recorded
from contracts.mail import Kind, LetterHead
from contracts.reports import GetReport, Report
from contracts.router import Disposition
from contracts.tickets import TicketAssigned, TicketMoved
from services.analytics.facts import FACTS
from services.analytics.reports import REPORTS
from services.analytics.scope import scope_of
from tests import events
from tests.events import ANNA, BELA, BOX, NOON

ORDERS = uuid4()
LOGS = ("ingest", "router", "tickets", "notify")
SECOND = timedelta(seconds=1)


class Story:
    """Begins with the ticketboxes Support and Orders, and with Anna and Bela."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Recorded[Event]]] = {name: [] for name in LOGS}
        self._versions = Counter[str]()
        long_ago = NOON - timedelta(days=400)
        for event in (
            events.box_created(),
            events.box_created().model_copy(update={"ticketbox_id": ORDERS, "name": "Orders"}),
            events.person_added(ANNA, "Anna"),
            events.person_added(BELA, "Bela"),
        ):
            self.happened(event, long_ago)

    def happened(
        self, event: Event, at: datetime, stream: str = "of-a-test", recorded_at: datetime | None = None
    ) -> None:
        """Something is in the log of its service; `recorded_at` None: at once."""
        told = self.logs[event.service]
        self._versions[stream] += 1
        told.append(
            Recorded(
                event=event,
                event_id=uuid4(),
                stream_id=stream,
                version=self._versions[stream],
                position=len(told) + 1,
                after=len(told),
                meta=Meta(correlation_id=uuid4(), causation_id=uuid4()),
                occurred_at=at,
                recorded_at=recorded_at or at,
            )
        )

    def held(self, at: datetime, kind: Kind = Kind.CUSTOMER) -> LetterHead:
        """A message comes in while the virus scanner is away; returns what will be read in it."""
        head = events.letter(at, kind)
        self.happened(events.held(head), at)
        return head

    def received(self, at: datetime, kind: Kind = Kind.CUSTOMER, *, automatic: bool = False) -> LetterHead:
        """A message comes in."""
        head = events.letter(at, kind).model_copy(
            update={"automatic": automatic or kind is not Kind.CUSTOMER}
        )
        self.happened(events.received(head), at)
        return head

    def routed(
        self,
        head: LetterHead,
        box: UUID = BOX,
        disposition: Disposition = Disposition.DELIVER,
        at: datetime | None = None,
    ) -> None:
        """A second after it came, if not told otherwise, a rule or a person decides about a message."""
        decided = events.routed(head).model_copy(update={"ticketbox_id": box, "disposition": disposition})
        self.happened(decided, at or head.received_at + SECOND, f"routed-{head.message_id}")

    def said(self, head: LetterHead, event: Event, at: datetime) -> None:
        """Router says something else of a message."""
        self.happened(event, at, f"routed-{head.message_id}")

    def opened(self, at: datetime, box: UUID = BOX, *, automatic: bool = False) -> UUID:
        """A message comes in and, two seconds later, there is a ticket; returns its id."""
        head = self.received(at, automatic=automatic)
        self.routed(head, box)
        ticket = events.opened(head).model_copy(update={"ticketbox_id": box})
        self.happened(ticket, at + 2 * SECOND, str(ticket.ticket_id))
        return ticket.ticket_id

    def assigned(self, ticket_id: UUID, agent_id: UUID | None, at: datetime) -> None:
        """A ticket gets an owner, or loses it."""
        event = TicketAssigned(ticket_id=ticket_id, agent_id=agent_id, method="person")
        self.happened(event, at, str(ticket_id))

    def moved(
        self,
        ticket_id: UUID,
        at: datetime,
        to: UUID = ORDERS,
        from_: UUID = BOX,
        why: Literal["person", "correction", "overflow", "undo"] = "person",
    ) -> None:
        """A ticket comes to another ticketbox; Anna did it, if a person."""
        event = TicketMoved(
            ticket_id=ticket_id, ticketbox_id=to, ticketbox="another", from_id=from_, why=why, moved_by=ANNA
        )
        self.happened(event, at, str(ticket_id))

    def answered(self, ticket_id: UUID, agent_id: UUID, at: datetime) -> UUID:
        """An agent answers, and a minute later the relay takes it; returns the id of the answer."""
        reply_id = uuid4()
        self.happened(events.submitted(ticket_id, reply_id, agent_id), at, str(ticket_id))
        self.happened(events.released(ticket_id, reply_id, agent_id), at, str(ticket_id))
        sent_at = at + timedelta(minutes=1)
        self.happened(events.sent(ticket_id, reply_id, sent_at), sent_at)
        return reply_id

    async def told(self, db: asyncpg.Connection, logs: Iterable[str] = LOGS, batch: int = 100) -> None:
        """Let the projection hear it: one log after the other, in batches."""
        for name in logs:
            for start in range(0, len(self.logs[name]), batch):
                async with db.transaction():
                    await project(FACTS, name, self.logs[name][start : start + batch], db)

    async def written(self, database_url: str) -> None:
        """Write it into the logs themselves."""
        for name in LOGS:
            answers = [
                log.Answer(
                    item.stream_id,
                    (item.event,),
                    item.event_id,
                    item.meta,
                    item.occurred_at,
                    recorded_at=item.recorded_at,
                )
                for item in self.logs[name]
            ]
            db = await asyncpg.connect(database_url, server_settings={"search_path": name})
            await log.append(db, answers, NOON)
            await db.close()


async def report(db: asyncpg.Connection, name: str, zone: str = "UTC", **about: object) -> Report:
    """A report over the week that begins on the Monday of `NOON`, if not told otherwise, made a month later."""
    monday = NOON.date()
    query = GetReport.model_validate(
        {"name": name, "since": monday, "until": monday + timedelta(days=7), **about}
    )
    definition = REPORTS[name]
    scope = scope_of(query, definition.description, NOON + timedelta(days=30), ZoneInfo(zone))
    return await definition.run(db, scope)


def column(made: Report, name: str) -> Sequence[object]:
    """The figures of one column, by its name."""
    number = [one.name for one in made.columns].index(name)
    return [row[number] for row in made.rows]
