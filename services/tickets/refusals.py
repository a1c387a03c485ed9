"""Why the domain says no, with the facts."""

from uuid import UUID


class Refusal(Exception):  # noqa: N818 - a refusal is not an error
    """Base of all: `code` is stable, the text is a sentence for people."""

    code: str

    def __init__(self, sentence: str, **facts: object) -> None:
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(sentence)


class UnknownThing(Refusal):
    """There is nothing with this id."""

    code = "unknown"


class UnseenMessages(Refusal):
    """Something came after what the person saw."""

    code = "unseen_messages"

    def __init__(self, seen_version: int, version: int) -> None:
        super().__init__(
            "The customer wrote again after you opened this ticket. Read it, then send your answer.",
            seen_version=seen_version,
            version=version,
        )


class ChangedMeanwhile(Refusal):
    """Someone else put another ruleset in force."""

    code = "changed_meanwhile"

    def __init__(self, seen_version: int, version: int) -> None:
        super().__init__(
            "Another ruleset was published after you opened this one. Look at it, then publish yours.",
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


class Invalid(Refusal):
    """The wish itself makes no sense."""

    code = "invalid"


class Forbidden(Refusal):
    """The person may not do this."""

    code = "forbidden"


class Merged(Refusal):
    """The ticket goes on in another one."""

    code = "merged"

    def __init__(self, number: int, into_id: UUID) -> None:
        super().__init__(
            f"Ticket {number} was merged into another one; go on there, or undo the merge.", into_id=into_id
        )
