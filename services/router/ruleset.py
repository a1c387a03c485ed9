"""Rules: an ordered list, the first whose condition holds decides."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import cel

from contracts.ingest import Reading
from contracts.mail import LetterHead
from contracts.router import Disposition, Priority, RoutingEvidence
from contracts.tickets import Rule

Facts = Mapping[str, object]
"""What a condition may look at, by name."""

_NAME = re.compile(r"\bmessage\.([a-z_]+)")
_LONGEST_EVIDENCE = 200


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
        "attachments": [attachment.name for attachment in message.attachments],
        "headers": {name.lower(): value for name, value in reversed(message.headers)},
    }


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

    Raises:
        BadCondition: a condition cannot be answered for this message.
    """
    facts = facts_of(message)
    rule = next((rule for rule in ruleset.rules if compile_condition(rule.condition)(facts)), None)
    if rule is None:
        ticketbox, evidence = by_address(message.letter, ruleset)
        return Decision(
            ticketbox=ticketbox,
            priority=Priority.NORMAL,
            tags=(),
            disposition=Disposition.DELIVER,
            reason=None,
            evidence=evidence,
        )
    return Decision(
        ticketbox=_ticketbox(message.letter.recipients, rule, ruleset),
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


def by_address(letter: LetterHead, ruleset: Ruleset) -> tuple[Ticketbox, RoutingEvidence]:
    """Where a message goes if no rule says anything."""
    ticketbox = _ticketbox(letter.recipients, None, ruleset)
    hits = sorted(ticketbox.addresses & {address.lower() for address in letter.recipients})
    said = ", ".join(hits) or "no ticketbox has this address"
    evidence = RoutingEvidence(ruleset_version=ruleset.version, rule=None, matched=(("recipients", said),))
    return ticketbox, evidence


def _ticketbox(recipients: Sequence[str], rule: Rule | None, ruleset: Ruleset) -> Ticketbox:
    if rule and rule.ticketbox_id and (chosen := ruleset.ticketboxes.get(rule.ticketbox_id)):
        return chosen
    written_to = {address.lower() for address in recipients}
    for ticketbox in ruleset.ticketboxes.values():
        if ticketbox.addresses & written_to:
            return ticketbox
    return ruleset.ticketboxes[ruleset.default_ticketbox_id]


def _matched(condition: str, facts: Facts) -> tuple[tuple[str, str], ...]:
    names = dict.fromkeys(_NAME.findall(condition))
    return tuple((name, str(facts[name])[:_LONGEST_EVIDENCE]) for name in names if name in facts)
