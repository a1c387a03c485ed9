"""The pages that people work in."""

from fastapi import APIRouter

from services.gateway.pages import (
    contacts,
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
    what_ifs,
)

router = APIRouter()
for part in (
    sign_in,
    tickets,
    handling,
    views,
    contacts,
    messages,
    reports,
    rulesets,
    status,
    desk,
    erasures,
    forms,
    what_ifs,
):
    router.include_router(part.router)
