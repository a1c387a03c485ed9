"""What keeps people and their accounts safe."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from services.gateway.access import credentials
from services.gateway.access.credentials import BY_ACCOUNT, BY_ACCOUNT_AND_ADDRESS, Failures, wait_before
from services.gateway.messages import safe_html
from services.gateway.web import POLICY, STATIC

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<img src="https://tracker.example/open.gif">',
        '<div style="background:url(https://tracker.example/x)">x</div>',
        '<div style="position:fixed;top:0">x</div>',
        "<style>@import url(https://tracker.example/x)</style>",
        '<iframe src="https://elsewhere.example"></iframe>',
        '<form action="https://elsewhere.example"><input name=password></form>',
        '<svg onload="alert(1)"></svg>',
        '<base href="https://elsewhere.example">',
        '<meta http-equiv="refresh" content="0;url=https://elsewhere.example">',
        '<link rel=stylesheet href="https://tracker.example/x.css">',
        '<video poster="https://tracker.example/x.png"></video>',
        '<table background="https://tracker.example/x.png"><tr><td>x</td></tr></table>',
    ],
)
def test_hostile_html_comes_out_harmless(hostile: str) -> None:
    shown = safe_html.page(hostile, {}).partition("<body>")[2]
    for danger in (
        "script",
        "onerror",
        "onload",
        "javascript:",
        "tracker",
        "elsewhere",
        "fixed",
        "<form",
        "<input",
    ):
        assert danger not in shown


def test_files_of_the_letter_itself_are_shown() -> None:
    shown = safe_html.page('<p style="color:red">Hello <img src="cid:logo@x"></p>', {"logo@x": "/files/1"})
    assert '<img src="/files/1">' in shown
    assert "color:red" in shown


def test_a_letter_that_was_stopped_shows_no_image_and_leads_nowhere() -> None:
    letter = (
        '<p>Press <a href="https://evil.example/">here</a></p><img src="cid:logo@x">'
        '<img src="data:image/png;base64,AAAA">'
    )
    shown = safe_html.page(letter, None).partition("<body>")[2]
    assert "evil.example" not in shown
    assert "src=" not in shown
    assert "here" in shown


def test_links_open_elsewhere_and_tell_nothing() -> None:
    shown = safe_html.page('<a href="https://shop.example/">Shop</a>', {})
    assert 'target="_blank"' in shown
    assert "noreferrer" in shown


def test_a_password_is_kept_as_argon2id_and_matches_only_itself() -> None:
    kept = credentials.hash_password("correct horse")
    assert kept.startswith("$argon2id$")
    assert credentials.matches("correct horse", kept)
    assert not credentials.matches("correct mule", kept)
    assert not credentials.matches("correct horse", None)


def wait(number: int, seconds_ago: float = 0) -> timedelta:
    last_at = NOW - timedelta(seconds=seconds_ago) if number else None
    return wait_before([(Failures(number, last_at), BY_ACCOUNT_AND_ADDRESS)], NOW)


def test_a_few_wrong_passwords_cost_nothing_and_each_more_costs_twice_the_time() -> None:
    assert [wait(number).total_seconds() for number in (0, 4, 5, 6, 7, 50)] == [0, 0, 1, 2, 4, 60]


def test_who_has_waited_may_try_again() -> None:
    assert wait(7, seconds_ago=5) == timedelta(0)


def test_nobody_is_locked_out_of_an_account_by_strangers() -> None:
    assert wait_before([(Failures(100_000, NOW), BY_ACCOUNT)], NOW) <= timedelta(seconds=5)


def test_vendored_files_are_what_they_are_said_to_be() -> None:
    rows = [line.split("|") for line in (STATIC / "VENDORED.md").read_text().splitlines() if ".js |" in line]
    assert rows
    for row in rows:
        assert sha256((STATIC / row[1].strip()).read_bytes()).hexdigest() == row[4].strip()


def test_pages_run_only_our_own_scripts_and_styles() -> None:
    assert "unsafe" not in POLICY
    for template in (STATIC.parent / "templates").iterdir():
        html = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|<script(?! src=\"/static/)", html), (
            template.name
        )
