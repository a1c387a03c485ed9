"""The book of messages in the read model: the same lines in whatever order the logs are heard."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chassis.database import Connection
from contracts.event import Event, Recorded
from contracts.ingest import MessageHeld
from contracts.mail import Scan, ScanVerdict, SmtpEnvelope
from contracts.router import Disposition, MessageDiscarded, RoutingFailed
from contracts.standing import MessageState
from contracts.tickets import TicketingFailed
from services.gateway import lists
from services.gateway.access.sight import EVERYTHING
from services.gateway.messages import messages
from services.gateway.messages.custody import custody
from services.gateway.messages.messages import Filter
from services.gateway.read_model import history_rows
from services.gateway.read_model.book import received
from services.gateway.read_model.history import letters
from services.gateway.read_model.inbox import apply
from services.gateway.representations.messages import MessageItem
from tests import events
from tests.events import ANNA, NOON, recorded

pytestmark = pytest.mark.anyio
LOGS = ("ingest", "router", "tickets")


class Story:
    """What the three logs say of some messages."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Recorded[Event]]] = {name: [] for name in LOGS}

    def happened(self, *said: Event, version: int = 1) -> list[Recorded[Event]]:
        """One service says these things about one message."""
        log = self.logs[said[0].service]
        log += recorded(*said, version=version, position=len(log) + 1)
        return log[-len(said) :]

    async def told(self, db: Connection, order: Sequence[str] = LOGS, batch: int = 100) -> None:
        for name in order:
            for start in range(0, len(self.logs[name]), batch):
                async with db.transaction():
                    await apply(self.logs[name][start : start + batch], db)


def story() -> Story:
    """A message in each state, and some that changed it."""
    story = Story()
    heads = [events.letter(subject=f"Letter {number}") for number in range(8)]
    for head in heads:
        story.happened(events.received(head))
    ticketed, suppressed, quarantined, failed, deleted, released, undelivered, _in_flight = heads
    story.happened(events.routed(ticketed))
    story.happened(events.opened(ticketed))
    story.happened(events.routed(suppressed, Disposition.SUPPRESS, "loop"))
    story.happened(events.quarantined(quarantined))
    story.happened(RoutingFailed(message_id=failed.message_id, error="a condition", letter=failed))
    discarded = MessageDiscarded(message_id=deleted.message_id, discarded_by=ANNA)
    story.happened(events.quarantined(deleted), discarded)
    story.happened(events.quarantined(released), events.routed(released, released_by=ANNA))
    story.happened(events.opened(released, number=10016))
    (routing,) = story.happened(events.routed(undelivered))
    (failure,) = story.happened(TicketingFailed(message_id=undelivered.message_id, error="a trigger"))
    story.logs["tickets"][-1] = replace(
        failure, meta=failure.meta.model_copy(update={"causation_id": routing.event_id})
    )
    return story


async def lines(db: Connection) -> list[MessageItem]:
    return (await messages.page_of_messages(db, EVERYTHING, Filter(), None, 100)).items


@pytest.mark.parametrize("order", list(itertools.permutations(LOGS)))
async def test_the_lines_do_not_depend_on_which_log_is_heard_first(
    db: Connection, order: Sequence[str]
) -> None:
    await story().told(db, order, batch=3)
    assert {(line.subject, line.state, line.reason, line.ticket) for line in await lines(db)} == {
        ("Letter 0", "ticketed", None, 10008),
        ("Letter 1", "suppressed", "loop", None),
        ("Letter 2", "quarantined", "virus", None),
        ("Letter 3", "failed", "a condition", None),
        ("Letter 4", "suppressed", "discarded", None),
        ("Letter 5", "ticketed", None, 10016),
        ("Letter 6", "failed", "a trigger", None),
        ("Letter 7", "in_flight", None, None),
    }


async def test_lists_count_and_offer_what_there_is(db: Connection) -> None:
    await story().told(db)
    assert await messages.count(db, EVERYTHING, MessageState.QUARANTINED, MessageState.FAILED) == 3
    assert await messages.reasons(db, EVERYTHING, MessageState.SUPPRESSED) == ["discarded", "loop"]
    assert await messages.sources(db) == ["smtp"]


async def test_pages_of_a_list_follow_each_other_without_a_gap(db: Connection) -> None:
    await story().told(db)
    cursor, seen = None, []
    while True:
        page = await messages.page_of_messages(db, EVERYTHING, Filter(), cursor, 3)
        seen += [line.message_id for line in page.items]
        if page.next is None:
            break
        cursor = page.next
    assert seen == [line.message_id for line in await lines(db)]


async def test_the_newest_reading_is_shown_and_found_everywhere(db: Connection) -> None:
    head = events.letter(subject="L?mpen")
    newer = head.model_copy(update={"subject": "Lampen"})
    story = Story()
    story.happened(events.received(head, "Gru?"), events.reread(newer, "Gruß"))
    await story.told(db, batch=1)
    (line,) = await lines(db)
    assert line.subject == "Lampen"
    read = (await letters(db, [head.message_id]))[head.message_id]
    assert (read.letter.subject, read.text) == ("Lampen", "Gruß")
    assert (await letters(db, [head.message_id], NOON))[head.message_id].text == "Gru?"
    for word, found in (("Gruß", 1), ("Gru", 0)):
        assert len((await messages.page_of_messages(db, EVERYTHING, Filter(q=word), None, 10)).items) == found
    shown = await custody(db, head.message_id)
    assert shown.letter is not None
    assert shown.letter.text == "Gruß"


async def test_what_could_not_be_read_or_waits_for_the_scanner_is_marked(db: Connection) -> None:
    story = Story()
    unreadable = events.received(events.letter()).model_copy(update={"problems": ("unreadable",)})
    scan = Scan(verdict=ScanVerdict.INFECTED, scanner="clamd", finding="Eicar", scanned_at=NOON)
    infected = events.received(events.letter()).model_copy(update={"scan": scan})
    held = MessageHeld(
        message_id=events.letter().message_id,
        sha256="00" * 32,
        size=7,
        source="lmtp",
        envelope=SmtpEnvelope(client_address="192.0.2.1", mail_from="kim@customers.example", recipients=()),
        reason="the scanner is away",
    )
    for event in (unreadable, infected, held):
        story.happened(event)
    await story.told(db)
    marks = {(line.unreadable, line.scan, line.held) for line in await lines(db)}
    assert marks == {
        (True, None, None),
        (False, "infected", None),
        (False, None, "the scanner is away"),
    }
    waits = await custody(db, held.message_id)
    assert (waits.letter, waits.state) == (None, "in_flight")
    assert waits.why is not None
    assert waits.why.sentence == "Taken in by LMTP; it waits for the virus scanner: the scanner is away"
    message, withheld = await messages.stored(db, held.message_id)
    assert message.sha256 == "00" * 32
    assert "waits for the virus scanner" in str(withheld)


@pytest.mark.parametrize("near", [1000, 3, 0])
async def test_a_search_for_a_common_word_and_one_for_a_rare_word_find_the_same(
    db: Connection, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    await story().told(db)
    few = await messages.page_of_messages(db, EVERYTHING, Filter(q="Letter"), None, 5)
    assert len(few.items) == 5
    monkeypatch.setattr(messages, "SOUGHT", 2)
    monkeypatch.setattr(lists, "NEAR", near)
    assert await messages.page_of_messages(db, EVERYTHING, Filter(q="Letter"), None, 5) == few
    # Also a piece at a time.
    first = await messages.page_of_messages(db, EVERYTHING, Filter(q="Letter"), None, 2)
    second = await messages.page_of_messages(db, EVERYTHING, Filter(q="Letter"), first.next, 2)
    assert [*first.items, *second.items] == few.items[:4]


async def test_a_batch_of_long_letters_is_written_in_several_statements(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history_rows, "MOST_CHARACTERS", 2_000)
    batch = recorded(*(events.received(events.letter(), "long " * 200) for _ in range(7)))
    written = list(history_rows._statements(map(history_rows._row, batch)))
    assert [len(rows) for rows in written] == [2, 2, 2, 1]
    assert [row.position for rows in written for row in rows] == [item.position for item in batch]


async def test_other_events_begin_no_line() -> None:
    (item,) = recorded(events.routed(events.letter()))
    assert received(item) is None
