"""“Why is this here?”: what the rules said of a message, in a sentence and in full."""

from datetime import datetime
from uuid import UUID

import orjson

from chassis.database import Connection
from contracts.router import RoutingEvidence, RuleActed
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
    return view(RoutingEvidence.model_validate(data["evidence"]), data["ticketbox"])


def view(evidence: RoutingEvidence, ticketbox: str) -> RoutingView:
    """The evidence as people read it."""
    return RoutingView(
        ruleset_version=evidence.ruleset_version,
        ticketbox=ticketbox,
        ticketbox_rule=evidence.ticketbox_rule,
        rules=[
            ActedItem(rule=one.rule, condition=one.condition, did=list(one.did), matched=dict(one.matched))
            for one in _acted(evidence)
        ],
        no_answer={one.rule: one.error for one in evidence.failed},
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
    acted = [one.rule for one in evidence.rules]
    if not acted:
        return f"No rule matched, so it went where its address points {version}."
    names = " and ".join(f"“{rule}”" for rule in acted)
    rules = f"The rule{'s' if len(acted) > 1 else ''} {names} matched {version}"
    if len(acted) > 1 and evidence.ticketbox_rule:
        return f"{rules}; “{evidence.ticketbox_rule}” chose the ticketbox."
    return f"{rules}."
