"""`/api/v1`: JSON for programs, described by OpenAPI."""

from fastapi import APIRouter

from services.gateway.api import (
    desk,
    erasures,
    handling,
    intake,
    messages,
    reports,
    rulesets,
    system,
    tickets,
)

router = APIRouter(prefix="/api/v1")
for part in (tickets, handling, messages, rulesets, intake, reports, desk, erasures, system):
    router.include_router(part.router)
