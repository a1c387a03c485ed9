"""The first configuration of a new installation: one ticketbox, and a rule against programs that fill in forms."""

from datetime import UTC, datetime
from uuid import uuid5

from chassis import log
from chassis.database import as_owner
from contracts.commands import OPERATOR, AnyConfiguringCommand, CreateTicketbox, PublishRuleset
from contracts.router import Disposition
from contracts.rulesets import Rule
from services.tickets.changes import configure

SUPPORT = uuid5(OPERATOR, "ticketbox support")
FIRST_RESPONSE_SECONDS = 4 * 3600

FIRST_COMMANDS: tuple[AnyConfiguringCommand, ...] = (
    CreateTicketbox(
        command_id=uuid5(OPERATOR, "create support"),
        actor_id=OPERATOR,
        ticketbox_id=SUPPORT,
        name="Support",
        addresses=("support@example.com",),
        first_response_seconds=FIRST_RESPONSE_SECONDS,
    ),
    PublishRuleset(
        command_id=uuid5(OPERATOR, "publish first ruleset"),
        actor_id=OPERATOR,
        rules=(
            Rule(
                name="Filled in by a program",
                condition="message.source.startsWith('form:') && 'x-postroom-form' in message.headers "
                "&& message.headers['x-postroom-form'] == 'honeypot'",
                disposition=Disposition.QUARANTINE,
                reason="honeypot",
            ),
        ),
        default_ticketbox_id=SUPPORT,
        seen_version=0,
        comment="Made with the installation",
    ),
)


async def furnish(database_url: str) -> None:
    """Append the first configuration, once: each command is known by its id."""
    async with as_owner(database_url, "tickets") as db:
        done = await log.answered(db, [command.command_id for command in FIRST_COMMANDS])
        for command in FIRST_COMMANDS:
            if command.command_id not in done:
                async with db.transaction():
                    await configure(db, command, datetime.now(UTC))
