"""The pages that people work in."""

from fastapi import APIRouter

from services.gateway.pages import (
    desk,
    drafts,
    forms,
    handling,
    jobs,
    messages,
    reports,
    rulesets,
    sign_in,
    status,
    tickets,
    views,
)

router = APIRouter()
for part in (
    sign_in,
    tickets,
    handling,
    drafts,
    jobs,
    views,
    messages,
    reports,
    rulesets,
    status,
    desk,
    forms,
):
    router.include_router(part.router)
