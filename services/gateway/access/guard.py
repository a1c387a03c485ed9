"""Who is asking, and whether they may."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from contracts.ids import fresh
from services.gateway.access import accounts
from services.gateway.access.accounts import Person, SignedIn
from services.gateway.access.sight import may_see_message
from services.gateway.gateway import Gateway
from services.gateway.problems import Forbidden, NotFound, NotSignedIn

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"


def gateway_of(request: HTTPConnection) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


def cookie_name(request: HTTPConnection) -> str:
    """With TLS the browser itself guarantees that only this host set the cookie (RFC 6265bis, `__Host-`)."""
    return "__Host-postroom" if request.url.scheme == "https" else "postroom"


def client_address(request: HTTPConnection) -> str:
    return request.client.host if request.client else ""


async def recognised(request: Request) -> SignedIn:
    """Who is asking, by API token or by session; the request keeps it for the page that says what went wrong.

    Raises:
        NotSignedIn: nobody whom we know.
    """
    gateway = gateway_of(request)
    service = gateway.service
    # Before the page reads anything: what happens from here on, its live updates must tell.
    request.state.position = gateway.feed.position
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    async with service.pool.acquire() as db:
        if scheme:
            found = (
                await accounts.by_token(db, token.strip(), service.clock())
                if scheme.lower() == "bearer"
                else None
            )
            if found is None:
                raise NotSignedIn("This token is not known. Make one with: postroom token EMAIL")
        else:
            cookie = request.cookies.get(cookie_name(request))
            found = await accounts.by_session(db, cookie, service.clock()) if cookie else None
    if found is None:
        raise NotSignedIn("Sign in, or send an API token as `Authorization: Bearer TOKEN`.")
    request.state.who = found
    return found


async def signed_in(request: Request) -> SignedIn:
    """Who is asking, and asks it by a program or from a page of ours.

    Raises:
        NotSignedIn: nobody whom we know.
        Forbidden: the request did not come from a page of ours.
    """
    found = await recognised(request)
    if found.csrf_token is not None and request.method not in SAFE:
        refuse_foreign(request)
        sent = request.headers.get(CSRF_HEADER) or str((await request.form()).get("csrf_token", ""))
        if sent != found.csrf_token:
            raise Forbidden("This page is from an earlier session. Reload it, then try again.")
    return found


def refuse_foreign(request: HTTPConnection) -> None:
    """A page of another site must not act in the name of who is signed in here.

    Raises:
        Forbidden.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("This request came from another site.")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
        raise Forbidden("This request came from another site.")


Signed = Annotated[SignedIn, Depends(signed_in)]


def only(may: Callable[[Person], bool], otherwise: str) -> Callable[[SignedIn], Person]:
    """A dependency that lets in who may; all others are told `otherwise`."""

    def let_in(who: Signed) -> Person:
        if not may(who.person):
            raise Forbidden(otherwise)
        return who.person

    return let_in


Writer = Annotated[
    Person, Depends(only(lambda person: person.may_write, "You can read, and change nothing."))
]
"""Someone who may change things."""
Decider = Annotated[
    Person, Depends(only(lambda person: person.may_manage, "Only those who manage a ticketbox can do this."))
]
"""Someone who may decide what becomes of mail that was stopped."""
Exporter = Annotated[
    Person,
    Depends(only(lambda person: person.may_oversee, "Only supervisors and administrators can do this.")),
]
"""Someone who may take away everything that is held of a contact."""
Administrator = Annotated[
    Person, Depends(only(lambda person: person.may_administer, "Only administrators can do this."))
]
"""Someone who may repair the system."""
Here = Annotated[Gateway, Depends(gateway_of)]


async def seen_message(message_id: UUID, here: Here, who: Signed) -> UUID:
    """The message in the path, if the asker may see it.

    Raises:
        NotFound: there is none, or it is out of sight.
    """
    async with here.service.pool.acquire() as db:
        if not await may_see_message(db, who.person.sight, message_id):
            raise NotFound(f"There is no message {message_id}.")
    return message_id


SeenMessage = Annotated[UUID, Depends(seen_message)]


def command_id_of(request: Request, person: Person) -> UUID:
    """The same `Idempotency-Key` of the same person for the same resource is the same command."""
    key = request.headers.get("Idempotency-Key")
    return uuid5(person.person_id, f"{request.method} {request.url.path} {key}") if key else fresh()
