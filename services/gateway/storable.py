"""What a request says can be kept: looked at once, before any page or call reads it.

PostgreSQL holds no NUL in text, UTF-8 no half of a character, JSON no number that is endless or none, and whole numbers
have 64 bits. Mail may hold anything: what comes in as a letter is not looked at here.
"""

import math
import re

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from services.gateway.problems import BadRequest, Unprocessable

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INTEGERS = range(-(2**63), 2**63)
Place = tuple[str | int, ...]


async def refuse_unstorable(request: Request) -> None:
    """Look at all that a request says: in its address, its form or its JSON.

    Raises:
        RequestValidationError: some of it cannot be kept.
        BadRequest, Unprocessable: it cannot be read.
    """
    _look_at("path", request.path_params)
    for name, value in request.query_params.multi_items():
        _look_at("query", {name: value})
    try:
        form = await request.form()
    except UnicodeError as error:  # it may name any encoding
        raise BadRequest("This form is not in the encoding that it names.") from error
    for name, entered in form.multi_items():
        _look_at("body", {name: entered})
    if "json" in request.headers.get("Content-Type", "").lower() and await request.body():
        await json_of(request)


async def json_of(request: Request) -> object:
    """What a request says in JSON.

    Raises:
        RequestValidationError: some of it cannot be kept.
        Unprocessable: it is no JSON.
    """
    try:
        said: object = await request.json()
    except (ValueError, RecursionError) as error:
        raise Unprocessable(f"This is no JSON: {error}.") from error
    _look_at("body", said)
    return said


def _look_at(place: str, said: object) -> None:
    # Without recursion: JSON may be as deep as Python calls itself.
    waiting: list[tuple[Place, object]] = [((place,), said)]
    while waiting:
        where, one = waiting.pop()
        if (why := _why_not(one)) is not None:
            raise RequestValidationError([{"type": "unstorable", "loc": where, "msg": why}])
        match one:
            case dict():
                for name, value in one.items():
                    waiting += [((*where, name), value), (where, name)]  # the name first: it tells the place
            case list():
                waiting += [((*where, at), value) for at, value in enumerate(one)]
            case _:
                pass


def _why_not(said: object) -> str | None:
    match said:
        case str() if found := _UNSTORABLE.search(said):
            return f"must not contain the character U+{ord(found[0]):04X}"
        case float() if not math.isfinite(said):
            return "must be a finite number"
        case int() if said not in _INTEGERS:
            return "must be a number of 64 bits"
        case _:
            return None
