"""Trials as API and pages show them."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query

from services.gateway.representations.basics import Page, Representation

R = TypeVar("R")
C = TypeVar("C")

Kind = Annotated[
    str | None, Query(max_length=50, description="Only changes of this kind, as the sums name it.")
]


class TrialView(Representation, Generic[R, C]):
    """How far a trial is, what it found in sum, and a piece of what would be otherwise."""

    run: R
    changes: Page[C]
