"""The web application: routes, errors, and the headers that every answer carries."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from opentelemetry.trace import SpanKind
from prometheus_client import Histogram
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import telemetry
from chassis.database import TRANSIENT
from services.gateway import api, pages
from services.gateway.access.guard import recognised
from services.gateway.gateway import Gateway
from services.gateway.pages.rendering import is_partial, problem_page
from services.gateway.problems import (
    BadRequest,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    TooManyTries,
    Unavailable,
    Unprocessable,
)

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_UNKNOWN_FIELD = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
"""As pydantic calls it, of a model and of a dataclass."""
HTTP_SECONDS = Histogram(
    "postroom_http_request_seconds",
    "From a request to the beginning of its answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


def application(gateway: Gateway) -> ASGIApp:
    """Pages and API."""
    app = FastAPI(
        title="Postroom",
        version="1",
        summary="Tickets, messages, reports and the state of the system.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.gateway = gateway
    app.include_router(api.router)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)
    return Traced(SafeHeaders(app))


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/")


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - it is registered for nothing else
    return _answer(request, error)


def _answer(request: Request, problem: Problem, more: Mapping[str, str] | None = None) -> Response:
    headers = {**(more or {})}
    if isinstance(problem, TooManyTries):
        headers["Retry-After"] = str(problem.seconds)
    if _wants_json(request):
        if isinstance(problem, NotSignedIn):
            headers["WWW-Authenticate"] = "Bearer"
        return Response(orjson.dumps(problem.document()), problem.status, headers, "application/problem+json")
    if isinstance(problem, NotSignedIn):
        sign_in = f"/sign-in?{urlencode({'to': _page_of(request)})}"
        if is_partial(request):
            return Response(headers={"HX-Redirect": sign_in})
        return RedirectResponse(sign_in, 303)
    return problem_page(request, problem, headers)


def _page_of(request: Request) -> str:
    """The page that is asked for; of what a page asks for or sends, that page itself."""
    if is_partial(request):
        shown = request.headers.get("HX-Current-URL", "")
    elif request.method == "GET":
        shown = str(request.url)
    else:
        shown = request.headers.get("Referer", "")
    # `urlsplit` raises ValueError for some that are none, and a header may say anything.
    return "/" + shown.partition("://")[2].partition("/")[2].partition("#")[0]


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for nothing else
    wrong = "; ".join(
        f"{_place(one['loc'], error.body)}: "
        f"{'there is no such field' if one['type'] in _UNKNOWN_FIELD else one['msg']}"
        for one in error.errors()
    )
    return _answer(request, Unprocessable(f"This cannot be understood: {wrong}."))


def _place(where: Sequence[str | int], said: object) -> str:
    """Where in a request something is wrong; one of a list is told by its name too, if it has one."""
    steps = []
    for step in where[1:]:
        match said, step:
            case dict(), str():
                said = said.get(step)
            case list(), int() if step < len(said):
                said = said[step]
            case _:
                said = None
        name = said.get("name") if isinstance(step, int) and isinstance(said, dict) else None
        steps.append(f"{step} (“{name}”)" if isinstance(name, str) else str(step))
    return ".".join(steps) or str(where[0])


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for nothing else
    if not _wants_json(request):
        with suppress(NotSignedIn, *TRANSIENT):  # then the page is a plain one
            await recognised(request)
    return _answer(request, _told(request, error), error.headers)


def _told(request: Request, error: HTTPException) -> Problem:
    """What was found wrong with a request before it came to a function of ours."""
    match error.status_code:
        case 404:
            return NotFound("There is nothing at this address.")
        case 405:
            return NotAllowed(f"{request.method} is not possible at this address.")
        case _:
            return BadRequest(f"This cannot be read: {error.detail}")


async def _unexpected(request: Request, error: Exception) -> Response:
    # It is raised again behind this answer, and logged by the server.
    problem = (
        Unavailable("The database is away for a moment. Try again.")
        if isinstance(error, TRANSIENT)
        else Problem("Something went wrong here. It has been logged; try again in a moment.")
    )
    try:
        return _answer(request, problem)
    except Exception:  # noqa: BLE001 - what fails may be the frame of all pages: a plain one has it not
        request.state.who = None
        return _answer(request, problem)


class SafeHeaders:
    """Headers that narrow what a browser does with an answer; a route may set stricter ones itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
                headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
                static = scope["path"].startswith("/static/")
                headers.setdefault("Cache-Control", "public, max-age=3600" if static else "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


class Traced:
    """A span and a measurement for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parent = next(
            (value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None
        )
        began, method = time.perf_counter(), scope["method"]
        with telemetry.span(method, SpanKind.SERVER, parent=parent) as span:

            async def send_observed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route = getattr(scope.get("route"), "path", "other")
                    status = str(message["status"])
                    HTTP_SECONDS.labels(method, route, status).observe(time.perf_counter() - began)
                    span.set("http.request.method", method)
                    span.set("http.route", route)
                    span.set("http.response.status_code", message["status"])
                await send(message)

            await self._app(scope, receive, send_observed)
