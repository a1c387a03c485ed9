"""What DNS says, as plain data: evaluations are pure functions of it, and say what they still need to know."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from contracts.mail import AuthenticationResult

Results = tuple[AuthenticationResult, ...]
Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]


class Question(NamedTuple):
    """A name in lower case without a dot at its end, and a type."""

    name: str
    kind: Kind


Answer = tuple[str, ...]
"""The data of each record, nothing if there is none: text of TXT (its bytes as Latin-1), addresses, names."""


@dataclass(frozen=True, slots=True)
class Failure:
    """DNS gave no answer; asked again later, it may."""

    reason: str


class Unanswered(Exception):
    """An evaluation ends here, with `temperror`."""


class Wanted(Exception):
    """An evaluation cannot go on before these are answered."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        super().__init__(questions)
        self.questions = questions


def _nothing(_: Question) -> None:
    return None


class Answers:
    """What has been answered so far, and what `recall` remembers; once it was told, an answer stays."""

    def __init__(self, recall: Callable[[Question], Answer | Failure | None] = _nothing) -> None:
        self._known: dict[Question, Answer | Failure] = {}
        self._recall = recall

    def add(self, answered: dict[Question, Answer | Failure]) -> None:
        self._known |= answered

    def need(self, questions: tuple[Question, ...]) -> None:
        """Raise unless all of them have been asked: what is needed is best asked for at once.

        Raises:
            Wanted: those that are missing.
        """
        if missing := tuple(question for question in questions if not self._knows(question)):
            raise Wanted(missing)

    def _knows(self, question: Question) -> bool:
        if question in self._known:
            return True
        answer = self._recall(question)
        if answer is not None:
            self._known[question] = answer
        return answer is not None

    def to(self, name: str, kind: Kind = "TXT") -> Answer:
        """The answer to one question.

        Raises:
            Wanted: it has not been asked.
            Unanswered: DNS failed.
        """
        question = Question(name, kind)
        self.need((question,))
        answer = self._known[question]
        if isinstance(answer, Failure):
            raise Unanswered(f"{name}: {answer.reason}")
        return answer
