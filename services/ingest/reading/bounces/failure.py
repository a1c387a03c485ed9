"""What became of one recipient of a message that was not delivered."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """RFC 3464 §2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"

    @property
    def arrived(self) -> bool:
        return self in {Action.DELIVERED, Action.RELAYED, Action.EXPANDED}


class Cause(StrEnum):
    """Why it failed, as the words of the server tell."""

    MAILBOX_FULL = "mailbox_full"
    TOO_LARGE = "too_large"
    DOMAIN_UNKNOWN = "domain_unknown"
    REFUSED = "refused"
    DISABLED = "disabled"
    USER_UNKNOWN = "user_unknown"
    UNREACHABLE = "unreachable"


PASSING = frozenset({Cause.MAILBOX_FULL, Cause.UNREACHABLE})
"""Causes that may be gone tomorrow."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient. `status` is that of RFC 3463 ("5.1.1"), `code` the SMTP reply's ("550"), `reason` the server's words."""

    recipient: str | None = None
    action: Action | None = None
    status: str | None = None
    code: str | None = None
    reason: str | None = None
    cause: Cause | None = None
    given_up: bool = False
    """The server says in words that the error is permanent."""

    @property
    def hard(self) -> bool | None:
        """Whether trying again is useless; None where nothing tells.

        What the server says in figures counts before what it says in words, a delay before both.
        """
        if self.action is Action.DELAYED:
            return False
        for figure in (self.status, self.code):
            if figure and figure[0] in "45":
                return figure[0] == "5"
        if self.cause in PASSING:
            return False
        if self.cause is not None or self.given_up or self.action is Action.FAILED:
            return True
        return None
