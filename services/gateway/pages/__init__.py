"""The pages that people work in."""

from fastapi import APIRouter

from services.gateway.pages import forms, messages, reports, rulesets, sign_in, status, ticketboxes, tickets

router = APIRouter()
for part in (sign_in, tickets, messages, reports, rulesets, status, ticketboxes, forms):
    router.include_router(part.router)
