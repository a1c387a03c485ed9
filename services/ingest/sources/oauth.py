"""Access tokens for mailboxes (RFC 6749), and how they are shown to a server (XOAUTH2; RFC 7628)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from pydantic import BaseModel, ValidationError

from services.ingest.sources.mailbox import MailboxUnavailable, SignInRefused
from services.ingest.sources.settings import OAuth

_EARLY = timedelta(seconds=60)
_USUAL_LIFE_SECONDS = 3600
_LONGEST_ANSWER = 256 * 1024


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and the refresh token that takes the place of the one before, if there came one."""

    access_token: str
    expires_at: datetime
    refresh_token: str | None = None

    def good_at(self, now: datetime) -> bool:
        return now < self.expires_at - _EARLY


class _Granted(BaseModel):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


class _No(BaseModel):
    error: str
    error_description: str | None = None


def form_of(oauth: OAuth, refresh_token: str | None) -> dict[str, str]:
    """The request for a token (RFC 6749 §4.4.2 and §6)."""
    form = {"client_id": oauth.client_id}
    if oauth.client_secret is not None:
        form["client_secret"] = oauth.client_secret.get_secret_value()
    if oauth.scope is not None:
        form["scope"] = oauth.scope
    if refresh_token is None:
        return {"grant_type": "client_credentials", **form}
    return {"grant_type": "refresh_token", "refresh_token": refresh_token, **form}


def token_of(answer: bytes, now: datetime) -> Token:
    """Read a successful answer (RFC 6749 §5.1).

    Raises:
        MailboxUnavailable: it is none.
    """
    try:
        granted = _Granted.model_validate_json(answer)
        return Token(
            granted.access_token,
            now + timedelta(seconds=granted.expires_in or _USUAL_LIFE_SECONDS),
            granted.refresh_token or None,
        )
    except (ValidationError, OverflowError) as error:
        raise MailboxUnavailable("the authorization server answered without an access token") from error


def ask_for_token(oauth: OAuth, refresh_token: str | None, now: datetime) -> Token:
    """Blocks for up to half a minute.

    Raises:
        SignInRefused: the authorization server says no (RFC 6749 §5.2): new consent or other credentials are needed.
        MailboxUnavailable: it cannot be asked now.
    """
    request = Request(  # noqa: S310 - the settings allow http and https only
        oauth.token_url,
        data=urlencode(form_of(oauth, refresh_token)).encode(),
        headers={"Accept": "application/json"},
    )
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            return token_of(answer.read(_LONGEST_ANSWER), now)
    except HTTPError as error:
        if error.code in {400, 401, 403}:
            raise SignInRefused(
                f"the authorization server says {_reason(error.read(_LONGEST_ANSWER))}"
            ) from error
        raise MailboxUnavailable(f"the authorization server answered {error.code}") from error
    except (OSError, HTTPException) as error:
        raise MailboxUnavailable(f"the authorization server cannot be reached: {error}") from error


def _reason(body: bytes) -> str:
    try:
        no = _No.model_validate_json(body)
    except ValidationError:
        return "no, without a reason"
    return f"{no.error}: {no.error_description}"[:500] if no.error_description else no.error[:500]


def initial_response(mechanism: str, user: str, access_token: str) -> str:
    """What a SASL client says first: of XOAUTH2 (Google, Microsoft) or OAUTHBEARER (RFC 7628 §3.1)."""
    if mechanism == "OAUTHBEARER":
        name = user.replace("=", "=3D").replace(",", "=2C")
        return f"n,a={name},\x01auth=Bearer {access_token}\x01\x01"
    return f"user={user}\x01auth=Bearer {access_token}\x01\x01"
