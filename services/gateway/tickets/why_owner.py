"""Why a ticket is whose it is, as distribution saw it: pure."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.router import Considered
from contracts.tickets import TicketAssigned
from services.gateway.representations.basics import Named
from services.gateway.representations.conversation import ConsideredItem, DistributionView

Naming = Callable[[UUID | None], Named | None]


def view(event: TicketAssigned, named: Naming) -> DistributionView | None:
    """What distribution saw when it chose; None: it did not choose."""
    evidence = event.evidence
    if evidence is None:
        return None
    return DistributionView(
        method=event.method,
        why=evidence.why,
        asked=list(evidence.asked),
        candidates=evidence.candidates,
        others=_items(evidence.others, named),
        passed_over=_items(evidence.passed_over, named),
    )


def _items(considered: Iterable[Considered], named: Naming) -> list[ConsideredItem]:
    return [
        ConsideredItem(person=person, why=one.why)
        for one in considered
        if (person := named(one.agent_id)) is not None
    ]


def why_owner(events: Sequence[Recorded[Event]], named: Naming) -> DistributionView | None:
    """Why a ticket has its owner; None: it has none, or a person or a rule chose."""
    last = next((item.event for item in reversed(events) if isinstance(item.event, TicketAssigned)), None)
    return view(last, named) if last is not None and last.agent_id is not None else None
