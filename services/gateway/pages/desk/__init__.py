"""The pages on which administrators configure the desk."""

from fastapi import APIRouter

from services.gateway.pages.desk import automation, routes

router = APIRouter()
for part in (automation, routes):
    router.include_router(part.router)
