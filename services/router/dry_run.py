"""What rules would have done with recorded mail, against what was done with it. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.ingest import Reading
from contracts.mail import LetterHead
from contracts.router import Disposition, MessageRouted, RoutingEvidence
from contracts.trials import DryRunChange, DryRunSummary, RoutingOutcome
from mail.answering import may_be_answered
from services.router.ruleset import Ruleset, Ticketbox, route, routed

MOST_KINDS = 500
"""Of `from → to` that are counted by themselves."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message as the streams have it: a reading, and what the rules of its time said of that, without the letter."""

    kind: type[Reading]
    reading: bytes
    schema_version: int
    routed: bytes | None
    """None: it was not routed yet."""
    opened: bool
    """Whether a ticket is known that began with it: otherwise it joined one, or tickets has not taken it yet."""


@dataclass(slots=True)
class Tally:
    """What was found so far."""

    examined: int = 0
    unread: int = 0
    changed_messages: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    errors: dict[str, str] = field(default_factory=dict)
    changes: list[DryRunChange] = field(default_factory=list)

    def add(self, more: "Tally") -> None:
        """Add the sums of another batch."""
        self.examined += more.examined
        self.unread += more.unread
        self.changed_messages += more.changed_messages
        for mine, others in (
            (self.changed, more.changed),
            (self.moved, more.moved),
            (self.dispositions, more.dispositions),
            (self.hits, more.hits),
            (self.failures, more.failures),
        ):
            mine.update(others)
        self.errors = {**more.errors, **self.errors}

    def summary(self) -> DryRunSummary:
        return DryRunSummary(
            changed_messages=self.changed_messages,
            changed=dict(self.changed),
            moved=dict(self.moved.most_common(MOST_KINDS)),
            dispositions=dict(self.dispositions),
            hits=dict(self.hits),
            failures=dict(self.failures),
            errors=self.errors,
            unread=self.unread,
        )


def examine(messages: Iterable[Recorded], ruleset: Ruleset, since: datetime) -> Tally:
    """Ask a ruleset about recorded messages that came in since a moment."""
    tally, boxes = Tally(), ruleset.ticketboxes
    ours = {address for box in boxes.values() for address in box.addresses}
    for message in messages:
        try:
            reading = message.kind.read(message.reading, message.schema_version)
        except ValueError:  # a newer release wrote it
            tally.unread += 1
            continue
        if reading.letter.received_at < since:
            continue
        tally.examined += 1
        now = routed(reading.letter, route(reading, ruleset))
        tally.hits.update(one.rule for one in now.evidence.acted)
        tally.failures.update(one.rule for one in now.evidence.failed)
        tally.errors |= {one.rule: one.error for one in now.evidence.failed}
        if message.routed is None:
            tally.unread += 1
            continue
        answerable = may_be_answered(reading.letter, ours)
        before = outcome_then(orjson.loads(message.routed), boxes, answerable=answerable)
        joined = before.disposition == Disposition.DELIVER and not message.opened
        after = outcome_now(now, boxes, answerable=answerable)
        _compare(tally, reading.letter, differences(before, after, joined=joined), before, after)
    return tally


def _compare(
    tally: Tally, letter: LetterHead, kinds: tuple[str, ...], before: RoutingOutcome, after: RoutingOutcome
) -> None:
    if not kinds:
        return
    tally.changed_messages += 1
    tally.changed.update(kinds)
    if "ticketbox" in kinds:
        tally.moved[f"{before.ticketbox} → {after.ticketbox}"] += 1
    if "disposition" in kinds:
        tally.dispositions[f"{before.disposition} → {after.disposition}"] += 1
    tally.changes.append(
        DryRunChange(
            number=0,
            message_id=letter.message_id,
            received_at=letter.received_at,
            kinds=kinds,
            before=before,
            after=after,
        )
    )


_COMPARED = {
    "ticketbox": "ticketbox_id",
    "disposition": "disposition",
    "reason": "reason",
    "priority": "priority",
    "tags": "tags",
    "category": "category_id",
    "owner": "assignee_id",
    "copies": "forward_to",
    "alerts": "alert",
    "acknowledgement": "acknowledgement",
}


_OF_EACH_LETTER = frozenset({"disposition", "reason", "copies", "alerts"})
"""What rules decide of a letter that joins a ticket as well; all else is of the ticket that it opens."""


def differences(before: RoutingOutcome, after: RoutingOutcome, *, joined: bool) -> tuple[str, ...]:
    """In what two outcomes of a letter differ, which joined a ticket or not.

    By which rule it is so makes no difference, nor does the order of tags.
    """

    def plain(value: object) -> object:
        return frozenset(value) if isinstance(value, tuple) else value

    return tuple(
        kind
        for kind, name in _COMPARED.items()
        if (kind in _OF_EACH_LETTER or not joined)
        and plain(getattr(before, name)) != plain(getattr(after, name))
    )


_SAME = (
    *("disposition", "reason", "ticketbox_id", "ticketbox", "priority", "tags", "category_id"),
    *("assignee_id", "forward_to", "alert"),
)


def outcome_now(
    decision: MessageRouted, ticketboxes: Mapping[UUID, Ticketbox], *, answerable: bool
) -> RoutingOutcome:
    """What a decision comes to, about a letter that a machine may answer or not."""
    box = ticketboxes.get(decision.ticketbox_id)
    values = {name: getattr(decision, name) for name in _SAME}
    wanted = answerable and decision.acknowledge is not False
    told = _told(decision.disposition, decision.acknowledgement, box) if wanted else None
    return RoutingOutcome(**values, acknowledgement=told, rules=_rules(decision.evidence))


def outcome_then(
    data: dict[str, Any], ticketboxes: Mapping[UUID, Ticketbox], *, answerable: bool
) -> RoutingOutcome:
    """The same of `MessageRouted` as it is recorded, whose letter need not be read again."""
    box = ticketboxes.get(UUID(data["ticketbox_id"]))
    wanted = answerable and data.get("acknowledge") is not False
    told = _told(data["disposition"], data.get("acknowledgement"), box) if wanted else None
    evidence = RoutingEvidence.model_validate(data["evidence"])
    return RoutingOutcome.model_validate({**data, "acknowledgement": told, "rules": _rules(evidence)})


def _told(disposition: str, words: str | None, box: Ticketbox | None) -> str | None:
    """What a customer is told of a letter that opens a ticket: nothing of one that is held back."""
    if disposition != Disposition.DELIVER:
        return None
    return words or (box.acknowledgement if box else None)


def _rules(evidence: RoutingEvidence) -> Sequence[str]:
    if evidence.acted:
        return tuple(one.rule for one in evidence.acted)
    return (evidence.rule,) if evidence.rule else ()
