"""The pages that people work in."""

from fastapi import APIRouter

from services.gateway.pages import (
    desk,
    erasures,
    forms,
    handling,
    messages,
    reports,
    rulesets,
    sign_in,
    status,
    tickets,
    views,
)

router = APIRouter()
for part in (sign_in, tickets, handling, views, messages, reports, rulesets, status, desk, erasures, forms):
    router.include_router(part.router)
