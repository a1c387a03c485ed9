"""An event on its way: CloudEvents 1.0 in binary mode, as the headers of a NATS message with a JSON body."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import orjson

from chassis.log import UnknownEvent
from contracts.event import Event, Meta, Recorded
from contracts.streams import EVENTS

_POSITION = "Postroom-Position"
_AFTER = "Postroom-After"
_VERSION = "Postroom-Version"
_RECORDED_AT = "Postroom-Recorded-At"
_SCHEMA_VERSION = "Postroom-Schema-Version"
_ACTOR = "Postroom-Actor"
ERASED = "Postroom-Erased"
"""On an event from which a person's data is gone: an erasure need not take it out of the stream."""


def headers(row: asyncpg.Record, service: str, after: int) -> dict[str, str]:
    """The headers of one row of a service's log; `after` is the position before it."""
    meta = orjson.loads(row["meta"])
    fields = {
        "ce-specversion": "1.0",
        "ce-id": str(row["event_id"]),
        "ce-type": row["type"],
        "ce-source": f"/postroom/{service}",
        "ce-subject": row["stream_id"],
        "ce-time": row["occurred_at"].isoformat(),
        "ce-correlationid": meta["correlation_id"],
        "ce-causationid": meta["causation_id"],
        "Content-Type": "application/json",
        _POSITION: str(row["position"]),
        _AFTER: str(after),
        _VERSION: str(row["version"]),
        _RECORDED_AT: row["recorded_at"].isoformat(),
        _SCHEMA_VERSION: str(row["schema_version"]),
        _ACTOR: meta["actor"],
    }
    if "traceparent" in meta:
        fields["traceparent"] = meta["traceparent"]
    if row["payload_sha256"] is not None:
        fields[ERASED] = "1"
    return fields


def parse_headers(block: bytes) -> dict[str, str]:
    """The lines `Name: value` of a NATS message. nats-py looks at each character of a name: five times as long."""
    found = {}
    for line in block.decode(errors="replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip()] = value.strip()
    return found


def type_of(fields: Mapping[str, str]) -> type[Event]:
    """The event's class, by its headers alone.

    Raises:
        UnknownEvent: a newer release wrote it.
    """
    event = EVENTS.get(fields["ce-type"])
    if event is None:
        raise UnknownEvent(fields["ce-type"])
    return event


def read(fields: Mapping[str, str], body: bytes) -> Recorded[Event]:
    """Read an event as the relay published it.

    Raises:
        UnknownEvent, contracts.event.UnknownVersion: this release is too old for it.
        KeyError, ValueError: it is not an event of ours.
    """
    return Recorded(
        event=type_of(fields).read(body, int(fields[_SCHEMA_VERSION])),
        event_id=UUID(fields["ce-id"]),
        stream_id=fields["ce-subject"],
        version=int(fields[_VERSION]),
        position=int(fields[_POSITION]),
        after=int(fields[_AFTER]),
        meta=Meta.model_construct(
            correlation_id=UUID(fields["ce-correlationid"]),
            causation_id=UUID(fields["ce-causationid"]),
            actor=fields[_ACTOR],
            traceparent=fields.get("traceparent"),
        ),
        occurred_at=datetime.fromisoformat(fields["ce-time"]).astimezone(UTC),
        recorded_at=datetime.fromisoformat(fields[_RECORDED_AT]).astimezone(UTC),
    )


def schema_version(fields: Mapping[str, str]) -> int:
    """The version of the event's shape."""
    return int(fields[_SCHEMA_VERSION])


def position(fields: Mapping[str, str]) -> int | None:
    """Where an event stands in its log; None: no relay has published this."""
    text = fields.get(_POSITION)
    return None if text is None else int(text)


def after(fields: Mapping[str, str]) -> int:
    """The position of the event before it in its log, of what a relay has published."""
    return int(fields[_AFTER])
