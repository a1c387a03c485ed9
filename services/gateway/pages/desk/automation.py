"""The page of automations: its form, and a dry look before anything is saved."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from contracts.automations import Automation
from services.gateway.access.guard import Administrator, Here, Signed
from services.gateway.desk import automations, things
from services.gateway.pages.desk import fields
from services.gateway.pages.desk.kinds.automations import AUTOMATION
from services.gateway.pages.rendering import page
from services.gateway.problems import Problem, Unprocessable

router = APIRouter()


@router.post("/desk/automations/{thing_id}/trial")
async def try_out(request: Request, here: Here, who: Signed, _: Administrator, thing_id: UUID) -> Response:
    """How many tickets what stands in the form would touch now."""
    data = fields.read(AUTOMATION.fields, await request.form())
    problem, trial = None, None
    try:
        # A name is not needed to look.
        automation = things.understood("automations", thing_id, {**data, "name": data["name"] or "New"})
        assert isinstance(automation, Automation)  # noqa: S101 - of its kind
        trial = await automations.trial(here, automation)
    except Problem as error:
        errors = error.more.get("errors") if isinstance(error, Unprocessable) else None
        found = fields.by_field(AUTOMATION.fields, errors) if isinstance(errors, dict) else {}
        problem = " ".join(found.values()) or error.detail
    return page(request, "_trial.html", who, problem=problem, trial=trial)
