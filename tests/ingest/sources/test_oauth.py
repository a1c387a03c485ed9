"""Signing in with access tokens, against an authorization server of the test and a real mail server."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from services.ingest.sources.mailbox import MailboxUnavailable, SignInRefused
from services.ingest.sources.oauth import ask_for_token, initial_response, token_of
from services.ingest.sources.settings import OAuth
from tests.ingest.sources.conftest import Tend, needs_dovecot
from tests.ingest.sources.dovecot import Dovecot
from tests.ingest.sources.letters import mail, source

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Authority:
    """Gives tokens for a refresh token, a new one each time, and tells a mail server whose they are."""

    def __init__(self) -> None:
        self.refresh_token = "first"
        self.asked: list[dict[str, str]] = []
        self.users: dict[str, str] = {}
        self.user = ""
        self.status = 200
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                status, answer = authority.check(form) if self.path == "/check" else authority.grant(form)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def grant(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.asked.append(form)
        if self.status != 200:
            return self.status, {}
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh_token:
            return 400, {"error": "invalid_grant", "error_description": "the consent was withdrawn"}
        self.refresh_token = f"refresh-{len(self.asked)}"
        token = f"access-{len(self.asked)}"
        self.users[token] = self.user
        return 200, {"access_token": token, "expires_in": 3600, "refresh_token": self.refresh_token}

    def check(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        user = self.users.get(form.get("token", ""))
        return 200, {"active": user is not None, "username": user}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()
    yield made
    made.close()


@pytest.fixture
def token_server(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    running = Dovecot(tmp_path_factory.mktemp("oauth"), token_check=f"{authority.url}/check")
    yield running
    running.stop()


def oauth(authority: Authority, mechanism: str = "XOAUTH2") -> str:
    return f"""
[support.oauth]
token_url = "{authority.url}/token"
client_id = "postroom"
refresh_token = "first"
scope = "mail"
mechanism = "{mechanism}"
"""


@needs_dovecot
@pytest.mark.anyio
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("kind", ["imap", "pop3"])
async def test_a_source_signs_in_with_a_token_and_keeps_the_refresh_token_that_replaces_the_first(
    token_server: Dovecot, authority: Authority, user: str, tend: Tend, mechanism: str, kind: str
) -> None:
    authority.user = user
    token_server.deliver(mail(1), user=user)
    port = token_server.imap_port if kind == "imap" else token_server.pop3_port
    description = source(kind, port, user, oauth(authority, mechanism))
    async with tend(description) as books:
        await books.until(taken=1)
    token_server.deliver(mail(2), user=user)
    async with tend(description) as books:
        await books.until(taken=2)
    assert [form["refresh_token"] for form in authority.asked] == ["first", "refresh-1"]
    assert authority.asked[0] == {
        "grant_type": "refresh_token",
        "refresh_token": "first",
        "client_id": "postroom",
        "scope": "mail",
    }


@needs_dovecot
@pytest.mark.anyio
async def test_a_withdrawn_consent_and_a_token_that_the_server_does_not_take_are_said(
    token_server: Dovecot, authority: Authority, user: str, tend: Tend
) -> None:
    authority.user = user
    authority.refresh_token = "another"
    description = source("imap", token_server.imap_port, user, oauth(authority))
    async with tend(description) as books:
        said = await books.until(state="sign_in_refused")
        assert "invalid_grant: the consent was withdrawn" in (said.last_error or "")
    authority.refresh_token = "first"
    authority.user = "someone-else"
    async with tend(description) as books:
        await books.until(state="connecting")
        await books.until(state="sign_in_refused")


def test_client_credentials_are_asked_for_without_a_refresh_token(authority: Authority) -> None:
    described = OAuth.model_validate(
        {"token_url": f"{authority.url}/token", "client_id": "postroom", "client_secret": "s"}
    )
    token = ask_for_token(described, None, NOW)
    assert authority.asked == [
        {"grant_type": "client_credentials", "client_id": "postroom", "client_secret": "s"}
    ]
    assert token.good_at(NOW + timedelta(minutes=58))
    assert not token.good_at(NOW + timedelta(minutes=59, seconds=30))


def test_an_authorization_server_in_trouble_is_asked_again_and_one_that_says_no_is_not(
    authority: Authority,
) -> None:
    described = OAuth.model_validate(
        {"token_url": f"{authority.url}/token", "client_id": "postroom", "client_secret": "s"}
    )
    authority.status = 503
    with pytest.raises(MailboxUnavailable, match="503"):
        ask_for_token(described, None, NOW)
    authority.status = 401
    with pytest.raises(SignInRefused, match="without a reason"):
        ask_for_token(described, None, NOW)
    authority.close()
    with pytest.raises(MailboxUnavailable, match="cannot be reached"):
        ask_for_token(described, None, NOW)


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b'{"token_type": "Bearer"}', b'{"access_token": 7}', b"<html>"]
)
def test_an_answer_without_a_token_is_trouble(answer: bytes) -> None:
    with pytest.raises(MailboxUnavailable):
        token_of(answer, NOW)


def test_the_first_words_of_both_mechanisms() -> None:
    assert initial_response("XOAUTH2", "a@b.example", "T") == "user=a@b.example\x01auth=Bearer T\x01\x01"
    assert initial_response("OAUTHBEARER", "a,b=c", "T") == "n,a=a=2Cb=3Dc,\x01auth=Bearer T\x01\x01"
