"""What services ask of each other, by request and reply."""

from typing import ClassVar

from contracts.event import snake_case
from contracts.model import Model


class Request(Model):
    """Something that one service asks of another."""

    service: ClassVar[str] = ""
    """Who answers; empty: each service, and whoever asks says which."""
    verb: ClassVar[str]

    @classmethod
    def subject(cls, service: str = "") -> str:
        """Where it is asked. `service` counts only where each service answers."""
        return f"postroom.{cls.service or service}.{cls.verb}.{snake_case(cls.__name__)}"


class Query(Request):
    """A question; it changes nothing, so it may be asked again."""

    verb: ClassVar[str] = "query"


class Errand(Request):
    """Something to be done that is no person's wish; it changes something, and a repeat is harmless."""

    verb: ClassVar[str] = "command"
