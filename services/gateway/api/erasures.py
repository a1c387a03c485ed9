"""The erasure of people's data, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from contracts.model import Text
from services.gateway.access.guard import Administrator, Here
from services.gateway.bodies import Body
from services.gateway.privacy import erasures
from services.gateway.privacy.erasures import ErasurePreview, ErasureView, Wish
from services.gateway.representations.basics import Page

router = APIRouter(prefix="/erasures", tags=["erasures"])


class NewErasure(Body):
    """`reason` stays for good: it must not name the person."""

    addresses: list[Text] = Field(min_length=1, max_length=50)
    reason: Text = Field(min_length=1, max_length=500)


@router.post("", status_code=202)
async def request_erasure(wish: Wish, new: NewErasure) -> ErasureView:
    """Erase a person's data everywhere, for good. It goes on by itself; ask for it again to see how far it is."""
    return await wish.request(new.addresses, new.reason)


@router.get("")
async def list_erasures(here: Here, _: Administrator) -> Page[ErasureView]:
    """All that were asked for, the newest first."""
    async with here.service.pool.acquire() as db:
        return Page(items=await erasures.every(db), next=None)


@router.get("/preview")
async def preview_erasure(
    here: Here, _: Administrator, address: Annotated[list[str], Query(min_length=1, max_length=50)]
) -> ErasurePreview:
    """What an erasure of these addresses would take, counted."""
    async with here.service.pool.acquire() as db:
        return await erasures.preview(db, address)


@router.get("/{erasure_id}")
async def get_erasure(wish: Wish, erasure_id: UUID) -> ErasureView:
    """The certificate: what was erased, when, by whom, and which service is not done yet."""
    return await wish.find(erasure_id)
