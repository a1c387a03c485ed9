"""Who gets a ticket: the next of the ticketbox's agents who are present, in a round."""

from collections.abc import Sequence
from uuid import UUID


def next_agent(present: Sequence[UUID], last: UUID | None) -> UUID | None:
    """The agent after `last` in the fixed order of ids; None if nobody is present."""
    ordered = sorted(present)
    return next((agent for agent in ordered if last is None or agent > last), ordered[0] if ordered else None)
