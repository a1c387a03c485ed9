"""A dry run says what rules would have done otherwise, and counts it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from contracts.ingest import MessageReceived
from contracts.mail import Address, Kind, LetterHead
from contracts.router import Disposition, MessageRouted, Priority, RoutingEvidence
from contracts.rulesets import Rule
from services.router.dry_run import Recorded, Tally, examine
from services.router.ruleset import Ruleset, Ticketbox, route, routed
from tests import events
from tests.events import NOON

SUPPORT = Ticketbox(uuid4(), "Support", frozenset({"support@example.com"}))
ORDERS = Ticketbox(uuid4(), "Orders", frozenset({"orders@example.com"}))


def ruleset(*rules: Rule) -> Ruleset:
    boxes = {box.ticketbox_id: box for box in (SUPPORT, ORDERS)}
    return Ruleset(version=3, rules=rules, default_ticketbox_id=SUPPORT.ticketbox_id, ticketboxes=boxes)


IN_FORCE = ruleset(Rule(name="Fire", condition="message.subject.contains('fire')", tags=("fire",)))


def recorded(subject: str = "Hello") -> Recorded:
    """A message of some subject that opened a ticket, and as the rules in force decided about it."""
    return as_routed(events.letter(subject=subject))


def as_routed(head: LetterHead, rules: Ruleset = IN_FORCE) -> Recorded:
    """A message as it came, and as rules decided about it; it opened a ticket."""
    received = events.received(head)
    decision = orjson.loads(routed(head, route(received, rules)).model_dump_json(exclude={"letter"}))
    return Recorded(
        MessageReceived,
        received.model_dump_json().encode(),
        received.schema_version,
        orjson.dumps(decision),
        opened=True,
    )


def tried(rules: Ruleset, *messages: Recorded) -> Tally:
    return examine(messages, rules, NOON - timedelta(days=7))


def test_the_rules_in_force_would_change_nothing() -> None:
    tally = tried(IN_FORCE, recorded(), recorded("fire"))
    assert (tally.examined, tally.changed_messages, tally.changes) == (2, 0, [])
    assert tally.hits == {"Fire": 1}


def test_what_would_move_or_be_held_back_is_counted_and_told_message_by_message() -> None:
    move = Rule(name="Lamps", condition="message.subject == 'Lamp'", ticketbox_id=ORDERS.ticketbox_id)
    hold = Rule(name="Noise", condition="message.subject == 'Noise'", disposition=Disposition.SUPPRESS)
    tally = tried(ruleset(move, hold), recorded("Lamp"), recorded("Noise"), recorded("fire"), recorded())
    assert tally.moved == {"Support → Orders": 1}
    assert tally.dispositions == {"deliver → suppress": 1}
    assert tally.changed == {"ticketbox": 1, "disposition": 1, "tags": 1}
    assert [(change.kinds, change.after.rules) for change in tally.changes] == [
        (("ticketbox",), ("Lamps",)),
        (("disposition",), ("Noise",)),
        (("tags",), ()),
    ]


def test_which_rule_it_was_makes_no_difference_if_the_outcome_is_the_same() -> None:
    other = Rule(name="Other name", condition="message.lower.subject.contains('fire')", tags=("fire",))
    assert tried(ruleset(other), recorded("fire")).changed_messages == 0


WE_HAVE_IT, ORDERED = "We have it, as {number}.", "Thank you for your order."
TELLING = {
    SUPPORT.ticketbox_id: replace(SUPPORT, acknowledgement=WE_HAVE_IT),
    ORDERS.ticketbox_id: replace(ORDERS, acknowledgement=ORDERED),
}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"acknowledge": False}, None),
        ({"acknowledgement": "Soon."}, "Soon."),
        ({"ticketbox_id": ORDERS.ticketbox_id}, ORDERED),
        ({"disposition": Disposition.SUPPRESS}, None),
        ({"disposition": Disposition.QUARANTINE}, None),
    ],
)
def test_what_the_customer_would_be_told_is_compared_by_a_rule_or_else_by_the_ticketbox(
    said: dict[str, Any], told: str | None
) -> None:
    rules = replace(ruleset(Rule(name="Tried", condition="true", **said)), ticketboxes=TELLING)
    tally = tried(rules, recorded())
    assert tally.changed["acknowledgement"] == 1
    (change,) = tally.changes
    assert (change.before.acknowledgement, change.after.acknowledgement) == (WE_HAVE_IT, told)


@pytest.mark.parametrize("said", [{"acknowledge": True}, {"acknowledgement": WE_HAVE_IT}])
def test_who_is_told_the_same_as_before_is_told_nothing_else(said: dict[str, Any]) -> None:
    rules = replace(ruleset(Rule(name="Tried", condition="true", **said)), ticketboxes=TELLING)
    assert tried(rules, recorded()).changed_messages == 0


def test_where_nobody_would_be_told_anything_no_acknowledgement_changes() -> None:
    quiet = ruleset(Rule(name="Quiet", condition="true", acknowledge=False))
    assert tried(quiet, recorded()).changed_messages == 0


@pytest.mark.parametrize(
    "said",
    [
        {"kind": Kind.LIST},
        {"automatic": True},
        {"from_": Address(address="no-reply@shop.example")},
        {"from_": Address(address="Orders+1@example.com")},
    ],
    ids=["list", "automatic", "nobody reads there", "our own"],
)
def test_what_is_never_acknowledged_is_not_told_otherwise(said: dict[str, object]) -> None:
    rules = replace(
        ruleset(Rule(name="Tried", condition="true", acknowledgement="Soon.", tags=("tried",))),
        ticketboxes=TELLING,
    )
    tally = tried(rules, as_routed(events.letter().model_copy(update=said)))
    assert tally.changed == {"tags": 1}
    (change,) = tally.changes
    assert (change.before.acknowledgement, change.after.acknowledgement) == (None, None)


def test_a_letter_that_joined_a_ticket_is_compared_by_what_rules_decide_of_such_a_letter() -> None:
    joined = replace(recorded(), opened=False)
    boxes = {"ticketboxes": TELLING}
    marking = Rule(
        name="Marking",
        condition="true",
        ticketbox_id=ORDERS.ticketbox_id,
        priority=Priority.HIGH,
        tags=("tried",),
        category_id=uuid4(),
        assignee_id=uuid4(),
        acknowledgement="Soon.",
    )
    tally = tried(replace(ruleset(marking), **boxes), joined)
    assert (tally.changed_messages, tally.hits) == (0, {"Marking": 1})

    copied = Rule(name="Copied", condition="true", forward_to=("books@accountant.example",), alert=(uuid4(),))
    assert tried(replace(ruleset(copied), **boxes), joined).changed == {"copies": 1, "alerts": 1}

    held = Rule(name="Held", condition="true", disposition=Disposition.QUARANTINE, reason="doubtful")
    tally = tried(replace(ruleset(held), **boxes), joined)
    assert (tally.changed, tally.dispositions) == (
        {"disposition": 1, "reason": 1},
        {"deliver → quarantine": 1},
    )


def test_a_letter_that_was_held_back_is_compared_as_if_it_opened_a_ticket() -> None:
    held = ruleset(Rule(name="Held", condition="true", disposition=Disposition.QUARANTINE))
    quarantined = replace(as_routed(events.letter(), held), opened=False)
    moved = ruleset(Rule(name="Moved", condition="true", ticketbox_id=ORDERS.ticketbox_id))
    assert tried(moved, quarantined).changed.keys() >= {"disposition", "ticketbox"}


def test_a_rule_without_an_answer_is_named_with_an_example() -> None:
    tally = tried(ruleset(Rule(name="Score", condition="int(message.subject) > 3")), recorded())
    assert tally.failures == {"Score": 1}
    assert "int" in tally.errors["Score"]


def test_a_message_that_was_not_routed_yet_is_examined_and_not_compared() -> None:
    waiting = recorded()
    tally = tried(IN_FORCE, replace(waiting, routed=None))
    assert (tally.examined, tally.unread, tally.changed_messages) == (1, 1, 0)


def test_older_mail_is_left_out() -> None:
    assert examine([recorded()], IN_FORCE, NOON + timedelta(days=1)).examined == 0


def test_decisions_of_early_releases_are_understood() -> None:
    head = events.letter(subject="fire")
    early = MessageRouted(
        letter=head,
        ticketbox_id=SUPPORT.ticketbox_id,
        ticketbox="Support",
        tags=("fire",),
        evidence=RoutingEvidence(ruleset_version=1, rule="Fire", condition="true"),
    )
    told = orjson.dumps(
        {
            name: orjson.loads(early.model_dump_json())[name]
            for name in (
                *("ticketbox_id", "ticketbox", "priority", "tags"),
                *("disposition", "reason", "evidence"),
            )
        }
    )
    body = events.received(head).model_dump_json().encode()
    message = Recorded(MessageReceived, body, 1, told, opened=True)
    assert tried(IN_FORCE, message).changed_messages == 0


def test_sums_of_batches_add_up() -> None:
    everything = ruleset(Rule(name="All", condition="true", ticketbox_id=ORDERS.ticketbox_id))
    tally = Tally()
    for _ in range(2):
        tally.add(tried(everything, recorded(), recorded()))
    assert (tally.changed_messages, tally.summary().moved) == (4, {"Support → Orders": 4})
