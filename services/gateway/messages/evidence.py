"""Evidence as people read it: labelled lines instead of an event's fields. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Look = Literal["text", "code", "good", "bad", "due", "moment", "size"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. `look` says how the value is shown."""

    label: str
    value: Any
    look: Look = "text"


def facts(evidence: Mapping[str, Any]) -> list[Fact]:
    """All lines of a step; what its sentence says is not said again."""
    return [fact for name, value in evidence.items() for fact in _READERS.get(name, _plain(name))(value)]


def _plain(name: str, label: str | None = None, look: Look = "text") -> Callable[[Any], Iterator[Fact]]:
    def read(value: Any) -> Iterator[Fact]:
        said = ", ".join(map(str, value)) if isinstance(value, list) else value
        yield Fact(label or name.replace("_", " "), said, look)

    return read


def _moment(label: str) -> Callable[[Any], Iterator[Fact]]:
    def read(value: Any) -> Iterator[Fact]:
        yield Fact(label, datetime.fromisoformat(value), "moment")

    return read


def _nothing(_: Any) -> Iterator[Fact]:
    yield from ()


def _priority(value: Any) -> Iterator[Fact]:
    if value != "normal":
        yield Fact("priority", value)


def _envelope(value: Any) -> Iterator[Fact]:
    helo = f" ({value['helo']})" if value.get("helo") else ""
    yield Fact("from server", f"{value['client_address'] or 'a program on this machine'}{helo}")
    if value.get("proxy"):
        yield Fact("passed on by", value["proxy"])
    yield Fact("encrypted", value["tls"], "good") if value.get("tls") else Fact("encrypted", "no", "due")
    yield Fact("envelope sender", value.get("mail_from") or "<> (none, so nothing is answered)")
    yield Fact("for", ", ".join(value["recipients"]))


_RESULTS: dict[str, Look] = {"pass": "good", "fail": "bad", "permerror": "bad"}


def _authentication(value: Any) -> Iterator[Fact]:
    for one in value.get("results", ()):
        said = " ".join(part for part in (one["result"], one.get("domain")) if part)
        detail = f" ({one['detail']})" if one.get("detail") else ""
        yield Fact(one["method"].upper(), f"{said}{detail}", _RESULTS.get(one["result"], "due"))
    if value["by"] != "postroom":
        yield Fact("authentication", f"By the word of {value['by']}")


def _scan(value: Any) -> Iterator[Fact]:
    finding = f": {value['finding']}" if value.get("finding") else ""
    look: Look = "good" if value["verdict"] == "clean" else "bad"
    yield Fact("virus scan", f"{value['verdict']}{finding}", look)
    yield Fact("scanned by", value["scanner"])


def _problems(value: Any) -> Iterator[Fact]:
    yield Fact("read with repairs", ", ".join(value).replace("_", " "), "due")


def _matched(value: Any) -> Iterator[Fact]:
    for name, seen in value:
        yield Fact(f"message.{name.removeprefix('message.')}", seen or "(empty)", "code")


def _acted(value: Any) -> Iterator[Fact]:
    # Of the only one, the lines of `rule`, `condition` and `matched` tell.
    if len(value) > 1:
        for one in value:
            did = ", ".join(one.get("did", ())).replace("_", " ") or "nothing that was not decided before"
            yield Fact("held", f"{one['rule']}: {did}")


def _failed(value: Any) -> Iterator[Fact]:
    for one in value:
        yield Fact("no answer", f"{one['rule']}: {one['error']}", "bad")


def _bounce(value: Any) -> Iterator[Fact]:
    for name in ("recipient", "status", "code", "reason"):
        if value.get(name):
            yield Fact(name, value[name])


_READERS: dict[str, Callable[[Any], Iterator[Fact]]] = {
    "actor": _nothing,
    "disposition": _nothing,
    "source": _nothing,
    "reason": _nothing,
    "priority": _priority,
    "envelope": _envelope,
    "size": _plain("size", look="size"),
    "sha256": _plain("sha256", "SHA-256", "code"),
    "authentication": _authentication,
    "scan": _scan,
    "problems": _problems,
    "ruleset_version": _plain("ruleset_version", "ruleset"),
    "condition": _plain("condition", look="code"),
    "matched": _matched,
    "acted": _acted,
    "failed": _failed,
    "error": _plain("error", look="bad"),
    "number": _plain("number", "ticket"),
    "threaded_by": _plain("threaded_by", "found by"),
    "passed_over": _plain("passed_over", "did not count"),
    "first_response_due_at": _moment("first response due"),
    "next_try_at": _moment("next try"),
    "answer": _plain("answer", "relay's answer", "code"),
    "bounce": _bounce,
}
