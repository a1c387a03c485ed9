"""`postroom desk`, on real databases: from one installation to another, and what the documentation shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from contracts.people import Role
from contracts.rulesets import Rule, RulesetPublished
from postroom.desk.shapes import REFERENCES, RULE_REFERENCES, SECTIONS
from postroom.installation import furnish
from postroom.migrate import migrate_database
from postroom.people import CannotAdd, add_person, change_password, first_administrator, make_token
from postroom.reference import DOCS

pytestmark = pytest.mark.anyio
PAGE = (DOCS / "desk.md").read_text()
(EXAMPLE,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


async def install(url: str) -> str:
    await migrate_database(url)
    await furnish(url)
    await first_administrator(url, {})
    return url


@pytest.fixture
async def installation(database_url: str) -> str:
    return await install(database_url)


def desk(url: str, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "postroom", "desk", *arguments]
    environment = {**os.environ, "POSTROOM_DATABASE_URL": url}
    return subprocess.run(command, env=environment, input=said, capture_output=True, text=True, check=False)


async def count_events(url: str) -> int:
    db = await asyncpg.connect(url)
    number: int = await db.fetchval("SELECT count(*) FROM tickets.event")
    await db.close()
    return number


async def test_the_example_of_the_documentation_is_imported_and_exported_as_it_is(
    installation: str, tmp_path: Path
) -> None:
    example = tmp_path / "desk.yaml"
    example.write_text(EXAMPLE)
    before = await count_events(installation)
    shown = desk(installation, "import", str(example), "--dry-run")
    assert "+ ticketbox Orders" in shown.stdout
    unasked = desk(installation, "import", str(example))
    assert unasked.returncode == 1
    assert "Nothing was applied." in unasked.stderr
    assert await count_events(installation) == before

    applied = desk(installation, "import", "-", "--yes", said=EXAMPLE)
    assert applied.returncode == 0, applied.stderr
    assert "anna@example.com has no password yet: postroom user password anna@example.com" in applied.stdout
    assert "Nothing would change" in desk(installation, "import", str(example), "--yes").stdout


async def test_a_desk_moves_to_a_fresh_installation(
    installation: str, postgres_server: object, tmp_path: Path
) -> None:
    assert desk(installation, "import", "-", "--yes", said=EXAMPLE).returncode == 0
    file = tmp_path / "desk.yaml"
    assert desk(installation, "export", str(file)).returncode == 0
    db = await asyncpg.connect(installation)
    await db.execute("CREATE DATABASE another_installation")
    another = re.sub(r"/[^/]*$", "/another_installation", installation)
    try:
        await install(another)
        moved = desk(another, "import", str(file), "--yes", "--prune")
        assert moved.returncode == 0, moved.stderr
        assert desk(another, "export").stdout == file.read_text()
    finally:
        await db.execute("DROP DATABASE another_installation WITH (FORCE)")
        await db.close()


async def test_the_rules_of_a_file_keep_the_reason_that_was_said(installation: str) -> None:
    assert desk(installation, "import", "-", "--yes", said=EXAMPLE).returncode == 0
    other = EXAMPLE.partition("  rules:\n")[0] + "  rules: []\n"
    changed = desk(installation, "import", "-", "--yes", "--reason", "Orders are busy", said=other)
    assert changed.returncode == 0, changed.stderr
    db = await asyncpg.connect(installation)
    reasons = await db.fetch(
        "SELECT data ->> 'comment' AS said FROM tickets.event WHERE type = $1 ORDER BY version",
        RulesetPublished.type_name(),
    )
    await db.close()
    assert [row["said"] for row in reasons][-2:] == ["From a file of the desk", "Orders are busy"]


async def test_a_desk_that_would_not_hold_together_is_refused_whole(installation: str) -> None:
    before = await count_events(installation)
    text = "ticketboxes:\n  A: {addresses: [a@example.com]}\n  B: {addresses: [A@example.com]}\n"
    refused = desk(installation, "import", "-", "--yes", said=text)
    assert refused.returncode == 1
    assert "Nothing was applied:" in refused.stderr
    assert await count_events(installation) == before
    alone = desk(installation, "import", "-", "--yes", "--prune", said="people: {}\n")
    assert "At least one active person must be an administrator" in alone.stderr
    wrong = desk(installation, "import", "-", said="teams:\n  A: {member: []}\n")
    assert wrong.stderr == "-: line 2: teams > A > member: there is no such field\n"
    assert "cannot be read" in desk(installation, "import", "nothing.yaml").stderr


BOX = "ticketboxes:\n  A: {addresses: [a@example.com]}\n"
TWICE = """ruleset:
  default: A
  rules:
    - {name: One, condition: "true"}
    - {name: One, condition: "false"}
"""


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (f"{BOX}  B: {{addresses: [a@example.com]}}\n", "The address a@example.com belongs to"),
        ("calendars:\n  C: {time_zone: Europe/Berlln}\n", "Europe/Berlln"),
        ("ticketboxes:\n  A: {addresses: [a@example.com], required_fields: [color]}\n", "color"),
        (BOX + TWICE, "“One”"),
    ],
)
async def test_what_would_be_refused_is_refused_by_a_dry_run_and_before_it_is_asked(
    installation: str, file: str, said: str
) -> None:
    applied = desk(installation, "import", "-", "--yes", said=file)
    assert (applied.returncode, said in applied.stderr) == (1, True), applied.stderr
    for how in (["--dry-run"], []):
        refused = desk(installation, "import", "-", *how, said=file)
        assert (refused.returncode, refused.stderr) == (1, applied.stderr)


async def test_people_of_a_file_get_passwords_and_tokens(installation: str) -> None:
    assert desk(installation, "import", "-", "--yes", said=EXAMPLE).returncode == 0
    db = await asyncpg.connect(installation)
    account = await change_password(db, "Anna@example.com", None)
    assert account.email == "anna@example.com"
    assert len(account.password) >= 12
    assert await make_token(db, "anna@example.com")
    with pytest.raises(CannotAdd, match="Nobody has the address"):
        await change_password(db, "nobody@example.com", None)
    with pytest.raises(CannotAdd, match="belongs to"):
        await add_person(db, "anna@example.com", "", Role.AGENT, None)
    await db.close()


def test_the_documentation_names_every_field() -> None:
    for section, kind in SECTIONS.items():
        part = PAGE.split(f"\n### {section}\n")[1].split("\n### ")[0]
        shown = {one.field: one.shown for one in REFERENCES.get(kind, ())}
        fields = set(kind.model_fields) - {"id", "kind", "name", "email", "key"}
        for field in fields:
            assert f"`{shown.get(field, field)}`" in part, (section, field)
    part = PAGE.split("\n### ruleset\n")[1]
    shown = {one.field: one.shown for one in RULE_REFERENCES}
    for field in Rule.model_fields:
        assert f"`{shown.get(field, field)}`" in part, field
