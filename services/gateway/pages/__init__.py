"""The pages that people work in."""

from fastapi import APIRouter

from services.gateway.pages import forms, handling, messages, reports, sign_in, status, ticketboxes, tickets

router = APIRouter()
for part in (sign_in, tickets, handling, messages, reports, status, ticketboxes, forms):
    router.include_router(part.router)
