"""Writes the reference pages in `docs/` from the code itself: settings, events, AsyncAPI."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from chassis.settings import ServiceSettings
from contracts.commands import AnyCommand
from contracts.event import Event
from contracts.services import SERVICES
from contracts.streams import CONSUMERS, EVENTS, STREAMS, every

DOCS = Path(__file__).parent.parent / "docs"
_UP = (
    ("POSTROOM_DATA", "The data directory of `postroom up`, and of the commands beside it.", "`data`"),
    ("POSTROOM_ADMIN_HTTP_BASE", "Of `postroom up`: the first of six in a row, one a service.", "`127.0.0.1:8090`"),
    ("POSTROOM_ADMIN_EMAIL", "The first administrator of a new installation.", "`admin@example.com`"),
    ("POSTROOM_ADMIN_PASSWORD", "The first administrator's password.", "made, and printed once"),
    ("POSTROOM_ADMIN_TOKEN", "An API token for the first administrator.", "made, and printed once"),
    ("POSTROOM_STREAM_REPLICAS", "Of `postroom migrate`: replicas of each stream; 3 in a cluster.", "`1`"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "Where traces go, with the other standard variables of OpenTelemetry.", "off"),
    ("POSTROOM_CORPUS", "A folder with real mail for the corpus tests.", "unset"),
)  # fmt: skip


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {
        "settings.md": settings_page(),
        "events.md": events_page(),
        "asyncapi.json": json.dumps(asyncapi(), indent=1, ensure_ascii=False) + "\n",
    }


def settings_page() -> str:
    """A table of variables for all services, and one for each."""
    common = set(ServiceSettings.model_fields)
    parts = [
        "# Settings\nEnvironment variables, read once at the start. This page is made from the code by `make docs`.\n",
        "## The installation\n" + _table(_UP),
        "## Every service\n" + _table(_variables(ServiceSettings, set())),
    ]
    for service in SERVICES:
        found = _variables(_settings_of(service), common)
        if found:
            parts.append(f"## {service}\n" + _table(found))
    return "\n".join(parts)


def _settings_of(service: str) -> type[ServiceSettings]:
    module = import_module(f"services.{service}.settings")
    return next(
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, ServiceSettings) and one is not ServiceSettings
    )


def _variables(settings: type[ServiceSettings], without: set[str]) -> list[tuple[str, str, str]]:
    rows = []
    for name, field in settings.model_fields.items():
        if name not in without:
            default = field.default
            shown = (
                "required"
                if default is PydanticUndefined
                else "unset"
                if default in {None, ()}
                else f"`{','.join(map(str, default)) if type(default) is tuple else default}`"
            )
            rows.append((f"POSTROOM_{name.upper()}", field.description or "", shown))
    return rows


def _table(rows: list[tuple[str, str, str]] | tuple[tuple[str, str, str], ...]) -> str:
    lines = [f"| `{name}` | {meaning} | {default} |" for name, meaning, default in rows]
    return "\n".join(["| variable | meaning | default |", "|---|---|---|", *lines]) + "\n"


_EVENTS_HEAD = """# Events
What the services say to each other. This page is made from the code by `make docs`; [asyncapi.json](asyncapi.json) has
the same for machines, with every field.

Messages are CloudEvents 1.0 in binary mode with a JSON body. The last part of a subject is the partition, 0 to 63: the
CRC-32 of the stream's name modulo 64.
"""


def events_page() -> str:
    """What each service says, on which subject, and who listens."""
    parts = [_EVENTS_HEAD]
    for service, stream in STREAMS.items():
        parts.append(f"## {service}, stream `{stream.name}`\n")
        parts += [_event(event) for event in EVENTS.values() if event.service == service]
    rows = [
        f"| `{one.name}` | {one.service} | `{one.stream.name}` | "
        f"{', '.join(event.type_name() for event in one.events) or 'everything'} |"
        for one in CONSUMERS
    ]
    parts.append(
        "\n".join(["## Consumers", "| durable | service | stream | events |", "|---|---|---|---|", *rows])
    )
    return "\n".join(parts) + "\n"


def _event(event: type[Event]) -> str:
    said = " ".join((event.__doc__ or "").split())
    properties: dict[str, Any] = event.model_json_schema()["properties"]
    fields = [f"| `{name}` | {_kind(schema)} |" for name, schema in properties.items()]
    table = "\n".join(["| field | type |", "|---|---|", *fields])
    return f"### {event.type_name()}, version {event.schema_version}\n`{every(event)}`\n\n{said}\n\n{table}\n"


def _kind(schema: dict[str, Any]) -> str:
    """A JSON schema in a few words."""
    match schema:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"anyOf": list(ways)}:
            return " or ".join(map(_kind, ways))
        case {"type": "array", "prefixItems": list(items)}:
            return f"({', '.join(map(_kind, items))})"
        case {"type": "array", "items": dict(item)}:
            return f"list of {_kind(item)}"
        case {"format": str(form)}:
            return form
        case _:
            return str(schema.get("type", "anything"))


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of all streams and of the commands."""
    schemas: dict[str, Any] = {}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for event in EVENTS.values():
        name = event.type_name()
        channels[name] = _channel(f"{every(event)[:-1]}{{partition}}", event, schemas)
        channels[name]["parameters"] = {"partition": {"description": "0 to 63"}}
        operations[f"{event.service} says {name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": " ".join((event.__doc__ or "").split()),
        }
    for command in AnyCommand.__args__:
        name = command.__name__
        channels[name] = _channel(command.subject(), command, schemas)
        operations[f"{command.service} answers {name}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": "By request and reply: done, or refused with a reason.",
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Postroom",
            "version": "1",
            "description": "Events and commands between the services.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"schemas": schemas},
    }


def _channel(address: str, model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    name = model.__name__
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[name] = schema
    payload = {"$ref": f"#/components/schemas/{name}"}
    return {"address": address, "messages": {name: {"name": name, "payload": payload}}}


def main() -> None:
    """`make docs`."""
    for name, text in pages().items():
        (DOCS / name).write_text(text)
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
