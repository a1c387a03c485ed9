"""Coming in and going out."""

import asyncio
import math
import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from chassis.logging import get_logger
from contracts.mail import LONGEST_ADDRESS
from contracts.people import Presence
from services.gateway.access import accounts, credentials
from services.gateway.access.guard import (
    Here,
    Signed,
    Writer,
    client_address,
    command_id_of,
    cookie_name,
    refuse_foreign,
)
from services.gateway.desk import presence as presences
from services.gateway.desk.presence import Saying
from services.gateway.gateway import Gateway
from services.gateway.pages import entered
from services.gateway.pages.rendering import page
from services.gateway.problems import Problem, TooManyTries

router = APIRouter()
logger = get_logger(__name__)


@router.get("/sign-in")
async def sign_in_page(request: Request, to: str = "") -> Response:
    return page(request, "sign_in.html", None, email="", wrong=None, to=to)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    here: Here,
    email: Annotated[str, Form(max_length=LONGEST_ADDRESS)],
    password: Annotated[str, Form()],
    to: Annotated[str, Form()] = "",
) -> Response:
    """Begin a session, if the password is right, and go on to the page that was asked for."""
    refuse_foreign(request)
    email = email.strip().lower()
    token = None
    try:
        token = await _try(
            here, email, password, client_address(request), request.headers.get("User-Agent", "")
        )
        wrong = "This e-mail address and password do not belong together."
    except TooManyTries as problem:
        wrong = problem.detail
    if token is None:
        return page(request, "sign_in.html", None, 422, email=email, wrong=wrong, to=to)
    response = RedirectResponse(_local(to), 303)
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=int(accounts.LONGEST.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


def _local(to: str) -> str:
    """A page of ours; what leads anywhere else leads to the tickets."""
    # A browser takes "//" and "/\" for the beginning of another site, and looks past blanks and controls.
    return to if re.fullmatch(r"/(?!/)[^\\\s\x00-\x1f]*", to) else "/tickets"


async def _try(here: Gateway, email: str, password: str, address: str, user_agent: str) -> str | None:
    """The token of a new session; None if the password is wrong.

    Raises:
        TooManyTries.
    """
    now = here.service.clock()
    async with here.service.pool.acquire() as db:
        wait = credentials.wait_before(await accounts.failures(db, email, address, now), now)
        known = await accounts.credential(db, email)
    if wait:
        raise TooManyTries(math.ceil(wait.total_seconds()))
    right = await asyncio.to_thread(credentials.matches, password, known[1] if known else None)
    async with here.service.pool.acquire() as db, db.transaction():
        if not right or known is None:
            await accounts.keep_failure(db, email, address, now)
            return None
        await accounts.forget_failures(db, email, address)
        token = await accounts.begin_session(db, known[0], address, user_agent, now)
        signed_in = await accounts.by_session(db, token, now)
    if signed_in:
        await presences.come(here, signed_in.person)
    return token


@router.post("/sign-out")
async def sign_out(request: Request, here: Here, who: Signed) -> Response:
    """End the session; with the last one, tickets go to others."""
    token = request.cookies.get(cookie_name(request), "")
    async with here.service.pool.acquire() as db:
        await accounts.end_session(db, token)
    try:
        await presences.see_off(here, only=who.person.person_id)
    except Problem as problem:  # the next look does it
        logger.warning("signed out and still available", error=problem.detail)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(
        cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return response


@router.post("/presence")
async def presence(
    request: Request,
    here: Here,
    person: Writer,
    presence: Annotated[Presence, Form()],
    until: Annotated[str, Form()] = "",
) -> Response:
    """Say whether you take tickets now, and for how long."""
    saying = Saying(person.person_id, presence, entered.moment(until))
    await presences.set_presence(here, person.person_id, command_id_of(request, person), saying)
    return Response(headers={"HX-Refresh": "true"})
