"""What a request may say in JSON: what the API does not know is refused, and named."""

from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from services.gateway import api, web
from services.gateway.api.jobs import NewJob
from services.gateway.api.rulesets import NewCondition, NewRuleset

pytestmark = pytest.mark.anyio

RULE = {"name": "Invoices", "condition": "true"}
RULESET = {"default_ticketbox_id": str(uuid4()), "reason": "Try", "expected_version": 1}


async def refusal(body: type[BaseModel], said: dict[str, object]) -> str:
    """What the API answers to a body that it does not take."""
    app = FastAPI()
    app.add_exception_handler(RequestValidationError, web._invalid)

    async def take(_: body) -> None:  # type: ignore[valid-type]
        raise AssertionError("it was taken")

    app.post("/api/v1/it")(take)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://postroom") as client:
        answer = await client.post("/api/v1/it", json=said)
    assert answer.status_code == 422
    detail: str = answer.json()["detail"]
    return detail


def test_every_body_refuses_fields_that_it_does_not_know() -> None:
    app = FastAPI()
    app.include_router(api.router)
    description = app.openapi()
    taken = [
        call["requestBody"]["content"]["application/json"]["schema"].get("$ref")
        for calls in description["paths"].values()
        for call in calls.values()
        if "application/json" in call.get("requestBody", {}).get("content", {})
    ]
    names = {reference.rpartition("/")[2] for reference in taken if reference}
    schemas = description["components"]["schemas"]
    assert names
    assert [name for name in sorted(names) if schemas[name].get("additionalProperties") is not False] == []


@pytest.mark.parametrize("field", ["ticketbox", "owner_id", "tag"])
async def test_a_rule_with_a_field_that_no_rule_has_is_named_with_it(field: str) -> None:
    said = {**RULESET, "rules": [RULE, {**RULE, "name": "Returns", field: "x"}]}
    told = f"This cannot be understood: rules.1 (“Returns”).{field}: there is no such field."
    assert await refusal(NewRuleset, said) == told


async def test_an_action_with_a_field_that_it_has_not_is_refused() -> None:
    said = {"tickets": [1], "actions": [{"do": "state", "state": "on_hold", "until_solved": 2}]}
    assert "actions.0.state.until_solved: there is no such field" in await refusal(NewJob, said)


async def test_a_row_of_a_condition_with_a_field_that_it_has_not_is_refused() -> None:
    said = {"rows": [{"field": "subject", "operator": "is", "values": "x"}]}
    assert "rows.0.values: there is no such field" in await refusal(NewCondition, said)


async def test_a_rule_without_a_name_is_told_by_its_place() -> None:
    assert "rules.0.name: Field required" in await refusal(
        NewRuleset, {**RULESET, "rules": [{"condition": "true"}]}
    )
