"""The pages on which administrators configure the desk."""

from fastapi import APIRouter

from services.gateway.pages.desk import automation, people, routes

router = APIRouter()
for part in (automation, people, routes):
    router.include_router(part.router)
