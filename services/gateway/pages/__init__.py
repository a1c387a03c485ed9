"""The pages that people work in."""

from fastapi import APIRouter

from services.gateway.pages import messages, reports, sign_in, status, tickets

router = APIRouter()
for part in (sign_in, tickets, messages, reports, status):
    router.include_router(part.router)
