"""`/api/v1`: JSON for programs, described by OpenAPI."""

from fastapi import APIRouter

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
    intake,
    reports,
    desk,
    members,
    erasures,
    system,
    what_ifs,
):
    router.include_router(part.router)
