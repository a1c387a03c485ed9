"""Why the domain says no, with the facts."""

from collections.abc import Sequence
from uuid import UUID

from chassis.commands import Refusal


class Outdated(Refusal):
    """A letter or an answer came after what the person saw."""

    code = "outdated"

    def __init__(self, seen_version: int, version: int, came: str = "A letter of the customer came") -> None:
        super().__init__(
            f"{came} after you opened this ticket. Read what is new, then decide.",
            seen_version=seen_version,
            version=version,
        )
        self.version = version


class ChangedMeanwhile(Refusal):
    """Someone else changed it after the person saw it."""

    code = "changed_meanwhile"

    def __init__(self, seen_version: int, version: int) -> None:
        super().__init__(
            "Someone changed this after you opened it. Look at it as it is now, then make your change again.",
            seen_version=seen_version,
            version=version,
        )


class AlreadyThere(Refusal):
    """It is so already, or the name is taken."""

    code = "already_there"


class NotFailed(Refusal):
    """Only an answer that did not arrive can be sent again."""

    code = "not_failed"

    def __init__(self, reply_id: UUID) -> None:
        super().__init__("This answer is on its way or has arrived; it is not sent again.", reply_id=reply_id)


class Merged(Refusal):
    """The ticket goes on in another one."""

    code = "merged"

    def __init__(self, number: int, into_id: UUID) -> None:
        super().__init__(
            f"Ticket {number} was merged into another one; go on there, or undo the merge.", into_id=into_id
        )


class NotComplete(Refusal):
    """Some tickets of a bulk job were not handed over."""

    code = "not_complete"


class ChangedSince(Refusal):
    """What is to be undone was changed again."""

    code = "changed_since"

    def __init__(self, aspects: Sequence[str]) -> None:
        words = " and ".join(aspects)
        super().__init__(f"Its {words} changed again since, and stays.", aspects=",".join(aspects))


class ContactMerged(Refusal):
    """The contact goes on in another one."""

    code = "merged"

    def __init__(self, into_id: UUID) -> None:
        super().__init__(
            "This contact was merged into another one; change that one, or undo the merge.", into_id=into_id
        )


class NobodyThere(Refusal):
    """The customer's data was erased, and the address with it."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("The customer's data was erased: there is no address to answer to.")
