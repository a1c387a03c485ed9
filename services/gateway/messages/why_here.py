"""“Why is this here?”: what the rules said of a message, in a sentence and in full."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import orjson

from chassis.database import Connection
from contracts.mail import LOOP_HEADER
from contracts.router import NO_TICKETBOX, RoutingEvidence, RuleActed
from services.gateway.representations.tickets import ActedItem, RoutingView

_ROUTED = """
SELECT data::text AS data
FROM history
WHERE message_id = $1
  AND type = 'MessageRouted'
  AND recorded_at <= coalesce($2, 'infinity'::timestamptz)
ORDER BY position DESC
LIMIT 1
"""


async def routing(
    db: Connection, message_id: UUID | None, as_of: datetime | None = None
) -> RoutingView | None:
    """What was last decided about a message, up to a moment; None: nothing yet."""
    text = await db.fetchval(_ROUTED, message_id, as_of) if message_id else None
    if text is None:
        return None
    data = orjson.loads(text)
    evidence, released = RoutingEvidence.model_validate(data["evidence"]), data.get("released_by") is not None
    return view(evidence, data["ticketbox"], released=released)


def view(evidence: RoutingEvidence, ticketbox: str, *, released: bool = False) -> RoutingView:
    """The evidence as people read it."""
    acted = _acted(evidence)
    return RoutingView(
        ruleset_version=evidence.ruleset_version,
        ticketbox=ticketbox,
        ticketbox_rule=evidence.ticketbox_rule,
        rules=[
            ActedItem(rule=one.rule, condition=one.condition, did=list(one.did), matched=dict(one.matched))
            for one in acted
        ],
        matched={} if acted else dict(evidence.matched),
        no_answer={one.rule: one.error for one in evidence.failed},
        released=released,
    )


def _acted(evidence: RoutingEvidence) -> tuple[RuleActed, ...]:
    """The rules that held; early releases wrote one at the most, and elsewhere."""
    if evidence.acted or evidence.rule is None:
        return evidence.acted
    return (RuleActed(rule=evidence.rule, condition=evidence.condition or "", matched=evidence.matched),)


def sentence(evidence: RoutingView | None) -> str:
    """In one sentence; empty if nothing is known."""
    if evidence is None:
        return ""
    version = f"(ruleset {evidence.ruleset_version})"
    let_through = "; a person let it through" if evidence.released else ""
    if evidence.rules:
        return f"{_held(evidence, version)}{let_through}."
    if why := unasked(evidence.matched):
        return f"No rule was asked, as {why} {version}{let_through}."
    if not evidence.matched:  # its writer's data was erased
        return f"No rule decided {version}{let_through}."
    # The rules may have failed on what a person let through, so nothing is said of them.
    decided = "A person let it through, and" if evidence.released else "No rule matched, so"
    if is_nobodys(evidence.matched):
        return f"{decided} it went to the default ticketbox, as no ticketbox had its address {version}."
    return f"{decided} it went where its address points {version}."


def _held(evidence: RoutingView, version: str) -> str:
    """Which rules held, and which of several chose the ticketbox."""
    acted = [one.rule for one in evidence.rules]
    names = " and ".join(f"“{rule}”" for rule in acted)
    rules = f"The rule{'s' if len(acted) > 1 else ''} {names} matched {version}"
    if len(acted) > 1 and evidence.ticketbox_rule:
        return f"{rules}; “{evidence.ticketbox_rule}” chose the ticketbox"
    return rules


def unasked(matched: Mapping[str, str]) -> str | None:
    """Why no rule was asked about a message; None: they were."""
    if "scan" in matched:
        return f"the virus scanner called it {matched['scan']}"
    if LOOP_HEADER in matched:
        return "it was our own mail that came back"
    return None


def is_nobodys(matched: Mapping[str, str]) -> bool:
    """Whether a message came to the default ticketbox only since none had its address."""
    return matched.get("recipients") == NO_TICKETBOX
