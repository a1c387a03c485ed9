"""Rulesets: what may be drafted, and what may be put in force."""

from collections import Counter
from typing import assert_never
from uuid import UUID

from chassis.commands import Forbidden, Invalid
from contracts.commands import OPERATOR, AnyRulesetCommand, DraftRuleset, DropRulesetDraft, PublishRuleset
from contracts.desk import Category, Team, Ticketbox
from contracts.event import Event
from contracts.people import Person, Right
from contracts.rulesets import Rule, RulesetDraftDropped, RulesetDrafted, RulesetPublished
from contracts.stream_ids import RULESET, RULESET_DRAFT
from rules.condition import BadCondition, check
from services.tickets.desk import Desk, is_address, may_manage, only_administrators

MOST_RULES = 1000
MOST_TAGS = 20
LONGEST_NAME = 200
MOST_NOTICES = 10
"""Addresses that get a copy by one rule, and people and teams who are alerted."""


def decide(command: AnyRulesetCommand, desk: Desk) -> dict[str, list[Event]]:
    """What happens to the rules, by stream.

    Raises:
        Refusal: nothing happens, and why.
    """
    match command:
        case PublishRuleset():
            only_administrators(desk, command.actor_id)
            return {RULESET: [publish(command, desk)]}
        case DraftRuleset():
            may_propose(command.actor_id, desk)
            return {RULESET_DRAFT: [draft(command)]}
        case DropRulesetDraft():
            may_propose(command.actor_id, desk)
            return {RULESET_DRAFT: [RulesetDraftDropped(dropped_by=command.actor_id)]}
        case _:
            assert_never(command)


def draft(command: DraftRuleset) -> RulesetDrafted:
    """Keep rules that are not in force; they may be unfinished, and are looked at when they are published.

    Raises:
        Invalid: there are too many.
    """
    _check_number(command.rules)
    return RulesetDrafted(
        rules=command.rules,
        default_ticketbox_id=command.default_ticketbox_id,
        based_on=command.based_on,
        author_id=command.actor_id,
        comment=command.comment,
    )


def publish(command: PublishRuleset, desk: Desk) -> RulesetPublished:
    """Put rules in force.

    Raises:
        Invalid: a rule cannot be; it is named.
    """
    if command.actor_id != OPERATOR and not command.comment.strip():
        raise Invalid("Say why: the reason is kept with the version.")
    _check_number(command.rules)
    if desk.get(Ticketbox, command.default_ticketbox_id) is None:
        raise Invalid("The ruleset needs a default ticketbox that exists.")
    if not all(0 < len(rule.name.strip()) <= LONGEST_NAME for rule in command.rules):
        raise Invalid(f"Each rule needs a name of 1 to {LONGEST_NAME} characters.")
    names = Counter(rule.name for rule in command.rules)
    if twice := [name for name, number in names.items() if number > 1]:
        raise Invalid(f"Two rules are called “{twice[0]}”; the name tells them apart in every decision.")
    for rule in command.rules:
        check_rule(rule, desk)
    return RulesetPublished(
        rules=command.rules,
        default_ticketbox_id=command.default_ticketbox_id,
        author_id=command.actor_id,
        comment=command.comment.strip(),
        rolls_back_to=command.rolls_back_to,
    )


def may_propose(actor_id: UUID, desk: Desk) -> None:
    """See that someone may write a draft: whoever manages a ticketbox.

    Raises:
        Forbidden.
    """
    if not may_manage(desk, actor_id):
        raise Forbidden("Only who manages a ticketbox can propose rules.")


def _check_number(rules: tuple[Rule, ...]) -> None:
    if len(rules) > MOST_RULES:
        raise Invalid(f"A ruleset has at most {MOST_RULES:,} rules.")


def check_rule(rule: Rule, desk: Desk) -> None:
    """See that a rule can be in force: its condition, and what it refers to.

    Raises:
        Invalid: with the rule's name, and what is wrong.
    """
    try:
        check(rule.condition)
    except BadCondition as error:
        raise _wrong(rule, f"its condition cannot be used: {error}") from error
    for what, kind, identity in (
        ("ticketbox", Ticketbox, rule.ticketbox_id),
        ("category", Category, rule.category_id),
        ("owner", Person, rule.assignee_id),
    ):
        if identity is not None and desk.get(kind, identity) is None:
            raise _wrong(rule, f"there is no such {what}")
    for identity in rule.alert:
        if desk.get(Person, identity) is None and desk.get(Team, identity) is None:
            raise _wrong(rule, "it alerts someone who is not on the desk")
    owner = desk.get(Person, rule.assignee_id)
    if owner and rule.ticketbox_id and not owner.may(Right.ANSWER, rule.ticketbox_id):
        raise _wrong(rule, f"{owner.name} may not answer in its ticketbox")
    if rule.acknowledgement is not None and not rule.acknowledgement.strip():
        raise _wrong(rule, "the acknowledgement is empty")
    if len(rule.tags) > MOST_TAGS or not all(0 < len(tag.strip()) <= 50 for tag in rule.tags):
        raise _wrong(rule, f"it may have {MOST_TAGS} tags of 1 to 50 characters")
    _check_copies(rule, desk)


def _check_copies(rule: Rule, desk: Desk) -> None:
    if max(len(rule.forward_to), len(rule.alert)) > MOST_NOTICES:
        raise _wrong(rule, f"it may copy to {MOST_NOTICES} addresses and alert as many people")
    ours = {address for box in desk.every(Ticketbox) for address in box.addresses}
    for address in rule.forward_to:
        if not is_address(address):
            raise _wrong(rule, f"“{address}” is not an e-mail address")
        if address.lower() in ours:
            raise _wrong(rule, f"a copy to {address} would come back in: choose its ticketbox instead")


def _wrong(rule: Rule, why: str) -> Invalid:
    return Invalid(f"The rule “{rule.name}”: {why}.", rule=rule.name)
