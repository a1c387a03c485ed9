"""Pages on which an administrator has a person's data erased, and sees that it was."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.gateway.access.accounts import SignedIn
from services.gateway.access.guard import Administrator, Here, Signed
from services.gateway.gateway import Gateway
from services.gateway.pages.rendering import page
from services.gateway.privacy import erasures
from services.gateway.privacy.erasures import Wish
from services.gateway.problems import Unprocessable

router = APIRouter()


@router.get("/erasures")
async def every(request: Request, here: Here, who: Signed, _: Administrator) -> Response:
    """All erasures."""
    async with here.service.pool.acquire() as db:
        found = await erasures.every(db)
    return page(request, "erasures.html", who, erasures=found)


@router.get("/erasures/new")
async def new(
    request: Request,
    here: Here,
    who: Signed,
    _: Administrator,
    address: Annotated[list[str] | None, Query(max_length=50)] = None,
) -> Response:
    """What would be erased, and the way to have it erased."""
    return await _form(request, here, who, address or [])


async def _form(
    request: Request, here: Gateway, who: SignedIn, addresses: list[str], reason: str = "", problem: str = ""
) -> Response:
    found = None
    # One field may hold several addresses, as people write them.
    if sought := [one for address in addresses for one in address.replace(",", " ").split()]:
        async with here.service.pool.acquire() as db:
            found = await erasures.preview(db, sought)
    return page(request, "erasure_new.html", who, preview=found, reason=reason, problem=problem)


@router.post("/erasures")
async def post(
    request: Request,
    here: Here,
    who: Signed,
    wish: Wish,
    address: Annotated[list[str], Form()],
    reason: Annotated[str, Form()] = "",
    confirmation: Annotated[str, Form()] = "",
) -> Response:
    """Have it erased, if the person's address was typed again."""
    addresses = erasures.normal(address)
    if confirmation.strip().lower() != addresses[0]:
        problem = f"Nothing was erased. To confirm, type {addresses[0]} into the last field."
        return await _form(request, here, who, addresses, reason, problem)
    if not reason.strip():
        return await _form(request, here, who, addresses, reason, "Nothing was erased. Say why.")
    try:
        asked = await wish.request(addresses, reason)
    except Unprocessable as refused:
        return await _form(request, here, who, addresses, reason, f"Nothing was erased. {refused.detail}")
    return RedirectResponse(f"/erasures/{asked.erasure_id}", 303)


@router.get("/erasures/{erasure_id}")
async def certificate(request: Request, who: Signed, wish: Wish, erasure_id: UUID) -> Response:
    """What was erased, and which service is not done yet."""
    return page(request, "erasure.html", who, erasure=await wish.find(erasure_id))
