"""The desk as a file: what is written is read again, and what is wrong is told with its line."""

from collections.abc import Iterable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.commands import Refusal
from contracts.commands import ChangeDesk, PublishRuleset, RemoveThing, SetThing
from contracts.desk import AnyThing, Team, Ticketbox, View
from contracts.event import Event
from contracts.people import BoxRight, Person, Right
from contracts.rulesets import Rule, RulesetPublished
from postroom.desk.plan import Plan, Present, plan
from postroom.desk.reading import BadFile, parse
from postroom.desk.shapes import SECTIONS
from postroom.desk.telling import lines_of
from postroom.desk.writing import write
from services.tickets.desk import Desk, after
from services.tickets.desk_checks import check
from services.tickets.desk_commands import intend
from tests import desks
from tests.desks import ANNA, BOSS, ORDERS, SUPPORT

for_all = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
NOTHING = Present({}, {}, None, 0)


def present(things: Iterable[AnyThing], ruleset: RulesetPublished | None = None) -> Present:
    found = {thing.id: thing for thing in things}
    return Present(found, dict.fromkeys(found, 1), ruleset, 1 if ruleset else 0)


def planned(text: str, now: Present, *, prune: bool = False) -> Plan:
    return plan(parse(text), now, uuid4(), uuid4, prune=prune, reason="Orders are busy")


def applied(made: Plan, now: Present) -> Present:
    """The desk after a plan, as tickets decides it."""
    desk = Desk(now.things, ruleset=now.ruleset)
    for command in made.commands:
        desk = after(desk, _intend(command, desk))
    check(desk, Desk(now.things))
    return present(desk.things.values(), desk.ruleset)  # type: ignore[arg-type]


def _intend(command: ChangeDesk | PublishRuleset, desk: Desk) -> dict[str, list[Event]]:
    if isinstance(command, PublishRuleset):
        # Whether its rules can be in force is another matter, and tested elsewhere.
        published = RulesetPublished(rules=command.rules, default_ticketbox_id=command.default_ticketbox_id)
        return {"ruleset": [published]}
    return intend(command, desk)


def anna(*, seeing: Ticketbox) -> Person:
    return ANNA.model_copy(update={"rights": (BoxRight(ticketbox_id=seeing.id, right=Right.SEE),)})


@st.composite
def whole_desks(draw: st.DrawFn) -> Present:
    things = draw(desks.things())
    return present(things, draw(st.one_of(st.none(), desks.rulesets(things))))


@for_all
@given(whole_desks())
def test_a_desk_that_was_exported_is_imported_without_any_change(now: Present) -> None:
    text = write(now.things.values(), now.ruleset)
    made = planned(text, now, prune=True)
    assert [*lines_of(made)] == ["Nothing would change: the desk is as the file says."]
    assert made.commands == ()


@for_all
@given(whole_desks())
def test_a_file_makes_the_same_desk_in_an_empty_installation(now: Present) -> None:
    text = write(now.things.values(), now.ruleset)
    copy = applied(planned(text, NOTHING), NOTHING)
    assert write(copy.things.values(), copy.ruleset) == text


@for_all
@given(whole_desks(), whole_desks())
def test_any_desk_can_become_any_other(now: Present, other: Present) -> None:
    if now.ruleset is not None and other.ruleset is None:
        return  # rules are left alone by a file without them, and name ticketboxes that would go
    text = write(other.things.values(), other.ruleset)
    empty = "".join(f"{section}:\n" for section in SECTIONS if f"\n{section}:" not in text)
    copy = applied(planned(text + empty, now, prune=True), now)
    assert write(copy.things.values(), copy.ruleset) == text


def test_the_same_desk_gives_the_same_text_whatever_its_order() -> None:
    assert write([SUPPORT, ORDERS, BOSS], None) == write([BOSS, ORDERS, SUPPORT], None)


def test_what_a_file_does_not_have_is_left_alone_unless_it_is_pruned() -> None:
    now = present([SUPPORT, ORDERS, BOSS, ANNA])
    text = "ticketboxes:\n  Support:\n    addresses: [support@example.com]\n"
    assert planned(text, now).changes == ()
    (removed,) = planned(text, now, prune=True).changes
    assert (removed.what, removed.kind, removed.name) == ("removed", "ticketbox", "Orders")


def test_a_view_names_who_owns_and_who_watches() -> None:
    team = Team(id=uuid4(), name="First level", member_ids=(ANNA.id,))
    parameters = {"assignee": str(ANNA.id), "watcher": str(team.id)}
    text = write([BOSS, ANNA, team, View(id=uuid4(), name="Theirs", parameters=parameters)], None)
    assert "assignee: anna@example.com" in text
    assert "watcher: First level" in text


def test_a_difference_is_told_field_by_field_in_names() -> None:
    now = present([SUPPORT, ORDERS, BOSS, ANNA])
    text = """
people:
  anna@example.com:
    name: Anna Berg
    role: agent
    rights: {Orders: manage}
    capacity: 8
ticketboxes:
  Support:
    addresses: [support@example.com, help@example.com]
teams:
  First level:
    members: [anna@example.com]
"""
    assert [*lines_of(planned(text, now))] == [
        "~ ticketbox Support",
        "    addresses: support@example.com -> support@example.com, help@example.com",
        "+ team First level",
        "    members: anna@example.com",
        "~ person anna@example.com",
        "    name: Anna -> Anna Berg",
        "    rights: everywhere, as the role agent may -> only Orders (manage)",
        "    capacity: nothing -> 8",
        "1 added, 2 changed.",
    ]


def test_a_right_that_changes_is_told_with_its_ticketbox() -> None:
    now = present([SUPPORT, ORDERS, BOSS, anna(seeing=ORDERS)])
    text = "people:\n  anna@example.com: {name: Anna, role: agent, rights: {Orders: manage, Support: see}}\n"
    assert [*lines_of(planned(text, now))][1:-1] == [
        "    rights.Orders: see -> manage",
        "    rights.Support: nothing -> see",
    ]


def test_who_has_rights_and_would_be_everywhere_as_the_file_says_nothing_of_them_is_told() -> None:
    now = present([SUPPORT, ORDERS, BOSS, anna(seeing=ORDERS)])
    text = "people:\n  new@example.com: {name: New, role: agent}\n  Anna@example.com: {name: Anna, role: agent}\n"
    words = r"^line 3: people > Anna@example\.com: without rights this person would be everywhere"
    with pytest.raises(BadFile, match=words):
        planned(text, now)


def test_who_has_no_rights_of_their_own_is_exported_as_being_everywhere() -> None:
    text = write([BOSS, ANNA], None)
    assert text.count("rights: {}") == 1, "whoever administers is everywhere, whatever is written"
    now = present([SUPPORT, ORDERS, BOSS, anna(seeing=ORDERS)])
    assert [change.name for change in planned(text, now).changes] == ["anna@example.com"]


def test_who_loses_their_last_right_is_told_to_be_everywhere_then() -> None:
    now = present([SUPPORT, ORDERS, BOSS, anna(seeing=ORDERS)])
    text = "people:\n  anna@example.com: {name: Anna, role: agent, rights: {}}\n"
    assert [*lines_of(planned(text, now))] == [
        "~ person anna@example.com",
        "    rights: only Orders (see) -> everywhere, as the role agent may",
        "1 changed.",
    ]


def test_who_comes_to_administer_is_told_to_be_everywhere_whatever_their_rights() -> None:
    now = present([SUPPORT, ORDERS, BOSS, anna(seeing=ORDERS)])
    text = "people:\n  anna@example.com: {name: Anna, role: administrator, rights: {Orders: see}}\n"
    assert [*lines_of(planned(text, now))][1:-1] == [
        "    role: agent -> administrator",
        "    rights: only Orders (see) -> everywhere, as the role administrator may",
    ]


def test_of_something_new_it_is_told_where_it_has_nothing_instead_of_what_is_usual() -> None:
    text = """
ticketboxes:
  Orders:
    addresses: [orders@example.com]
    follow_up: {close_after_days: null, reopen_within_days: null}
policies:
  Everyone:
    pause_in: []
"""
    assert [*lines_of(planned(text, NOTHING))] == [
        "+ ticketbox Orders",
        "    addresses: orders@example.com",
        "    follow_up.reopen_within_days: nothing",
        "    follow_up.close_after_days: nothing",
        "+ policy Everyone",
        "    pause_in: nothing",
        "2 added.",
    ]


def test_a_rule_that_is_put_before_others_is_one_difference() -> None:
    rules = (Rule(name="A", condition="true"), Rule(name="B", condition="true"))
    now = present([SUPPORT, BOSS], RulesetPublished(rules=rules, default_ticketbox_id=SUPPORT.id))
    text = """
ruleset:
  default: Support
  rules:
    - {name: New, condition: "false"}
    - {name: A, condition: "true"}
    - {name: B, condition: "true"}
"""
    made = planned(text, now)
    assert [*lines_of(made)] == [
        "~ ruleset",
        "    order: A, B -> New, A, B",
        "    rule.New.condition: nothing -> false",
        "1 changed.",
    ]
    (command,) = made.commands
    assert isinstance(command, PublishRuleset)
    assert (command.seen_version, command.comment) == (1, "Orders are busy")


def test_a_ticketbox_with_another_name_takes_the_address_and_the_rules_of_the_one_that_goes() -> None:
    now = present([SUPPORT, BOSS], RulesetPublished(rules=(), default_ticketbox_id=SUPPORT.id))
    text = "ticketboxes:\n  Help:\n    addresses: [support@example.com]\nruleset:\n  default: Help\n  rules: []\n"
    made = planned(text, now, prune=True)
    assert [type(command) for command in made.commands] == [ChangeDesk, PublishRuleset]
    assert sorted(thing.name for thing in applied(made, now).things.values()) == ["Boss", "Help"]
    with pytest.raises(Refusal):
        applied(planned(text, now), now)


def test_an_address_moves_from_a_ticketbox_that_goes_to_one_that_stays() -> None:
    now = present([SUPPORT, ORDERS, BOSS])
    text = "ticketboxes:\n  Support:\n    addresses: [support@example.com, orders@example.com]\n"
    made = planned(text, now, prune=True)
    (command,) = made.commands
    assert isinstance(command, ChangeDesk)
    assert [type(change) for change in command.changes] == [SetThing, RemoveThing]
    assert len(applied(made, now).things) == 2


def test_what_was_changed_meanwhile_is_not_overwritten() -> None:
    now = present([SUPPORT, BOSS])
    (command,) = planned("ticketboxes:\n  Support:\n    addresses: [new@example.com]\n", now).commands
    assert isinstance(command, ChangeDesk)
    (change,) = command.changes
    assert isinstance(change, SetThing)
    assert change.seen_version == 1


def test_what_was_changed_meanwhile_is_not_pruned() -> None:
    now = present([SUPPORT, ORDERS, BOSS])
    text = "ticketboxes:\n  Support:\n    addresses: [support@example.com]\n"
    (command,) = planned(text, now, prune=True).commands
    assert isinstance(command, ChangeDesk)
    assert command.changes == (RemoveThing(kind="ticketbox", id=ORDERS.id, seen_version=1),)


def test_new_people_are_named_since_they_have_no_password_yet() -> None:
    text = "people:\n  new@example.com:\n    name: New\n    role: agent\n"
    assert planned(text, present([BOSS])).new_people == ("new@example.com",)


def test_a_country_called_no_and_a_time_are_what_they_look_like() -> None:
    text = """
calendars:
  Oslo:
    time_zone: Europe/Oslo
    holidays: {country: NO}
    week: {monday: [09:00-12:30, 13:00-24:00]}
"""
    (command,) = planned(text, NOTHING).commands
    assert isinstance(command, ChangeDesk)
    (change,) = command.changes
    assert isinstance(change, SetThing)
    oslo = change.thing
    assert oslo.kind == "calendar"
    assert oslo.holidays is not None
    assert oslo.holidays.country == "NO"
    assert [span.end for spans in oslo.week.values() for span in spans] == ["12:30", "24:00"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: a desk has sections: ticketboxes, teams"),
        ("ticketboxes: [a", "line 1: "),
        ("boxes:\n  A: {}", "line 1: boxes: there is no such section"),
        ("teams:\n  - A", "line 1: teams: write each as its name"),
        ("teams:\n  12: {}", "line 2: teams > 12: write this name in quotes"),
        ("teams:\n  A:\n    member: []", "line 3: teams > A > member: there is no such field"),
        (
            "teams:\n  A:\n    members: [x@y.z]",
            "line 3: teams > A > members: there is nothing called “x@y.z”",
        ),
        ("teams:\n  A:\n    members: []\n  A: {}", "line 4: "),
        (
            "people:\n\n  a@b.c:\n    name: A\n    role: boss",
            "line 5: people > a@b.c > role: input should be",
        ),
        ("people:\n  a@b.c:\n    name: A", "line 2: people > a@b.c > role: field required"),
        (
            "ticketboxes:\n  A:\n    addresses: [a@b.c]\n    calendar: None at all",
            "line 4: ticketboxes > A > calendar: there is nothing called “None at all” among the calendars",
        ),
        (
            "views:\n  A:\n    parameters:\n      view: open\n      box: Ordres",
            "line 5: views > A > parameters > box: there is nothing called “Ordres” among the ticketboxes",
        ),
        (
            "views:\n  A:\n    parameters: {watcher: none}",
            "line 3: views > A > parameters > watcher: there is nothing called “none” among the people",
        ),
        (
            "calendars:\n  A:\n    time_zone: UTC\n    week:\n      monday: [12:00-10:00]",
            "line 5: calendars > A > week > monday: value error, the spans of a day must follow",
        ),
        (
            "ticketboxes:\n  A: {addresses: [a@b.c]}\nruleset:\n  default: A\n  rules: [{name: B, condition: a.}]",
            "line 5: ruleset > rules > 0 > condition: it is not CEL: Syntax error",
        ),
        ("ruleset:\n  default: B\n  rules: []", "line 2: ruleset > default: there is nothing called “B”"),
        ("ruleset:\n  default: B\n  rule: []", "line 3: ruleset > rule: there is no such field"),
        ("ruleset:\n  default: B", "line 1: ruleset > rules: write them as a list"),
        ("ruleset:\n  default: B\n  rules:", "line 3: ruleset > rules: write them as a list"),
        (
            "ruleset:\n  default: B\n  rules:\n    Invoices: {condition: 'true'}",
            "line 3: ruleset > rules: write them as a list",
        ),
        ("ruleset:\n  default: B\n  rules: [Invoices]", "line 3: ruleset > rules > 0: a rule has a name"),
        (
            "ruleset:\n  default: B\n  rules:\n    - {name: A, condition: 'true'}\n    - null",
            "line 5: ruleset > rules > 1: a rule has a name",
        ),
        (
            "teams:\n  First level: {}\n  first Level: {}",
            "line 3: teams > first Level: it is there already, as “First level”",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_place(text: str, said: str) -> None:
    with pytest.raises(BadFile) as bad:
        planned(text, NOTHING)
    assert said in str(bad.value)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = "people:\n  a@b.c:\n    name: A\n    role: boss\n  d@e.f:\n    role: agent\n    nmae: D\n"
    with pytest.raises(BadFile) as bad:
        planned(text, NOTHING)
    assert [one.line for one in sorted(bad.value.mistakes, key=lambda one: one.line)] == [4, 5, 7]
