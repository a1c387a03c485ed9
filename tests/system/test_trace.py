"""One letter is one trace, through every service; what strikes hours later is a trace of its own, linked back."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.commands import OPERATOR, CreateTicketbox, Done, SubmitReply
from tests.running import Postroom, letter, until
from tests.system.otlp import Span, sink

pytestmark = [pytest.mark.system, pytest.mark.anyio]


async def test_a_letter_and_its_answer_are_one_trace_and_the_breach_is_linked(tmp_path: Path) -> None:
    with sink() as (address, spans):
        postroom = Postroom(
            tmp_path / "data", OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_BSP_SCHEDULE_DELAY="200"
        )
        postroom.start()
        try:
            await write_and_answer(postroom)
            await until(lambda: complete(spans))
        finally:
            postroom.close()
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    trace = next(trace for trace in by_trace.values() if any(span.name == "SubmitReply" for span in trace))

    walk = [(span.service, span.name) for span in trace]
    for step in (
        ("ingest", "receive SMTP"),
        ("router", "process MessageReceived"),
        ("tickets", "process MessageRouted"),
        ("router", "process TicketOpened"),
        ("tickets", "SubmitReply"),
        ("notify", "process ReplyReleased"),
        ("notify", "send reply"),
        ("tickets", "process ReplySent"),
        ("gateway", "process DeliveryRecorded"),
        ("analytics", "process ReplySent"),
    ):
        assert step in walk
    ids = {span.span_id for span in trace}
    roots = [span.name for span in trace if span.parent_id not in ids]
    assert roots == ["receive SMTP"]
    processing = next(
        span for span in trace if span.name == "process MessageRouted" and span.service == "tickets"
    )
    assert processing.attributes["messaging.system"] == "nats"
    assert processing.attributes["messaging.consumer.group.name"] == "tickets-routed-router"

    breach = next(span for span in spans if span.name == "strike clock")
    assert breach.parent_id == ""
    assert breach.trace_id != trace[0].trace_id
    received = {span.trace_id for span in spans if span.name == "receive SMTP"}
    assert set(breach.links) <= received
    assert breach.links


async def complete(spans: list[Span]) -> bool:
    names = {(span.service, span.name) for span in list(spans)}
    return {
        ("gateway", "process DeliveryRecorded"),
        ("tickets", "strike clock"),
        ("analytics", "process ReplySent"),
    } <= names


async def write_and_answer(postroom: Postroom) -> None:
    agent = await postroom.add_person("Anna")
    made = await postroom.command(
        CreateTicketbox(
            command_id=uuid4(),
            actor_id=OPERATOR,
            ticketbox_id=uuid4(),
            name="Quick",
            addresses=("quick@example.com",),
            first_response_seconds=1,
        )
    )
    assert isinstance(made, Done)
    postroom.send(letter(1))

    async def opened() -> UUID | None:
        found = await postroom.events("tickets", "TicketOpened")
        return UUID(str(found[0]["ticket_id"])) if found else None

    ticket_id = await until(opened)
    assert isinstance(ticket_id, UUID)
    answer = SubmitReply(
        command_id=uuid4(),
        actor_id=agent,
        ticket_id=ticket_id,
        reply_id=uuid4(),
        text="Soon.",
        seen_version=9,
    )
    assert isinstance(await postroom.command(answer), Done)
    late = letter(2)
    late.replace_header("To", "quick@example.com")
    postroom.send(late)
    await until(lambda: postroom.events("tickets", "SLABreached"))
