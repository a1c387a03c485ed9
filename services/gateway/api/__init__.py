"""`/api/v1`: JSON for programs, described by OpenAPI."""

from fastapi import APIRouter

from services.gateway.api import (
    desk,
    drafts,
    handling,
    intake,
    jobs,
    messages,
    reports,
    rulesets,
    system,
    tickets,
)

router = APIRouter(prefix="/api/v1")
for part in (tickets, handling, drafts, jobs, messages, rulesets, intake, reports, desk, system):
    router.include_router(part.router)
