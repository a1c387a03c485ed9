"""The examples of the documentation, run as they are written."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from postroom.reference import DOCS
from tests.running import TOKEN, Postroom, letter

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        shutil.which("curl") is None and not os.environ.get("POSTROOM_REQUIRE_CURL"),
        reason="there is no curl on this machine",
    ),
]


def examples() -> list[tuple[str, str]]:
    """Each indented line, and each fenced block, that begins with curl."""
    found = []
    for page in ("api.md", "intake.md", "service-levels.md"):
        text = (DOCS / page).read_text()
        lines = re.findall(r"^ {4}(curl .*)$", text, re.MULTILINE)
        blocks = re.findall(r"^```sh\n(curl .*?)^```$", text, re.MULTILINE | re.DOTALL)
        found += [(page, example) for example in lines + blocks]
    return found


def test_every_example_is_found() -> None:
    assert [page for page, _ in examples()] == [
        *("api.md", "api.md", "api.md", "intake.md", "intake.md"),
        "service-levels.md",
    ]


@pytest.mark.parametrize(("page", "example"), examples(), ids=lambda text: text[:40])
def test_an_example_does_what_it_says(
    page: str, example: str, shared_postroom: Postroom, tmp_path: Path
) -> None:
    (tmp_path / "letter.eml").write_bytes(letter(180).as_bytes())
    ran = subprocess.run(
        ["bash", "-c", example.replace("127.0.0.1:8080", f"127.0.0.1:{shared_postroom.http_port}")],
        env={**os.environ, "TOKEN": TOKEN},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    answer = json.loads(ran.stdout)
    if "ledger" in example:
        assert "accepted" in answer
    elif "bulk-jobs" in example:
        assert "job_id" in answer or "No ticket" in answer["detail"]
    elif "what-ifs" in example:
        assert answer["what_if_id"]
    elif "desk" in example:
        assert answer["version"] >= 1
    else:
        assert answer["custody"].endswith(answer["message_id"])
