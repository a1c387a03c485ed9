"""Pieces of what is numbered and may be long: what a trial found, what a job was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from services.gateway.lists import Limit
from services.gateway.numbers import whole
from services.gateway.problems import BadRequest


@dataclass(frozen=True, slots=True)
class Piece:
    """What is numbered higher than `after`, so much of it at most."""

    after: int = 0
    limit: int = 50

    def following(self, numbers: Sequence[int]) -> str | None:
        """The cursor of the next piece, where this one has these numbers; None: it is the last."""
        return str(numbers[-1]) if len(numbers) == self.limit else None


FIRST = Piece()


def piece(cursor: str | None = None, limit: Limit = 50) -> Piece:
    """The piece that somebody asks for.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    after = whole(cursor) if cursor is not None else 0
    if after is None:
        raise BadRequest("This cursor is none of ours; begin again without one.")
    return Piece(after, limit)


Asked = Annotated[Piece, Depends(piece)]
