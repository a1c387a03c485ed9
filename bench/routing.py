"""Routing decisions with 200 rules, and a dry run of all recorded mail."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx

from bench.table import Figure, percentile
from chassis.requests import ask, send_command
from contracts.commands import OPERATOR, Done, PublishRuleset, StartDryRun
from contracts.ingest import MessageReceived
from contracts.mail import Address, LetterHead, SmtpEnvelope
from contracts.router import Priority
from contracts.rulesets import Rule
from contracts.trials import DryRun, GetDryRun
from services.router.ruleset import Ruleset, Ticketbox, route
from tests.running import BEARER, Postroom

RULES = 200
DECISIONS = 2000
ENOUGH = 100_000
"""That a trial examines in the time that is wanted of it."""
PIECES = (
    "message.lower.subject.contains('order {n}')",
    "message.from.endsWith('@company{n}.example') && size(message.attachments) > 0",
    "message.headers['x-campaign'] == 'spring-{n}'",
    "message.subject.matches('(?i)invoice[ -]?{n}')",
    "message.recipients.exists(one, one == 'box{n}@example.com') || message.lower.text.contains('part {n}')",
)


def rules(number: int) -> tuple[Rule, ...]:
    """Of every sort; none of them holds for the message below, so that all are asked."""
    return tuple(
        Rule(
            name=f"Rule {n}",
            condition=PIECES[n % len(PIECES)].format(n=n),
            priority=Priority.HIGH,
            stop=False,
        )
        for n in range(number)
    )


def message() -> MessageReceived:
    recipients = ("support@example.com",)
    return MessageReceived(
        letter=LetterHead(
            message_id=uuid4(),
            internet_message_id=f"<{uuid4()}@customers.example>",
            subject="Where is my lamp?",
            received_at=datetime.now(UTC),
            from_=Address(name="Kim", address="kim@customers.example"),
            recipients=recipients,
        ),
        sha256="00" * 32,
        size=6000,
        source="smtp",
        envelope=SmtpEnvelope(client_address="192.0.2.1", recipients=recipients),
        text="Hello,\n\nI ordered two lamps a week ago, and they have not come. Where are they?\n" * 30,
        headers=tuple((f"X-Header-{n}", "some value or other " * 3) for n in range(40)),
    )


def decisions() -> list[Figure]:
    """How long one decision takes."""
    box = Ticketbox(uuid4(), "Support", frozenset({"support@example.com"}))
    ruleset = Ruleset(1, rules(RULES), box.ticketbox_id, {box.ticketbox_id: box})
    waits = []
    for received in [message() for _ in range(DECISIONS)]:
        began = time.perf_counter()
        route(received, ruleset)
        waits.append(1000 * (time.perf_counter() - began))
    return [
        Figure(f"routing decision with {RULES} rules, median", percentile(waits, 0.5), "ms", 1, "less"),
        Figure(f"routing decision with {RULES} rules, p99", percentile(waits, 0.99), "ms"),
    ]


async def publish(postroom: Postroom) -> None:
    """Have every letter ask all the rules; none of them holds."""
    box = await _first_ticketbox(postroom)
    async with await postroom.connect() as client:
        outcome = await send_command(
            client,
            PublishRuleset(
                command_id=uuid4(),
                actor_id=OPERATOR,
                rules=rules(RULES),
                default_ticketbox_id=box,
                seen_version=1,
            ),
        )
    if not isinstance(outcome, Done):
        raise RuntimeError(outcome.detail)  # noqa: TRY004 - it is a refusal


async def dry_run(postroom: Postroom) -> list[Figure]:
    """All the rules on all recorded mail."""
    run, seconds = await _dry_run(postroom, rules(RULES))
    return [examined(f"dry run with {RULES} rules, for {ENOUGH:,} messages", run.examined, seconds)]


def examined(what: str, number: int, seconds: float) -> Figure:
    """The time for `ENOUGH`. It begins with some seconds in which processes start, so fewer say little of it."""
    return Figure(what, seconds * ENOUGH / max(number, 1), "s", 30 if number >= ENOUGH else None, "less")


async def _first_ticketbox(postroom: Postroom) -> UUID:
    async with httpx.AsyncClient(base_url=postroom.url, headers=BEARER) as http:
        return UUID((await http.get("/api/v1/ticketboxes")).json()["items"][0]["id"])


async def _dry_run(postroom: Postroom, tried: tuple[Rule, ...]) -> tuple[DryRun, float]:
    box = await _first_ticketbox(postroom)
    async with await postroom.connect() as client:
        command = StartDryRun(
            command_id=uuid4(), actor_id=OPERATOR, rules=tried, default_ticketbox_id=box, days=366
        )
        began = time.perf_counter()
        outcome = await send_command(client, command)
        if not isinstance(outcome, Done):
            raise RuntimeError(outcome.detail)  # noqa: TRY004 - it is a refusal
        while True:
            run = await ask(client, GetDryRun(dry_run_id=command.command_id), DryRun)
            if run.state not in {"waiting", "running"}:
                break
            await asyncio.sleep(0.2)
    if run.state != "done":
        raise RuntimeError(f"the dry run {run.state}: {run.error}")
    return run, time.perf_counter() - began


if __name__ == "__main__":
    for figure in decisions():
        print(figure)
