"""The page Status shows the books of sources, and what waits for the virus scanner."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

from services.gateway.pages.rendering import _ENVIRONMENT
from services.gateway.representations.system import ParkedItem, SourceItem, Status, VirusScannerItem


def rendered(
    *sources: SourceItem, scanner: VirusScannerItem | None = None, parked: tuple[ParkedItem, ...] = ()
) -> str:
    now = Status(
        ledger=None,
        sources=list(sources),
        scanner=scanner,
        consumers=[],
        parked=[*parked],
        outgoing=None,
        silent=[],
    )
    return _ENVIRONMENT.get_template("_status.html").render(
        status=now, me=SimpleNamespace(may_administer=True)
    )


def source(**changes: object) -> SourceItem:
    facts = {
        "name": "support",
        "kind": "imap",
        "address": "support@example.com",
        "state": "watching",
        "held": 50_000,
        "seen": 12,
        "taken": 7,
        "duplicate": 5,
        "refused": 0,
        "vanished": 0,
        "passed": 0,
        "last_success_at": datetime(2026, 3, 2, 13, tzinfo=UTC),
        "last_error": None,
        "last_error_at": None,
        "balanced": True,
    }
    return SourceItem.model_validate({**facts, **changes})


def test_a_source_at_work_is_shown_with_its_figures() -> None:
    html = rendered(source())
    assert "support <small>imap, for support@example.com</small>" in html
    assert '<span class="mark good">watching</span>' in html
    assert "50,000" in html
    assert "not balanced" not in html


def test_a_source_in_trouble_says_what_its_server_said_as_text() -> None:
    html = rendered(
        source(state="sign_in_refused", last_error="<b>no</b>", last_success_at=None, balanced=False)
    )
    assert '<span class="mark bad">sign in refused</span> <small>&lt;b&gt;no&lt;/b&gt;</small>' in html
    assert "never" in html
    assert "not balanced" in html


def test_without_sources_there_is_no_table_of_them() -> None:
    assert "Sources" not in rendered()


def scanner(**changes: object) -> VirusScannerItem:
    facts = {"address": "unix:/run/clamd", "held": 0, "held_since": None, "reason": None}
    return VirusScannerItem.model_validate({**facts, **changes})


def test_messages_that_wait_for_the_virus_scanner_are_shown_with_the_reason() -> None:
    at = datetime(2026, 3, 2, 13, 5, tzinfo=UTC)
    html = rendered(scanner=scanner(held=1200, held_since=at, reason="It is <away>."))
    assert "1,200 messages wait for the virus scanner since" in html
    assert "13:05 UTC" in html
    assert "It is &lt;away&gt;." in html
    assert "1 message waits for" in rendered(scanner=scanner(held=1, held_since=at, reason="Away."))


def test_it_says_where_mail_is_scanned_if_it_is() -> None:
    assert "Mail is scanned for viruses by clamd at unix:/run/clamd." in rendered(scanner=scanner())
    assert "virus" not in rendered(scanner=scanner(address=None))


def parked(consumer: str, projection: str | None) -> ParkedItem:
    return ParkedItem(
        service=consumer.partition("-")[0],
        parked_id=uuid4(),
        consumer=consumer,
        projection=projection,
        event="MessageRouted",
        stream_id="message-1",
        error="ValueError: <no>",
        attempts=1,
        parked_at=datetime(2026, 3, 2, 13, tzinfo=UTC),
    )


def test_what_is_parked_can_be_replayed_there() -> None:
    html = rendered(parked=(parked("tickets-routed-router", None),))
    assert ">Replay</button>" in html
    assert "postroom rebuild" not in html
    assert "ValueError: &lt;no&gt;" in html


def test_what_a_projection_has_gone_on_without_is_not_replayed_but_rebuilt() -> None:
    html = rendered(parked=(parked("gateway-inbox-router", "inbox"),))
    assert "run <code>postroom rebuild inbox</code>" in html
    assert "Replay</button>" not in html
