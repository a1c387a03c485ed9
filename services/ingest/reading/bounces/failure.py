"""What became of one recipient of a message that was not delivered."""

from dataclasses import dataclass
from enum import StrEnum

LONGEST_WORDS = 500
"""Characters that are kept of what a server said."""


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
    """Why it failed, for people who do not read SMTP."""

    MAILBOX_FULL = "mailbox full"
    TOO_LARGE = "message too large"
    DOMAIN_UNKNOWN = "domain unknown"
    REFUSED = "refused"
    DISABLED = "account disabled"
    ADDRESS_UNKNOWN = "address unknown"
    NOT_REACHABLE = "server not reachable"


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient: `status` is that of RFC 3463 ("5.1.1"), `code` that of the SMTP reply ("550")."""

    recipient: str | None = None
    action: Action | None = None
    status: str | None = None
    code: str | None = None
    words: str | None = None
    """The server's own."""
    cause: Cause | None = None

    @property
    def hard(self) -> bool | None:
        """Whether it failed for good; None where nothing tells.

        It did not while the server goes on trying. After that the class of the status or of the code decides
        (RFC 3463 §3.1), and where there is neither, that the server has given up.
        """
        if self.action is Action.DELAYED:
            return False
        for figure in (self.status, self.code):
            if figure and figure[0] in "45":
                return figure[0] == "5"
        return True if self.action is Action.FAILED else None

    @property
    def reason(self) -> str | None:
        """Why, in plain words, and what the server said."""
        return ": ".join(part for part in (self.cause, self.words) if part) or None
