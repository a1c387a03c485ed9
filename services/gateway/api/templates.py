"""Answers that people begin with."""

from fastapi import APIRouter

from services.gateway.access.guard import Here, Signed
from services.gateway.numbers import TicketNumber
from services.gateway.representations.basics import Page
from services.gateway.representations.tickets import AnswerTemplate
from services.gateway.tickets import answer_templates
from services.gateway.tickets.answer_templates import Sought

router = APIRouter(tags=["tickets"])


@router.get("/tickets/{number}/templates")
async def list_templates(
    here: Here, who: Signed, number: TicketNumber, q: Sought = ""
) -> Page[AnswerTemplate]:
    """The templates for your answer to a ticket, filled in; those in the customer's language first, 30 at the most."""
    async with here.service.pool.acquire() as db:
        return Page(items=await answer_templates.offered(db, who.person, number, q), next=None)
