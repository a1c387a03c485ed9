"""What was said in a ticket, and what happened to it in between."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from services.gateway.representations.basics import Contact, Named, Representation
from services.gateway.representations.messages import Letter


class Delivery(Representation):
    state: Literal["released", "sent", "delayed", "failed", "uncertain", "bounced"]
    answer: str | None
    """What the relay said."""
    attempts: int
    next_try_at: datetime | None


class Reply(Representation):
    reply_id: UUID
    automatic: bool
    """An acknowledgement, which no person wrote."""
    text: str
    to: list[Contact]
    quote: str | None
    internet_message_id: str | None
    delivery: Delivery


class ConsideredItem(Representation):
    """Somebody whom distribution looked at, and what it saw."""

    person: Named
    why: str


class DistributionView(Representation):
    """Why a ticket went to whom it went: what it asked for, who else could have got it, and who could not."""

    method: str
    why: str
    asked: list[str]
    candidates: int
    """How many could have got it."""
    others: list[ConsideredItem]
    """The first of the others who could."""
    passed_over: list[ConsideredItem]
    """The first of those who could not."""


class Entry(Representation):
    """One thing that happened to a ticket, in order; one of `letter`, `reply` and `note` may say more."""

    version: int
    type: str
    at: datetime
    actor: Named | None
    """Who did it; null: the customer, or Postroom itself."""
    sentence: str
    letter: Letter | None = None
    reply: Reply | None = None
    note: str | None = None
    mentions: list[Named] = Field(default_factory=list)
    """People and teams whose attention a note asks for."""
    ticket: int | None = None
    """The number of another ticket that it is about: where a letter came from or went to, what was merged or linked."""
    distribution: DistributionView | None = None
    """Of an assignment that distribution made: what it saw."""
