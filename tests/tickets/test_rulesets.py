"""Rulesets: who may draft and publish, and what cannot be put in force."""

from uuid import UUID, uuid4

import pytest

from chassis.commands import Forbidden, Invalid, Refusal
from chassis.database import Connection
from contracts.commands import (
    OPERATOR,
    AnyConfiguringCommand,
    ChangeDesk,
    Done,
    DraftRuleset,
    DropRulesetDraft,
    PublishRuleset,
    SetThing,
)
from contracts.desk import Ticketbox
from contracts.event import Event
from contracts.people import BoxRight, Person, Right, Role
from contracts.rulesets import Rule, RulesetDraftDropped, RulesetDrafted, RulesetPublished
from contracts.stream_ids import RULESET, RULESET_DRAFT
from services.tickets.changes import configure
from services.tickets.desk import Desk
from services.tickets.refusals import ChangedMeanwhile
from services.tickets.rulesets import decide
from tests.events import NOON

SUPPORT = Ticketbox(id=uuid4(), name="Support", addresses=("support@example.com",))
ORDERS = Ticketbox(id=uuid4(), name="Orders", addresses=("orders@example.com",))


def person(role: Role, *rights: BoxRight, active: bool = True) -> Person:
    return Person(
        id=uuid4(), name=role.value, email=f"{uuid4()}@example.com", role=role, rights=rights, active=active
    )


ADMINISTRATOR = person(Role.ADMINISTRATOR)
SUPERVISOR = person(Role.SUPERVISOR)
AGENT = person(Role.AGENT)
ANALYST = person(Role.ANALYST)
MANAGER = person(Role.AGENT, BoxRight(ticketbox_id=ORDERS.id, right=Right.MANAGE))
GONE = person(Role.ADMINISTRATOR, active=False)
PEOPLE = (ADMINISTRATOR, SUPERVISOR, AGENT, ANALYST, MANAGER, GONE)
DESK = Desk({thing.id: thing for thing in (SUPPORT, ORDERS, *PEOPLE)})


def rule(
    name: str = "Invoices", condition: str = "message.subject.contains('invoice')", **of: object
) -> Rule:
    return Rule.model_validate({"name": name, "condition": condition, **of})


def publish(
    *rules: Rule, actor: UUID = ADMINISTRATOR.id, reason: str = "Invoices go to Orders"
) -> list[Event]:
    command = PublishRuleset(
        command_id=uuid4(),
        actor_id=actor,
        rules=rules,
        default_ticketbox_id=SUPPORT.id,
        seen_version=1,
        comment=reason,
    )
    return decide(command, DESK)[RULESET]


def draft(*rules: Rule, actor: UUID = ADMINISTRATOR.id) -> list[Event]:
    command = DraftRuleset(
        command_id=uuid4(), actor_id=actor, rules=rules, default_ticketbox_id=SUPPORT.id, based_on=1
    )
    return decide(command, DESK)[RULESET_DRAFT]


def test_a_published_version_has_author_and_reason() -> None:
    (published,) = publish(rule())
    assert isinstance(published, RulesetPublished)
    assert (published.author_id, published.comment) == (ADMINISTRATOR.id, "Invoices go to Orders")


@pytest.mark.parametrize("actor", [SUPERVISOR, AGENT, ANALYST, MANAGER, GONE])
def test_only_administrators_publish(actor: Person) -> None:
    with pytest.raises(Forbidden):
        publish(rule(), actor=actor.id)


@pytest.mark.parametrize("actor", [ADMINISTRATOR, SUPERVISOR, MANAGER])
def test_whoever_manages_a_ticketbox_may_propose(actor: Person) -> None:
    (drafted,) = draft(rule(), actor=actor.id)
    assert isinstance(drafted, RulesetDrafted)
    command = DropRulesetDraft(command_id=uuid4(), actor_id=actor.id, seen_version=1)
    assert decide(command, DESK) == {RULESET_DRAFT: [RulesetDraftDropped(dropped_by=actor.id)]}


@pytest.mark.parametrize("actor", [AGENT.id, ANALYST.id, GONE.id, uuid4()])
def test_nobody_else_touches_the_draft(actor: UUID) -> None:
    with pytest.raises(Forbidden):
        draft(rule(), actor=actor)
    with pytest.raises(Forbidden):
        decide(DropRulesetDraft(command_id=uuid4(), actor_id=actor, seen_version=1), DESK)


def test_a_draft_may_be_unfinished() -> None:
    assert draft(rule(condition="message.subject =="), rule(ticketbox_id=uuid4()))


def test_a_version_without_a_reason_is_refused_but_for_the_installations_own() -> None:
    with pytest.raises(Invalid, match="why"):
        publish(rule(), reason="  ")
    assert publish(rule(), reason="", actor=OPERATOR)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (rule(condition="message.subject =="), "condition cannot be used"),
        (rule(condition="message.nothing == 1"), "message.nothing"),
        (rule(ticketbox_id=uuid4()), "no such ticketbox"),
        (rule(category_id=uuid4()), "no such category"),
        (rule(assignee_id=uuid4()), "no such owner"),
        (rule(assignee_id=ANALYST.id, ticketbox_id=SUPPORT.id), "may not answer"),
        (rule(alert=(uuid4(),)), "not on the desk"),
        (rule(forward_to=("nobody",)), "not an e-mail address"),
        (rule(forward_to=("Orders@example.com",)), "would come back in"),
        (rule(forward_to=tuple(f"{n}@x.example" for n in range(11))), "10 addresses"),
        (rule(acknowledgement=" "), "acknowledgement is empty"),
        (rule(tags=("",)), "tags"),
    ],
)
def test_a_rule_that_cannot_be_in_force_is_named_with_the_reason(wrong: Rule, why: str) -> None:
    with pytest.raises(Refusal, match=f"“Invoices”: .*{why}"):
        publish(rule(name="Good"), wrong)


@pytest.mark.parametrize("name", ["", " ", "x" * 201])
def test_a_rule_needs_a_name(name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        publish(rule(name))


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(Invalid, match="Two rules are called “Invoices”"):
        publish(rule(), rule())


@pytest.fixture
async def db(db: Connection) -> Connection:
    """The log of a desk with two ticketboxes, an administrator and a manager; there are no rules yet."""
    things = tuple(SetThing(thing=thing) for thing in (SUPPORT, ORDERS, ADMINISTRATOR, MANAGER))
    await done(db, ChangeDesk(command_id=uuid4(), actor_id=OPERATOR, changes=things))
    return db


async def done(db: Connection, command: AnyConfiguringCommand) -> int:
    async with db.transaction():
        outcome = await configure(db, command, NOON)
    assert isinstance(outcome, Done)
    return outcome.version


def drafting(*rules: Rule) -> DraftRuleset:
    return DraftRuleset(
        command_id=uuid4(), actor_id=MANAGER.id, rules=rules, default_ticketbox_id=SUPPORT.id, based_on=0
    )


def publishing(rule: Rule, seen_draft: int) -> PublishRuleset:
    return PublishRuleset(
        command_id=uuid4(),
        actor_id=ADMINISTRATOR.id,
        rules=(rule,),
        default_ticketbox_id=SUPPORT.id,
        seen_version=0,
        seen_draft=seen_draft,
        comment="Invoices go to Orders",
    )


def dropping(seen_version: int) -> DropRulesetDraft:
    return DropRulesetDraft(command_id=uuid4(), actor_id=ADMINISTRATOR.id, seen_version=seen_version)


@pytest.mark.anyio
async def test_a_draft_is_published_as_it_was_reviewed_or_not_at_all(db: Connection) -> None:
    reviewed = await done(db, drafting(rule()))
    changed = await done(db, drafting(rule(condition="true", disposition="suppress")))
    with pytest.raises(ChangedMeanwhile):
        await done(db, publishing(rule(), reviewed))
    assert await done(db, publishing(rule(condition="true", disposition="suppress"), changed)) == 1


@pytest.mark.anyio
async def test_a_draft_is_thrown_away_as_it_was_read_or_not_at_all(db: Connection) -> None:
    read = await done(db, drafting(rule()))
    changed = await done(db, drafting(rule(condition="true")))
    with pytest.raises(ChangedMeanwhile):
        await done(db, dropping(read))
    assert await done(db, dropping(changed)) == changed + 1
