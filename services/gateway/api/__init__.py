"""`/api/v1`: JSON for programs, described by OpenAPI."""

from fastapi import APIRouter, Depends

from services.gateway.api import (
    contacts,
    desk,
    drafts,
    erasures,
    handling,
    intake,
    jobs,
    members,
    messages,
    reports,
    rulesets,
    system,
    tasks,
    templates,
    tickets,
    what_ifs,
)
from services.gateway.storable import refuse_unstorable

router = APIRouter(prefix="/api/v1")
for part in (
    tickets,
    handling,
    tasks,
    drafts,
    templates,
    jobs,
    contacts,
    messages,
    rulesets,
    reports,
    desk,
    members,
    erasures,
    system,
    what_ifs,
):
    router.include_router(part.router, dependencies=[Depends(refuse_unstorable)])
# A letter may hold anything, and is read as it comes.
router.include_router(intake.router)
