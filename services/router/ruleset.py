"""Rules: an ordered list. Each that holds acts, until one says stop."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from uuid import UUID

from chassis.lean import without
from contracts.ingest import Reading
from contracts.mail import LOOP_HEADER, LetterHead, Scan, ScanVerdict, without_detail
from contracts.router import (
    NO_TICKETBOX,
    Disposition,
    MessageRouted,
    Priority,
    RoutingEvidence,
    RuleActed,
    RuleFailed,
)
from contracts.rulesets import Rule
from rules.condition import BadCondition, Condition, Unanswerable, any_of, compile_condition, context_of
from rules.fields import Facts
from rules.hours import WALL_CLOCK, Hours
from services.router.actions import NOTHING, Actions, HeldBack, actions_of, also
from services.router.facts import Contact, Surroundings, facts_of

with without("cel.cli"):  # 25 MB of command line, which conditions would bring along at their first use
    import cel

_LONGEST_EVIDENCE = 200
_GROUP = 20
"""Conditions that are asked together: going over to CEL and back takes as long as half a condition."""
_DESK_BEHIND = timedelta(minutes=1)
"""How far the news of the desk may be behind the mail for it."""


@dataclass(frozen=True, slots=True)
class Ticketbox:
    ticketbox_id: UUID
    name: str
    addresses: frozenset[str]
    sender: str = ""
    """The address that mail of ours comes from."""
    hours: Hours = field(default=WALL_CLOCK, compare=False)
    acknowledgement: str | None = None
    """What a customer is told at once; None: nothing."""


@dataclass(frozen=True)
class Ruleset:
    """What is in force. `version` is named in each decision."""

    version: int
    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    ticketboxes: Mapping[UUID, Ticketbox]
    organisations: Mapping[str, str] = field(default_factory=dict)
    """Names by domain."""
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    """By address, as far as they were looked up."""

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        return tuple(rule.condition for rule in self.rules)

    @property
    def asks_for_contacts(self) -> bool:
        """Whether it matters what people say of who writes."""
        return not prepare(self.conditions).names.isdisjoint({"contact", "organisation"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say about a message, and why."""

    ticketbox: Ticketbox
    actions: Actions
    evidence: RoutingEvidence


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbours in a ruleset, which are mostly dealt with in one question.

    One that cannot be compiled holds for no message, and says why.
    """

    first: int
    conditions: tuple[Condition | BadCondition, ...]
    anyone: Condition | None
    """None: they can only be asked one by one."""

    def may_act(self, context: "cel.Context") -> bool:
        """Whether one of them holds, or has no answer."""
        try:
            return self.anyone is None or self.anyone.holds(context)
        except Unanswerable:
            return True


@dataclass(frozen=True, slots=True)
class Prepared:
    """The conditions of a ruleset, compiled once."""

    groups: tuple[Group, ...]
    names: frozenset[str]
    """The facts that they look at."""
    headers: frozenset[str]
    whole: bool
    """Whether one of them looks at more than single fields."""


@lru_cache(maxsize=16)
def prepare(conditions: tuple[str, ...]) -> Prepared:
    """Make all conditions of a ruleset ready to be asked."""
    compiled = tuple(map(_compile, conditions))
    good = [one for one in compiled if isinstance(one, Condition)]
    return Prepared(
        tuple(_group(first, compiled[first : first + _GROUP]) for first in range(0, len(compiled), _GROUP)),
        frozenset(name.partition(".")[0] for one in good for name in one.names),
        frozenset(header for one in good for header in one.headers),
        any(one.whole for one in good),
    )


def _group(first: int, conditions: tuple[Condition | BadCondition, ...]) -> Group:
    good = [one for one in conditions if isinstance(one, Condition)]
    try:
        return Group(first, conditions, any_of(good) if len(good) == len(conditions) else None)
    except BadCondition:  # each is short enough, and all are too long
        return Group(first, conditions, None)


def _compile(condition: str) -> Condition | BadCondition:
    try:
        return compile_condition(condition)
    except BadCondition as error:  # an earlier release put it in force unseen
        return error


def route(message: Reading, ruleset: Ruleset) -> Decision:
    """What becomes of a message by the ruleset; the same message and ruleset give the same decision.

    No rule is asked about a message that the virus scanner does not call clean, nor about our own mail that comes back.
    """
    if message.scan is not None and message.scan.verdict is not ScanVerdict.CLEAN:
        return _unclean(message, message.scan, ruleset)
    if (mark := _our_mark(message, ruleset)) is not None:
        return _loop(message, mark, ruleset)
    prepared = prepare(ruleset.conditions)
    written_to = _written_to(message.letter, ruleset, message.ticketbox_id)
    around = Surroundings(ruleset.organisations, ruleset.contacts, written_to.hours)
    facts = facts_of(message, around, prepared.names)
    context = context_of(facts, prepared.headers, whole=prepared.whole)
    actions = NOTHING
    acted: list[RuleActed] = []
    failed: list[RuleFailed] = []
    for rule, condition in _to_ask(ruleset.rules, prepared.groups, context):
        if isinstance(condition, BadCondition):
            failed.append(RuleFailed(rule=rule.name, error=str(condition)))
            continue
        try:
            if not condition.holds(context):
                continue
        except Unanswerable as error:
            failed.append(RuleFailed(rule=rule.name, error=str(error)))
            continue
        actions, counted = also(actions, actions_of(rule, ruleset.ticketboxes))
        matched = _matched(condition, facts)
        acted.append(RuleActed(rule=rule.name, condition=rule.condition, matched=matched, did=counted))
        if rule.stop:
            break
    chosen = ruleset.ticketboxes[actions.ticketbox] if actions.ticketbox else written_to
    return Decision(chosen, actions, _evidence(message.letter, ruleset, written_to, acted, failed))


def _to_ask(
    rules: Sequence[Rule], groups: Iterable[Group], context: "cel.Context"
) -> Iterator[tuple[Rule, Condition | BadCondition]]:
    """The rules that are worth asking one by one, in order. Those behind a stop are not even asked as a group."""
    for group in groups:
        if group.may_act(context):
            behind = group.first + len(group.conditions)
            yield from zip(rules[group.first : behind], group.conditions, strict=True)


def _unclean(message: Reading, scan: Scan, ruleset: Ruleset) -> Decision:
    word = "virus" if scan.verdict is ScanVerdict.INFECTED else scan.verdict.value
    reason = f"{word}: {scan.finding}" if scan.finding else word
    said = (("scan", scan.verdict.value), ("finding", scan.finding or ""), ("scanner", scan.scanner))
    return Decision(
        _written_to(message.letter, ruleset, message.ticketbox_id),
        Actions(held_back=HeldBack(Disposition.QUARANTINE, reason)),
        RoutingEvidence(ruleset_version=ruleset.version, rule=None, matched=said),
    )


def _our_mark(message: Reading, ruleset: Ruleset) -> str | None:
    """The domain in the mark that our mail carries; None in mail of others, who may have a Postroom too."""
    ours = {address.rpartition("@")[2] for box in ruleset.ticketboxes.values() for address in box.addresses}
    marks = (value.strip().lower() for name, value in message.headers if name.lower() == LOOP_HEADER.lower())
    return next((mark for mark in marks if mark in ours), None)


def _loop(message: Reading, mark: str, ruleset: Ruleset) -> Decision:
    return Decision(
        _written_to(message.letter, ruleset, message.ticketbox_id),
        Actions(held_back=HeldBack(Disposition.SUPPRESS, "loop")),
        RoutingEvidence(ruleset_version=ruleset.version, rule=None, matched=((LOOP_HEADER, mark),)),
    )


def by_address(letter: LetterHead, ruleset: Ruleset, taken_for: UUID | None = None) -> Decision:
    """Where a message goes if no rule says anything; `taken_for` is the ticketbox that intake took it for."""
    written_to = _written_to(letter, ruleset, taken_for)
    return Decision(written_to, NOTHING, _evidence(letter, ruleset, written_to, (), ()))


def _written_to(letter: LetterHead, ruleset: Ruleset, taken_for: UUID | None) -> Ticketbox:
    addresses = {address.lower() for address in letter.recipients}
    known = ruleset.ticketboxes.get(taken_for) if taken_for else None
    return _that_has(addresses, ruleset) or known or ruleset.ticketboxes[ruleset.default_ticketbox_id]


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


def _evidence(
    letter: LetterHead,
    ruleset: Ruleset,
    written_to: Ticketbox,
    acted: Sequence[RuleActed],
    failed: Sequence[RuleFailed],
) -> RoutingEvidence:
    first = acted[0] if acted else None
    return RoutingEvidence(
        ruleset_version=ruleset.version,
        rule=first.rule if first else None,
        condition=first.condition if first else None,
        matched=first.matched if first else (("recipients", _decisive(letter, ruleset, written_to)),),
        ticketbox_rule=next((one.rule for one in acted if "ticketbox" in one.did), None),
        acted=tuple(acted),
        failed=tuple(failed),
    )


def _decisive(letter: LetterHead, ruleset: Ruleset, written_to: Ticketbox) -> str:
    """Which of its addresses brought a message to the ticketbox that it was written to."""
    addresses = {address.lower() for address in letter.recipients}
    hits = sorted(one for one in addresses if {one, without_detail(one)} & written_to.addresses)
    if hits:
        return ", ".join(hits)
    default = written_to.ticketbox_id == ruleset.default_ticketbox_id
    return NO_TICKETBOX if default else "as intake read them"


def _matched(condition: Condition, facts: Facts) -> tuple[tuple[str, str], ...]:
    return tuple((name, _shown(_value(name, facts))) for name in condition.names)


def _value(name: str, facts: Facts) -> object:
    whole, _, part = name.partition(".")
    value = facts[whole]
    return value.get(part, "") if part and isinstance(value, Mapping) else value


def _shown(value: object) -> str:
    """Cut before it is made a text: a letter may have 256 kB."""
    if isinstance(value, str):
        return value[:_LONGEST_EVIDENCE]
    if isinstance(value, Mapping):
        return ", ".join(value)[:_LONGEST_EVIDENCE]
    return str(value)[:_LONGEST_EVIDENCE]


def routed(letter: LetterHead, decision: Decision) -> MessageRouted:
    """A decision as it is told."""
    actions = decision.actions
    held_back, told = actions.held_back, actions.acknowledgement
    return MessageRouted(
        letter=letter,
        ticketbox_id=decision.ticketbox.ticketbox_id,
        ticketbox=decision.ticketbox.name,
        priority=actions.priority or Priority.NORMAL,
        tags=actions.tags,
        disposition=held_back.disposition if held_back else Disposition.DELIVER,
        reason=held_back.reason if held_back else None,
        evidence=decision.evidence,
        category_id=actions.category,
        assignee_id=actions.owner,
        acknowledge=told.wanted if told else None,
        acknowledgement=told.text if told else None,
        forward_to=actions.copies,
        alert=actions.alerts,
    )
