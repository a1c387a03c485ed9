"""Answers that people begin with."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.model import Text
from services.gateway.access.guard import Here, Signed
from services.gateway.api.tickets import Number
from services.gateway.representations.basics import Page
from services.gateway.representations.tickets import AnswerTemplate
from services.gateway.tickets import answer_templates

router = APIRouter(tags=["tickets"])
Sought = Annotated[Text, Query(max_length=200, description="Words of the name or the text.")]


@router.get("/tickets/{number}/templates")
async def list_templates(here: Here, who: Signed, number: Number, q: Sought = "") -> Page[AnswerTemplate]:
    """The templates for your answer to a ticket, filled in; those in the customer's language first, 30 at the most."""
    async with here.service.pool.acquire() as db:
        return Page(items=await answer_templates.offered(db, who.person, number, q), next=None)
