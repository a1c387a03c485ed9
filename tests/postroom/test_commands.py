"""The command line: help for each command, and sentences instead of tracebacks."""

import subprocess
import sys
from pathlib import Path

import pytest

from contracts.services import SERVICES


def postroom(*arguments: str, **about: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "postroom", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, **about)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    "command", ["up", "migrate", "inspect", "verify", "rebuild", "load", "demo", "token", *SERVICES]
)
def test_every_command_has_help(command: str) -> None:
    asked = postroom(command, "--help")
    assert asked.returncode == 0
    assert "Usage" in asked.stdout


NOWHERE = ("--database-url", "postgresql://postgres@127.0.0.1:1/postroom")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify",), "There is no Postroom in data"),
        (("rebuild", "nothing"), "There are: inbox, facts"),
        (("rebuild", "inbox"), "There is no Postroom in data"),
        (("user", "add", "anna@example.com"), "There is no Postroom in data"),
        (("token", "anna@example.com"), "There is no Postroom in data"),
        (("token", "anna@example.com", "--revoke"), "There is no Postroom in data"),
        (("verify", *NOWHERE), "PostgreSQL cannot be reached"),
        (("token", "anna@example.com", *NOWHERE), "PostgreSQL cannot be reached"),
        (("migrate", *NOWHERE, "--nats-url", "nats://127.0.0.1:1"), "PostgreSQL cannot be reached"),
        (("demo", "--smtp", "127.0.0.1:1"), "make run"),
        (("inspect", "missing.eml"), "missing.eml: No such file"),
        (("ingest",), "POSTROOM_DATABASE_URL"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    failed = postroom(*arguments, cwd=tmp_path)
    assert failed.returncode != 0
    assert words in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_port_that_is_taken_is_named_with_the_setting_that_changes_it(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        from postroom.ports import Wanted
        from postroom.ports import taken as problems

        (sentence,) = problems([Wanted(f"127.0.0.1:{port}", "incoming mail", "POSTROOM_SMTP_LISTEN")])
    assert str(port) in sentence
    assert "POSTROOM_SMTP_LISTEN" in sentence
