"""Rules: an ordered list, the first whose condition holds decides."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from chassis.lean import without
from contracts.ingest import Reading
from contracts.mail import LOOP_HEADER, Authentication, LetterHead, Scan, ScanVerdict, without_detail
from contracts.router import Disposition, Priority, RoutingEvidence
from contracts.tickets import Rule

with without("cel.cli"):  # 6 MB for its command line
    import cel

Facts = Mapping[str, object]
"""What a condition may look at, by name."""

_NAME = re.compile(r"\bmessage\.(authentication\.[a-z]+|[a-z_]+)")
_LONGEST_EVIDENCE = 200
_DESK_BEHIND = timedelta(minutes=1)
"""How far the news of the desk may be behind the mail for it."""


@dataclass(frozen=True, slots=True)
class Ticketbox:
    ticketbox_id: UUID
    name: str
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What is in force. `version` is named in each decision."""

    version: int
    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    ticketboxes: Mapping[UUID, Ticketbox]


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a message goes, and why."""

    ticketbox: Ticketbox
    priority: Priority
    tags: tuple[str, ...]
    disposition: Disposition
    reason: str | None
    evidence: RoutingEvidence


class BadCondition(Exception):  # noqa: N818
    """A condition that is not CEL, or does not say yes or no."""


def facts_of(message: Reading) -> Facts:
    """What conditions see of a message as `message.NAME`; docs/routing.md lists them."""
    letter = message.letter
    return {
        "from": letter.from_.address.lower() if letter.from_ else "",
        "from_name": letter.from_.name if letter.from_ else "",
        "recipients": [address.lower() for address in letter.recipients],
        "to": [person.address.lower() for person in letter.to],
        "cc": [person.address.lower() for person in letter.cc],
        "subject": letter.subject,
        "text": message.text,
        "kind": letter.kind.value,
        "automatic": letter.automatic,
        "size": message.size,
        "source": message.source,
        "scan": message.scan.verdict.value if message.scan else "none",
        "attachments": [attachment.name for attachment in message.attachments],
        "headers": {name.lower(): value for name, value in reversed(message.headers)},
        "authentication": {
            method: authentication_result(message.authentication, method)
            for method in ("spf", "dkim", "dmarc", "arc")
        },
    }


_TELLING = ("pass", "temperror", "fail", "policy", "permerror", "softfail", "neutral", "none")


def authentication_result(authentication: Authentication | None, method: str) -> str:
    """The result of a method; of several signatures the one that says most: a single good one is enough."""
    results = authentication.results if authentication else ()
    said = {one.result for one in results if one.method == method}
    return next((result for result in _TELLING if result in said), "none")


@lru_cache(maxsize=1024)
def compile_condition(condition: str) -> Callable[[Facts], bool]:
    """Make a condition ready to be asked.

    Raises:
        BadCondition: with the parser's words.
    """
    try:
        program = cel.compile(condition)
    except ValueError as error:
        raise BadCondition(f"“{condition}” is not a condition: {error}") from error

    def holds(facts: Facts) -> bool:
        try:
            answer = program.execute({"message": dict(facts)})
        except Exception as error:
            raise BadCondition(f"“{condition}” cannot be answered: {error}") from error
        if not isinstance(answer, bool):
            raise BadCondition(f"“{condition}” says {answer!r}, neither true nor false")
        return answer

    return holds


def route(message: Reading, ruleset: Ruleset) -> Decision:
    """Where a message goes by the ruleset; the same message and ruleset give the same decision.

    No rule is asked about a message that the virus scanner does not call clean, nor about our own mail that comes back.

    Raises:
        BadCondition: a condition cannot be answered for this message.
    """
    if message.scan is not None and message.scan.verdict is not ScanVerdict.CLEAN:
        return _quarantine(message, message.scan, ruleset)
    if (mark := _our_mark(message, ruleset)) is not None:
        return _loop(message, mark, ruleset)
    facts = facts_of(message)
    rule = next((rule for rule in ruleset.rules if compile_condition(rule.condition)(facts)), None)
    ticketbox, evidence = by_address(message.letter, ruleset, message.ticketbox_id)
    if rule is None:
        return Decision(
            ticketbox=ticketbox,
            priority=Priority.NORMAL,
            tags=(),
            disposition=Disposition.DELIVER,
            reason=None,
            evidence=evidence,
        )
    return Decision(
        ticketbox=(rule.ticketbox_id and ruleset.ticketboxes.get(rule.ticketbox_id)) or ticketbox,
        priority=rule.priority,
        tags=rule.tags,
        disposition=rule.disposition,
        reason=rule.reason if rule.disposition is not Disposition.DELIVER else None,
        evidence=RoutingEvidence(
            ruleset_version=ruleset.version,
            rule=rule.name,
            condition=rule.condition,
            matched=_matched(rule.condition, facts),
        ),
    )


def _quarantine(message: Reading, scan: Scan, ruleset: Ruleset) -> Decision:
    word = "virus" if scan.verdict is ScanVerdict.INFECTED else scan.verdict.value
    said = (("scan", scan.verdict.value), ("finding", scan.finding or ""), ("scanner", scan.scanner))
    return Decision(
        ticketbox=by_address(message.letter, ruleset, message.ticketbox_id)[0],
        priority=Priority.NORMAL,
        tags=(),
        disposition=Disposition.QUARANTINE,
        reason=f"{word}: {scan.finding}" if scan.finding else word,
        evidence=RoutingEvidence(ruleset_version=ruleset.version, rule=None, matched=said),
    )


def _our_mark(message: Reading, ruleset: Ruleset) -> str | None:
    """The domain in the mark that our mail carries; None in mail of others, who may have a Postroom too."""
    ours = {address.rpartition("@")[2] for box in ruleset.ticketboxes.values() for address in box.addresses}
    marks = (value.strip().lower() for name, value in message.headers if name.lower() == LOOP_HEADER.lower())
    return next((mark for mark in marks if mark in ours), None)


def _loop(message: Reading, mark: str, ruleset: Ruleset) -> Decision:
    return Decision(
        ticketbox=by_address(message.letter, ruleset, message.ticketbox_id)[0],
        priority=Priority.NORMAL,
        tags=(),
        disposition=Disposition.SUPPRESS,
        reason="loop",
        evidence=RoutingEvidence(ruleset_version=ruleset.version, rule=None, matched=((LOOP_HEADER, mark),)),
    )


def by_address(
    letter: LetterHead, ruleset: Ruleset, taken_for: UUID | None
) -> tuple[Ticketbox, RoutingEvidence]:
    """Where a message goes if no rule says anything; `taken_for` is the ticketbox that intake took it for."""
    written_to = {address.lower() for address in letter.recipients}
    known = taken_for and ruleset.ticketboxes.get(taken_for)
    ticketbox = _that_has(written_to, ruleset) or known or ruleset.ticketboxes[ruleset.default_ticketbox_id]
    hits = sorted(one for one in written_to if {one, without_detail(one)} & ticketbox.addresses)
    said = ", ".join(hits) or "no ticketbox has this address"
    evidence = RoutingEvidence(ruleset_version=ruleset.version, rule=None, matched=(("recipients", said),))
    return ticketbox, evidence


def _that_has(written_to: set[str], ruleset: Ruleset) -> Ticketbox | None:
    """A ticketbox with one of these addresses; one that has it as it stands before one that has it without detail."""
    for addresses in (written_to, set(map(without_detail, written_to))):
        for ticketbox in ruleset.ticketboxes.values():
            if ticketbox.addresses & addresses:
                return ticketbox
    return None


def is_early(message: Reading, ruleset: Ruleset, now: datetime) -> bool:
    """Whether the ticketbox that intake took a message for is still on its way to us."""
    return (
        message.ticketbox_id is not None
        and message.ticketbox_id not in ruleset.ticketboxes
        and now - message.letter.received_at < _DESK_BEHIND
    )


def _matched(condition: str, facts: Facts) -> tuple[tuple[str, str], ...]:
    names = dict.fromkeys(_NAME.findall(condition))
    values = ((name, _value(name, facts)) for name in names)
    return tuple((name, str(value)[:_LONGEST_EVIDENCE]) for name, value in values if value is not None)


def _value(name: str, facts: Facts) -> object:
    of, _, part = name.partition(".")
    value = facts.get(of)
    return value.get(part) if part and isinstance(value, Mapping) else value
