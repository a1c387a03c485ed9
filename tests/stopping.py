"""A Postroom whose rules and tickets stop some mail, and which gives up retries at once."""

from pathlib import Path
from uuid import uuid4

import asyncpg

from contracts.commands import OPERATOR, Done, PublishRuleset
from contracts.router import Disposition
from contracts.rulesets import Rule
from postroom.installation import SUPPORT
from tests.running import Postroom

QUARANTINED, SUPPRESSED = "a million", "a newsletter"
UNROUTABLE, UNDELIVERABLE = "a broken rule", "a broken ticket"
"""What a subject has in it to be stopped."""

_RULES = (
    Rule(
        name="Money that nobody expects",
        condition=f"message.subject.contains('{QUARANTINED}')",
        disposition=Disposition.QUARANTINE,
        reason="suspicious",
    ),
    Rule(
        name="Newsletters",
        condition=f"message.subject.contains('{SUPPRESSED}')",
        disposition=Disposition.SUPPRESS,
        reason="newsletter",
    ),
)

# Imported by every process of this Postroom before anything else: what fails is parked after one more try.
_PATIENCE = """
from chassis import consume

consume.RETRY_SECONDS = (0.2,)
"""

# A condition without an answer holds up nothing, so something else must be broken.
_REFUSE_ROUTING = f"""
CREATE FUNCTION router.refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this letter is too much for the rules';
END $$;

CREATE TRIGGER refuse
BEFORE INSERT ON router.event
FOR EACH ROW WHEN (
    NEW.type = 'MessageRouted'
    AND NEW.data ->> 'released_by' IS NULL
    AND NEW.data -> 'letter' ->> 'subject' LIKE '%{UNROUTABLE}%'
)
EXECUTE FUNCTION router.refuse();
"""

_REFUSE = f"""
CREATE FUNCTION tickets.refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this letter is too much for a ticket';
END $$;

CREATE TRIGGER refuse
BEFORE INSERT ON tickets.event
FOR EACH ROW WHEN (NEW.type = 'TicketOpened' AND NEW.data ->> 'subject' LIKE '%{UNDELIVERABLE}%')
EXECUTE FUNCTION tickets.refuse();
"""


def start(folder: Path) -> Postroom:
    """Start it; `prepare` does the rest."""
    (folder / "sitecustomize.py").write_text(_PATIENCE)
    here = Path(__file__).parent.parent
    postroom = Postroom(folder / "data", PYTHONPATH=f"{folder}:{here}")
    postroom.start()
    return postroom


async def prepare(postroom: Postroom) -> None:
    """Let rules and tickets stop mail."""
    await publish(postroom, *_RULES)
    await break_tickets(postroom)
    await break_rules(postroom)


async def publish(postroom: Postroom, *rules: Rule) -> None:
    db = await asyncpg.connect(postroom.database_url)
    seen = await db.fetchval("SELECT max(version) FROM tickets.event WHERE stream_id = 'ruleset'")
    done = await postroom.command(
        PublishRuleset(
            command_id=uuid4(),
            actor_id=OPERATOR,
            rules=rules,
            default_ticketbox_id=SUPPORT,
            seen_version=seen,
        )
    )
    assert isinstance(done, Done)
    version = 0
    while version <= seen:
        version = await db.fetchval("SELECT version FROM router.ruleset")
    await db.close()


async def break_rules(postroom: Postroom) -> None:
    await _execute(postroom, _REFUSE_ROUTING)


async def mend_rules(postroom: Postroom) -> None:
    await _execute(postroom, "DROP TRIGGER refuse ON router.event; DROP FUNCTION router.refuse()")


async def break_tickets(postroom: Postroom) -> None:
    await _execute(postroom, _REFUSE)


async def mend_tickets(postroom: Postroom) -> None:
    await _execute(postroom, "DROP TRIGGER refuse ON tickets.event; DROP FUNCTION tickets.refuse()")


async def _execute(postroom: Postroom, sql: str) -> None:
    db = await asyncpg.connect(postroom.database_url)
    await db.execute(sql)
    await db.close()
