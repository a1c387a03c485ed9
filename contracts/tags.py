"""Tags are words of one spelling, whoever writes them: a person, a rule, a policy or an automation."""

from typing import Annotated

from pydantic import AfterValidator

from contracts.model import Text


def tag_of(text: str) -> str:
    """A tag in its one spelling: in lower case, with `-` for blanks."""
    return "-".join(text.lower().split())


def _spelled(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(tag_of, tags)))


Tags = Annotated[tuple[Text, ...], AfterValidator(_spelled)]
"""Each once. What early releases wrote otherwise is read so too, or it would match nothing."""
