"""Long lists are answered in pieces, all of them in the same way."""

import pytest
from fastapi import FastAPI

from services.gateway.api import router
from services.gateway.pieces import FIRST, Piece, piece
from services.gateway.problems import BadRequest


def test_a_limit_is_at_most_200_everywhere() -> None:
    app = FastAPI()
    app.include_router(router)
    limits = {
        path: parameter["schema"]["maximum"]
        for path, calls in app.openapi()["paths"].items()
        for call in calls.values()
        for parameter in call.get("parameters", ())
        if parameter["name"] == "limit"
    }
    assert {"/api/v1/tickets", "/api/v1/bulk-jobs/{job_id}", "/api/v1/dry-runs/{dry_run_id}"} <= limits.keys()
    assert set(limits.values()) == {200}


def test_a_cursor_is_what_an_answer_gave() -> None:
    assert piece() == FIRST
    assert piece("50", 20) == Piece(after=50, limit=20)
    for cursor in ("", "-1", "later", "9" * 5000):
        with pytest.raises(BadRequest):
            piece(cursor)


def test_there_is_a_next_piece_behind_a_full_one() -> None:
    assert Piece(limit=3).following([1, 4, 9]) == "9"
    assert Piece(limit=3).following([1, 4]) is None
    assert Piece(limit=3).following([]) is None
