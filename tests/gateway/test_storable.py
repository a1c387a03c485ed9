"""What a request says can be kept, or is refused with the place where it cannot."""

import json
import math
from collections.abc import Mapping

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError

from services.gateway import web
from services.gateway.problems import Problem
from services.gateway.storable import refuse_unstorable

pytestmark = pytest.mark.anyio
DEEP = 500
"""Lists in one another: about as many as Python reads."""


async def told(
    said: object = None, *, query: Mapping[str, str] | None = None, **sent: object
) -> tuple[int, str]:
    """The status of the answer, and what is told where something is refused."""
    app = FastAPI(dependencies=[Depends(refuse_unstorable)])
    app.add_exception_handler(RequestValidationError, web._invalid)
    app.add_exception_handler(Problem, web._problem)

    async def take(_: Request) -> None:
        """Whatever it is."""

    app.post("/api/v1/{name}")(take)
    if said is not None:
        sent = {"content": json.dumps(said), "headers": {"Content-Type": "application/json"}, **sent}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://postroom") as client:
        path = str(sent.pop("path", "it"))
        answer = await client.post(f"/api/v1/{path}", params=query, **sent)  # type: ignore[arg-type]
    return answer.status_code, (answer.json() or {}).get("detail", "")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"rules": [{"name": "a"}, {"name": "\x00"}]}, "rules.1.name: must not contain the character U+0000"),
        ({"text": "half \ud800"}, "text: must not contain the character U+D800"),
        ({"fields": {"\ud800": 1}}, "fields: must not contain the character U+D800"),
        ("\x00", "body: must not contain the character U+0000"),
        ({"expected_version": 2**63}, "expected_version: must be a number of 64 bits"),
        ({"fields": {"weight": math.nan}}, "fields.weight: must be a finite number"),
        ({"fields": {"weight": -math.inf}}, "fields.weight: must be a finite number"),
    ],
)
async def test_json_that_cannot_be_kept_is_refused_with_its_place(said: object, why: str) -> None:
    assert await told(said) == (422, f"This cannot be understood: {why}.")


async def test_addresses_and_forms_are_looked_at_too() -> None:
    for status, detail in (
        await told(path="%00"),
        await told(query={"q": "\x00"}),
        await told(data={"text": "\x00"}),
        await told(data={"\x00": "text"}),
    ):
        assert (status, detail.endswith("must not contain the character U+0000.")) == (422, True)


async def test_what_can_be_kept_is_taken() -> None:
    said: object = {"text": "“Grüße” 🙂", "number": 2**63 - 1, "less": -1.5, "yes": True, "nothing": None}
    for _ in range(DEEP):
        said = [said]
    assert await told(said) == (200, "")
    assert await told(query={"q": "lamp"}, data={"text": "lamp"}) == (200, "")


async def test_json_that_nobody_can_read_is_refused() -> None:
    for content in (b"{", b"\xff", b"[" * 100_000, b"9" * 5000):
        status, detail = await told(content=content, headers={"Content-Type": "application/json"})
        assert (status, detail[:15]) == (422, "This is no JSON")


async def test_a_form_in_an_encoding_that_has_halves_of_characters_is_refused() -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n+2AA-\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=utf-7"}
    assert (await told(content=form, headers=headers))[0] == 422
