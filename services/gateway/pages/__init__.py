"""The pages that people work in."""

from fastapi import APIRouter, Depends

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
from services.gateway.storable import refuse_unstorable

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
    what_ifs,
):
    router.include_router(part.router, dependencies=[Depends(refuse_unstorable)])
# What strangers type is tidied, and is read only if it is small enough.
router.include_router(forms.router)
