"""Traces by OpenTelemetry, off unless an OTLP endpoint is set in the standard variables.

Between services a trace travels as W3C `traceparent` text, in the meta of an event and in headers. Where tracing is
off, that text is passed on unchanged, so that a trace begun elsewhere does not end here.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation import set_span_in_context

from contracts.event import Event, Recorded

Attributes = Mapping[str, str | int | bool]
_tracer = trace.get_tracer("postroom")
_on = False
_FLUSH_MILLISECONDS = 3000


@dataclass(frozen=True, slots=True)
class Span:
    """A span under way; `traceparent` is what its children continue."""

    traceparent: str | None
    span: trace.Span | None = None

    def set(self, name: str, value: str | int | bool) -> None:
        if self.span is not None:
            self.span.set_attribute(name, value)


def set_up(service: str) -> None:
    """Begin to export spans, if an endpoint is set."""
    global _tracer, _on  # noqa: PLW0603 - one tracer a process, as OpenTelemetry itself has it
    if not (
        os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    ):
        return
    # Imported here: they cost each service 15 MB that most installations need not spend.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": f"postroom-{service}", "service.namespace": "postroom"}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _tracer = provider.get_tracer("postroom")
    _on = True


def shut_down() -> None:
    """Send what is left, within 3 s."""
    provider = trace.get_tracer_provider()
    if _on and hasattr(provider, "force_flush"):
        provider.force_flush(_FLUSH_MILLISECONDS)


@contextmanager
def span(
    name: str,
    kind: SpanKind,
    *,
    parent: str | None = None,
    links: Sequence[str] = (),
    attributes: Attributes | None = None,
) -> Iterator[Span]:
    """Trace what happens inside.

    `parent` and `links` are `traceparent` texts. Without a parent it continues the current span, or starts a trace.
    """
    if not _on:
        yield Span(parent)
        return
    with _tracer.start_as_current_span(
        name,
        context=_context(parent) if parent else None,
        kind=kind,
        links=[Link(context) for text in links if (context := _parse(text))],
        attributes=dict(attributes or {}),
    ) as current:
        yield Span(_format(current.get_span_context()), current)


@contextmanager
def root_span(name: str, *, links: Sequence[str] = ()) -> Iterator[Span]:
    """Begin a trace of its own, linked to others: for what happens long after its cause."""
    if not _on:
        yield Span(None)
        return
    with _tracer.start_as_current_span(
        name,
        context=Context(),
        links=[Link(context) for text in links if (context := _parse(text))],
    ) as current:
        yield Span(_format(current.get_span_context()), current)


@contextmanager
def processing(consumer: str, events: Sequence[Recorded[Event]]) -> Iterator[Sequence[Recorded[Event]]]:
    """A span for each event of a batch, in the trace of its own letter.

    Gives the events with that span as their trace, so that what is appended in answer continues it.
    """
    if not _on:
        yield events
        return
    with ExitStack() as spans:
        traced = []
        for event in events:
            parent = event.meta.traceparent
            current = _tracer.start_span(
                f"process {event.event.type_name()}",
                context=_context(parent),
                kind=SpanKind.CONSUMER,
                links=[Link(context)] if parent and (context := _parse(parent)) else [],
                attributes={
                    "messaging.system": "nats",
                    "messaging.operation.name": "process",
                    "messaging.operation.type": "process",
                    "messaging.destination.name": event.event.service.upper(),
                    "messaging.consumer.group.name": consumer,
                    "messaging.message.id": str(event.event_id),
                    "messaging.message.conversation_id": str(event.meta.correlation_id),
                    "messaging.batch.message_count": len(events),
                },
            )
            spans.callback(current.end)
            meta = event.meta.model_copy(update={"traceparent": _format(current.get_span_context())})
            traced.append(replace(event, meta=meta))
        yield traced


def current_traceparent() -> str | None:
    """The span under way, as text."""
    context = trace.get_current_span().get_span_context()
    return _format(context) if context.is_valid else None


def current_trace() -> tuple[str, str] | None:
    """Trace id and span id for a log line."""
    context = trace.get_current_span().get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


def _format(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _parse(text: str) -> SpanContext | None:
    """Read a W3C traceparent; None if it is not one."""
    try:
        _version, trace_id, span_id, flags = text.split("-")
        context = SpanContext(
            int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
        )
    except ValueError:
        return None
    return context if context.is_valid else None


def _context(parent: str | None) -> Context:
    context = _parse(parent) if parent else None
    return set_span_in_context(trace.NonRecordingSpan(context), Context()) if context else Context()
