"""Evaluations with the answers of a zone, without any server."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from services.ingest.authentication.answers import Answer, Answers, Failure, Question, Wanted

T = TypeVar("T")
Zone = Mapping[str, Sequence[str] | Failure]
"""Records by name, each as "TYPE data"; a failure is the answer to every question about the name."""


def settled(evaluate: Callable[[Answers], T], zone: Zone) -> T:
    """What comes out, if DNS knows the zone and nothing else."""
    asked: set[Question] = set()

    def recall(question: Question) -> Answer | Failure | None:
        return _answer(zone, question) if question in asked else None

    while True:
        try:
            return evaluate(Answers(recall))
        except Wanted as wanted:
            if asked.issuperset(wanted.questions):
                raise
            asked.update(wanted.questions)


def _answer(zone: Zone, question: Question) -> Answer | Failure:
    records = zone.get(question.name, ())
    if isinstance(records, Failure):
        return records
    found = [record.partition(" ") for record in records]
    return tuple(
        data.rpartition(" ")[2] if kind == "MX" else data for kind, _, data in found if kind == question.kind
    )
