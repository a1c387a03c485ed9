"""The pages that people work in."""

from fastapi import APIRouter

from services.gateway.pages import (
    contacts,
    desk,
    drafts,
    erasures,
    forms,
    handling,
    jobs,
    messages,
    reports,
    rulesets,
    sign_in,
    status,
    tags,
    tasks,
    tickets,
    views,
    what_ifs,
)

router = APIRouter()
for part in (
    sign_in,
    tickets,
    handling,
    tasks,
    drafts,
    jobs,
    views,
    tags,
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
