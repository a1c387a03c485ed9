"""The shell of dry runs: rules are asked about recorded mail as a trial."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis import trials
from chassis.commands import Forbidden, Invalid
from chassis.database import Connection
from chassis.service import Service
from chassis.trials import Examination
from contracts.commands import OPERATOR, CancelDryRun, Done, Outcome, Refused, StartDryRun
from contracts.model import Model
from contracts.people import Right
from contracts.rulesets import Rule
from contracts.trials import DryRun, DryRunList, GetDryRun, ListDryRuns
from rules.condition import BadCondition, check
from services.router import contacts, tables
from services.router.dry_run import Recorded, Tally, examine
from services.router.recorded import Mail
from services.router.ruleset import Ruleset
from services.router.settings import RouterSettings


async def start(service: Service[RouterSettings], command: StartDryRun, db: Connection) -> Outcome:
    """Put a dry run in the row of those that wait.

    Raises:
        Refusal: the rules cannot be asked, or the person may not.
    """
    await _permit(db, command.actor_id)
    for rule in command.rules:
        try:
            check(rule.condition)
        except BadCondition as error:
            raise Invalid(
                f"The rule “{rule.name}”: its condition cannot be used: {error}.", rule=rule.name
            ) from error
    question = command.model_dump_json(include={"rules", "default_ticketbox_id", "days"})
    await trials.ask(db, command.command_id, question, command.actor_id, service.clock())
    return Done(position=0, version=0)


async def cancel(service: Service[RouterSettings], command: CancelDryRun, db: Connection) -> Outcome:
    """Let a dry run end; nothing happens if it has ended.

    Raises:
        Refusal: the person may not.
    """
    await _permit(db, command.actor_id)
    await trials.cancel(db, command.dry_run_id, service.clock())
    return Done(position=0, version=0)


async def _permit(db: Connection, actor_id: UUID) -> None:
    actor = await tables.person(db, actor_id)
    if actor_id != OPERATOR and (actor is None or not actor.may_anywhere(Right.MANAGE)):
        raise Forbidden("Only who manages a ticketbox can try rules.")


async def get(service: Service[RouterSettings], query: GetDryRun) -> DryRun | Refused:
    """How far one is, and what it found."""
    async with service.pool.acquire() as db:
        return await trials.told(db, DryRun, query.dry_run_id, query)


async def list_them(service: Service[RouterSettings], _: ListDryRuns) -> DryRunList:
    """The last ones, the newest first, without their rules and what would change."""
    async with service.pool.acquire() as db:
        found = await trials.latest(db, DryRun)
    return DryRunList(items=tuple(one.model_copy(update={"rules": ()}) for one in found))


class Question(Model):
    """What is asked, as a trial keeps it."""

    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    days: int


async def prepare(
    service: Service[RouterSettings], db: Connection, question: str, now: datetime
) -> Examination[Sequence[Recorded], tuple[Ruleset, datetime], Tally]:
    """What a dry run reads and asks.

    Raises:
        LookupError: the default ticketbox is not on the desk any more.
    """
    asked = Question.model_validate_json(question)
    ruleset = await tables.around(db, 0, asked.rules, asked.default_ticketbox_id)
    if ruleset.default_ticketbox_id not in ruleset.ticketboxes:
        raise LookupError("there is no such default ticketbox")
    if ruleset.asks_for_contacts:
        ruleset = replace(ruleset, contacts=await contacts.read(db))
    since = now - timedelta(days=asked.days)
    return Examination(Mail(service.nats, service.pool, since), _examine, (ruleset, since), Tally())


def _examine(batch: Sequence[Recorded], about: tuple[Ruleset, datetime]) -> Tally:
    return examine(batch, *about)
