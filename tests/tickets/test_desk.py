"""What may be on a desk, and who may change it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.commands import Forbidden, Invalid, Refusal, UnknownThing
from contracts.automations import Actions, Automation, Moment, Selection, Timing
from contracts.commands import (
    OPERATOR,
    AddPerson,
    AnyDeskCommand,
    ChangeDesk,
    CreateTicketbox,
    PublishRuleset,
    RemoveThing,
    SetPresence,
    SetThing,
)
from contracts.desk import (
    AnyThing,
    Category,
    CustomField,
    Distribution,
    FieldType,
    FollowUp,
    Organisation,
    Team,
    Template,
    TicketboxChanged,
    TicketboxCreated,
    View,
    thing_of,
)
from contracts.event import Event
from contracts.people import BoxRight, Person, PersonAdded, Presence, Right, Role
from contracts.rulesets import Rule, RulesetPublished
from contracts.service_levels import Calendar, Holidays, Policy, Target
from services.tickets import rulesets
from services.tickets.desk import Desk, after, may_manage
from services.tickets.desk_checks import check
from services.tickets.desk_commands import intend
from services.tickets.refusals import AlreadyThere
from tests.desks import ANNA, BOSS, LEO, ORDERS, SARA, SUPPORT


def decide(command: AnyDeskCommand, desk: Desk) -> dict[str, list[Event]]:
    """What comes of a command, if the desk holds together then."""
    events = intend(command, desk)
    check(after(desk, events), desk)
    return events


def automation(then: Actions, **tickets: Any) -> Automation:
    """After an hour in which it was open."""
    return Automation(
        id=uuid4(),
        name="A",
        when=Timing(minutes=60, moment=Moment.OPEN),
        tickets=Selection(**tickets),
        then=then,
    )


def template(*boxes: AnyThing, text: str = "Hello {customer},") -> Template:
    return Template(id=uuid4(), name="Hello", text=text, ticketbox_ids=tuple(box.id for box in boxes))


def right_in(box: AnyThing, right: Right) -> BoxRight:
    return BoxRight(ticketbox_id=box.id, right=right)


HERE = (SUPPORT, ORDERS, BOSS, ANNA, SARA, LEO)
HOURS = Calendar(id=uuid4(), name="Hours", time_zone="UTC")
TOO_LONG = 9_999_999


def given(*things: AnyThing, rules: RulesetPublished | None = None) -> Desk:
    return Desk({thing.id: thing for thing in things}, ruleset=rules)


def when(desk: Desk, *things: AnyThing, by: UUID = BOSS.id, without: Iterable[AnyThing] = ()) -> list[Event]:
    changes = (
        *(SetThing(thing=thing) for thing in things),
        *(RemoveThing(kind=thing.kind, id=thing.id) for thing in without),
    )
    command = ChangeDesk(command_id=uuid4(), actor_id=by, changes=changes)
    return [event for events in decide(command, desk).values() for event in events]


def refused(kind: type[Refusal], desk: Desk, *things: AnyThing, **how: Any) -> str:
    with pytest.raises(kind) as refusal:
        when(desk, *things, **how)
    return str(refusal.value)


def like(thing: AnyThing, **changes: Any) -> Any:
    return thing.model_copy(update=changes)


# --- Who ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("actor", [ANNA, SARA, LEO])
def test_only_administrators_change_the_desk(actor: Person) -> None:
    for thing in (HOURS, Team(id=uuid4(), name="A"), like(ANNA, role=Role.ADMINISTRATOR)):
        refused(Forbidden, given(*HERE), thing, by=actor.id)
        assert when(given(*HERE), thing, by=BOSS.id)
        assert when(given(*HERE), thing, by=OPERATOR)


def test_an_administrator_who_has_left_changes_nothing() -> None:
    gone = like(SARA, role=Role.ADMINISTRATOR, active=False)
    refused(Forbidden, given(SUPPORT, BOSS, gone), HOURS, by=gone.id)
    refused(Forbidden, given(*HERE), HOURS, by=uuid4())


def test_who_manages_a_ticketbox_changes_it_and_no_other() -> None:
    anna = like(ANNA, rights=(BoxRight(ticketbox_id=ORDERS.id, right=Right.MANAGE),))
    desk = given(SUPPORT, ORDERS, BOSS, anna)
    assert when(desk, like(ORDERS, signature="{agent}"), by=anna.id)
    refused(Forbidden, desk, like(SUPPORT, signature="{agent}"), by=anna.id)
    refused(Forbidden, desk, like(SUPPORT, id=uuid4()), by=anna.id)


def test_who_manages_any_ticketbox_may_what_is_for_those_who_manage() -> None:
    manager = like(ANNA, id=uuid4(), rights=(BoxRight(ticketbox_id=ORDERS.id, right=Right.MANAGE),))
    gone = like(BOSS, id=uuid4(), active=False)
    desk = given(SUPPORT, ORDERS, BOSS, SARA, ANNA, LEO, manager, gone)
    assert all(may_manage(desk, actor_id) for actor_id in (BOSS.id, SARA.id, manager.id, OPERATOR))
    assert not any(may_manage(desk, actor_id) for actor_id in (ANNA.id, LEO.id, gone.id, uuid4()))


def test_only_administrators_remove_a_ticketbox() -> None:
    desk = given(SUPPORT, ORDERS, BOSS, SARA)
    assert SARA.may(Right.MANAGE, ORDERS.id)
    refused(Forbidden, desk, by=SARA.id, without=[ORDERS])
    assert when(desk, by=BOSS.id, without=[ORDERS])


def test_who_lets_a_member_in_twice_changes_nothing_and_removes_nobody() -> None:
    member = like(ANNA, rights=(BoxRight(ticketbox_id=ORDERS.id, right=Right.SEE),))
    desk = given(SUPPORT, ORDERS, BOSS, SARA, member)
    assert when(desk, member, by=SARA.id) == []
    refused(Forbidden, desk, by=SARA.id, without=[member])


def test_a_view_belongs_to_who_made_it() -> None:
    view = View(id=uuid4(), name="Mine", owner_id=ANNA.id, parameters={"view": "mine"})
    assert when(given(*HERE), view, by=ANNA.id)
    desk = given(*HERE, view)
    assert when(desk, like(view, name="Still mine"), by=ANNA.id)
    assert when(desk, without=[view], by=ANNA.id)
    refused(Forbidden, desk, like(view, name="Not yours"), by=LEO.id)
    refused(Forbidden, desk, like(view, owner_id=LEO.id), by=LEO.id)


def test_supervisors_share_views_and_agents_do_not() -> None:
    shared = View(id=uuid4(), name="Ours", parameters={})
    assert when(given(*HERE), shared, by=SARA.id)
    refused(Forbidden, given(*HERE), shared, by=ANNA.id)
    refused(Forbidden, given(*HERE, shared), without=[shared], by=ANNA.id)


def away(actor: Person, person: Person) -> SetPresence:
    return SetPresence(command_id=uuid4(), actor_id=actor.id, person_id=person.id, presence=Presence.AWAY)


def test_people_say_themselves_whether_they_are_there_and_administrators_and_supervisors_for_them() -> None:
    for actor in (ANNA, BOSS, SARA):
        assert decide(away(actor, ANNA), given(*HERE))
    for actor in (LEO, like(ANNA, id=uuid4(), email="other@example.com")):
        with pytest.raises(Forbidden):
            decide(away(actor, ANNA), given(*HERE, actor))
    with pytest.raises(UnknownThing):
        decide(away(BOSS, ANNA), given(BOSS))


def test_a_supervisor_says_it_only_of_those_who_answer_in_a_ticketbox_of_theirs() -> None:
    sara = like(SARA, rights=(right_in(ORDERS, Right.MANAGE),))
    orders = like(ANNA, rights=(right_in(ORDERS, Right.ANSWER),))
    support = like(ANNA, rights=(right_in(SUPPORT, Right.ANSWER), right_in(ORDERS, Right.SEE)))
    assert decide(away(sara, orders), given(SUPPORT, ORDERS, BOSS, sara, orders))
    with pytest.raises(Forbidden):
        decide(away(sara, support), given(SUPPORT, ORDERS, BOSS, sara, support))
    gone = like(SARA, active=False)
    with pytest.raises(Forbidden):
        decide(away(gone, ANNA), given(SUPPORT, BOSS, ANNA, gone))


def test_who_manages_a_ticketbox_lets_people_see_and_answer_in_it() -> None:
    manager = like(SARA, rights=(right_in(ORDERS, Right.MANAGE),))
    anna = like(ANNA, rights=(right_in(SUPPORT, Right.ANSWER),))
    desk = given(SUPPORT, ORDERS, BOSS, manager, anna)
    both = like(anna, rights=(*anna.rights, right_in(ORDERS, Right.ANSWER)))
    assert when(desk, both, by=manager.id)
    desk = given(SUPPORT, ORDERS, BOSS, manager, both)
    assert when(desk, like(anna, rights=(*anna.rights, right_in(ORDERS, Right.SEE))), by=manager.id)
    assert when(desk, anna, by=manager.id)
    assert when(desk, both, by=manager.id) == [], "it is so already"
    refused(Forbidden, desk, both, by=anna.id)


SUPPORT_ANSWER = BoxRight(ticketbox_id=SUPPORT.id, right=Right.ANSWER)


@pytest.mark.parametrize(
    "changes",
    [
        {"rights": ()},
        {"rights": (BoxRight(ticketbox_id=SUPPORT.id, right=Right.SEE),)},
        {"rights": (SUPPORT_ANSWER, BoxRight(ticketbox_id=ORDERS.id, right=Right.MANAGE))},
        {"rights": (SUPPORT_ANSWER,), "role": Role.SUPERVISOR},
        {"rights": (SUPPORT_ANSWER, BoxRight(ticketbox_id=ORDERS.id, right=Right.SEE)), "capacity": 5},
    ],
    ids=["everywhere", "another ticketbox", "manage", "role", "capacity"],
)
def test_who_manages_a_ticketbox_changes_nothing_else_of_people(changes: dict[str, Any]) -> None:
    manager = like(SARA, rights=(right_in(ORDERS, Right.MANAGE),))
    anna = like(ANNA, rights=(SUPPORT_ANSWER,))
    refused(Forbidden, given(SUPPORT, ORDERS, BOSS, manager, anna), like(anna, **changes), by=manager.id)


def test_who_manages_a_ticketbox_does_not_touch_its_managers_nor_those_who_are_there_by_their_role() -> None:
    manager = like(SARA, rights=(right_in(ORDERS, Right.MANAGE),))
    other = like(LEO, rights=(right_in(ORDERS, Right.MANAGE), right_in(SUPPORT, Right.SEE)))
    desk = given(SUPPORT, ORDERS, BOSS, manager, other, ANNA)
    refused(Forbidden, desk, like(other, rights=other.rights[1:]), by=manager.id)
    refused(Forbidden, desk, like(ANNA, rights=(right_in(ORDERS, Right.SEE),)), by=manager.id)


def test_who_manages_a_ticketbox_writes_its_templates_and_no_others() -> None:
    anna = like(ANNA, rights=(BoxRight(ticketbox_id=ORDERS.id, right=Right.MANAGE),))
    desk = given(SUPPORT, ORDERS, BOSS, anna)
    for not_hers in (template(), template(SUPPORT), template(ORDERS, SUPPORT)):
        refused(Forbidden, desk, not_hers, by=anna.id)
    hers = template(ORDERS)
    assert when(desk, hers, by=anna.id)
    desk = given(SUPPORT, ORDERS, BOSS, anna, hers)
    refused(Forbidden, desk, like(hers, ticketbox_ids=()), by=anna.id)
    assert when(desk, like(hers, text="Good morning"), by=anna.id)
    assert when(desk, without=[hers], by=anna.id)


def test_who_manages_every_ticketbox_writes_templates_for_all_and_agents_write_none() -> None:
    for written in (template(), template(SUPPORT)):
        assert when(given(*HERE), written, by=SARA.id)
        assert when(given(*HERE, written), without=[written], by=SARA.id)
        for actor in (ANNA, LEO):
            refused(Forbidden, given(*HERE), written, by=actor.id)
            refused(Forbidden, given(*HERE, written), without=[written], by=actor.id)


@pytest.mark.parametrize(
    ("right", "administrator", "supervisor", "agent", "analyst"),
    [
        (Right.SEE, True, True, True, True),
        (Right.ANSWER, True, True, True, False),
        (Right.MANAGE, True, True, False, False),
    ],
)
def test_without_rights_of_their_own_people_may_what_their_role_may_everywhere(
    right: Right, administrator: bool, supervisor: bool, agent: bool, analyst: bool
) -> None:
    may = [person.may(right, SUPPORT.id) for person in (BOSS, SARA, ANNA, LEO)]
    assert may == [administrator, supervisor, agent, analyst]


def test_rights_of_ones_own_are_all_there_is_but_for_administrators() -> None:
    rights = (BoxRight(ticketbox_id=ORDERS.id, right=Right.ANSWER),)
    sara = like(SARA, rights=rights)
    assert [sara.may(right, ORDERS.id) for right in Right] == [True, True, False]
    assert not sara.may(Right.SEE, SUPPORT.id)
    assert sara.where(Right.SEE) == {ORDERS.id}
    assert sara.where(Right.MANAGE) == frozenset()
    assert like(BOSS, rights=rights).may(Right.MANAGE, SUPPORT.id)
    assert SARA.where(Right.MANAGE) is None


def test_who_has_left_may_nothing() -> None:
    gone = like(BOSS, active=False)
    assert not gone.may(Right.SEE, SUPPORT.id)
    assert gone.where(Right.SEE) == frozenset()


# --- What -----------------------------------------------------------------------------------------------------------
def test_a_thing_that_stays_as_it_is_has_no_event() -> None:
    assert when(given(*HERE), SUPPORT) == []
    assert when(given(*HERE), like(SUPPORT, signature="Yours")) == [
        TicketboxChanged(thing=like(SUPPORT, signature="Yours"))
    ]


def test_things_of_one_change_may_need_each_other_in_any_order() -> None:
    box = like(ORDERS, calendar_id=HOURS.id)
    assert len(when(given(SUPPORT, BOSS), box, HOURS)) == 2
    refused(Invalid, given(SUPPORT, BOSS), box)


def test_what_others_refer_to_cannot_be_removed() -> None:
    box = like(ORDERS, calendar_id=HOURS.id)
    assert "Orders refers to a calendar" in refused(Invalid, given(box, HOURS, BOSS), without=[HOURS])
    assert when(given(box, HOURS, BOSS), like(box, calendar_id=None), without=[HOURS])


DELIVERY = Category(id=uuid4(), name="Delivery")
NIGHT = Team(id=uuid4(), name="Night", member_ids=(SARA.id,))


def rules(**then: Any) -> RulesetPublished:
    rule = Rule(name="Parcels", condition="true", **then)
    return RulesetPublished(rules=(rule,), default_ticketbox_id=SUPPORT.id)


def test_the_ticketbox_of_what_no_rule_places_cannot_be_removed() -> None:
    said = refused(Invalid, given(*HERE, rules=rules()), without=[SUPPORT])
    assert said == "The ruleset refers to a ticketbox that does not exist."


@pytest.mark.parametrize(
    ("thing", "then"),
    [
        (ORDERS, {"ticketbox_id": ORDERS.id}),
        (DELIVERY, {"category_id": DELIVERY.id}),
        (ANNA, {"assignee_id": ANNA.id}),
        (LEO, {"alert": (SARA.id, LEO.id)}),
        (NIGHT, {"alert": (NIGHT.id,)}),
    ],
    ids=["ticketbox", "category", "owner", "person", "team"],
)
def test_what_a_rule_in_force_names_cannot_be_removed(thing: AnyThing, then: dict[str, Any]) -> None:
    here = (*HERE, DELIVERY, NIGHT)
    said = refused(Invalid, given(*here, rules=rules(**then)), without=[thing])
    assert said == f"The rule “Parcels” refers to a {thing.kind} that does not exist."
    assert when(given(*here, rules=rules()), without=[thing]), "no rule names it"


def test_what_a_rule_names_and_was_removed_before_does_not_stop_other_changes() -> None:
    assert when(given(*HERE, rules=rules(category_id=DELIVERY.id, alert=(NIGHT.id,))), HOURS)


def test_rules_name_ticketboxes_that_exist() -> None:
    def publish(box: UUID, actor_id: UUID = BOSS.id) -> PublishRuleset:
        return PublishRuleset(
            command_id=uuid4(),
            actor_id=actor_id,
            rules=(),
            default_ticketbox_id=box,
            seen_version=0,
            comment="Try",
        )

    assert rulesets.decide(publish(SUPPORT.id), given(*HERE))
    with pytest.raises(Invalid):
        rulesets.decide(publish(uuid4()), given(*HERE))
    with pytest.raises(Forbidden):
        rulesets.decide(publish(SUPPORT.id, SARA.id), given(*HERE))


def test_one_active_administrator_remains() -> None:
    for nobody_left in ({"active": False}, {"role": Role.AGENT}):
        refused(Invalid, given(*HERE), like(BOSS, **nobody_left))
    refused(Invalid, given(*HERE), without=[BOSS])
    refused(Invalid, given(SUPPORT, BOSS), without=[BOSS])
    assert when(given(*HERE), like(SARA, role=Role.ADMINISTRATOR), like(BOSS, active=False))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SUPPORT, like(ORDERS, name="SUPPORT")),
        (SUPPORT, like(ORDERS, addresses=("orders@example.com", "support@example.com"))),
        (ANNA, like(LEO, email="Anna@example.com")),
        (HOURS, like(HOURS, id=uuid4(), name="hours")),
        (Team(id=uuid4(), name="A"), Team(id=uuid4(), name="A")),
        (Policy(id=uuid4(), name="A"), Policy(id=uuid4(), name="A")),
        (CustomField(id=uuid4(), name="A", key="a"), CustomField(id=uuid4(), name="B", key="a")),
        (Category(id=uuid4(), name="A"), Category(id=uuid4(), name="A")),
        (View(id=uuid4(), name="A", parameters={}), View(id=uuid4(), name="A", parameters={})),
        (Organisation(id=uuid4(), name="A"), Organisation(id=uuid4(), name="A")),
        (
            Organisation(id=uuid4(), name="A", domains=("a.example",)),
            Organisation(id=uuid4(), name="B", domains=("A.example",)),
        ),
    ],
    ids=lambda thing: thing.kind,
)
def test_a_name_an_address_a_key_or_a_domain_belongs_to_one_thing(first: AnyThing, second: AnyThing) -> None:
    others = [thing for thing in HERE if thing.id not in {first.id, second.id}]
    refused(AlreadyThere, given(*others, first), second)


def test_a_category_may_have_the_name_of_one_elsewhere_and_a_view_that_of_anothers() -> None:
    top = Category(id=uuid4(), name="Delivery")
    assert when(given(*HERE, top), Category(id=uuid4(), name="Delivery", parent_id=top.id))
    annas = View(id=uuid4(), name="Mine", owner_id=ANNA.id, parameters={})
    assert when(given(*HERE, annas), like(annas, id=uuid4(), owner_id=LEO.id), by=LEO.id)


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (like(SUPPORT, addresses=("Support@example.com",)), "in lower case"),
        (like(SUPPORT, addresses=("support",)), "in lower case"),
        (like(SUPPORT, distribution=Distribution(overflow_to=ORDERS.id)), "both a ticketbox and a time"),
        (like(SUPPORT, distribution=Distribution(overflow_after_minutes=5)), "both a ticketbox and a time"),
        (
            like(SUPPORT, distribution=Distribution(overflow_to=SUPPORT.id, overflow_after_minutes=5)),
            "cannot overflow into itself",
        ),
        (like(ANNA, email="anna"), "is not an e-mail address"),
        (like(ANNA, languages=("german",)), "“german” is no code of a language"),
        (like(ANNA, languages=("de", "de-at")), "“de-at” is no code of a language"),
        (
            like(ANNA, rights=(BoxRight(ticketbox_id=ORDERS.id, right=Right.SEE),) * 2),
            "two rights in one ticketbox",
        ),
        (like(SUPPORT, follow_up=FollowUp(close_after_days=TOO_LONG)), "days are too long"),
        (like(SUPPORT, follow_up=FollowUp(reopen_within_days=TOO_LONG)), "days are too long"),
        (like(SUPPORT, first_response_seconds=10**10), "seconds are too long"),
        (like(SUPPORT, distribution=Distribution(tell_after_minutes=TOO_LONG)), "minutes are too long"),
        (Policy(id=uuid4(), name="A", targets={Target.RESOLUTION: TOO_LONG}), "minutes are too long"),
        (Policy(id=uuid4(), name="A", warn_minutes_before=TOO_LONG), "minutes are too long"),
        (like(HOURS, time_zone="Europe/Nowhere"), "is no time zone"),
        (like(HOURS, time_zone="Europe"), "is no time zone"),
        (like(HOURS, holidays=Holidays(country="XX")), "there are no holidays for"),
        (like(HOURS, holidays=Holidays(country="DE", subdivision="XX")), "DE has no part"),
        (CustomField(id=uuid4(), name="A", key="a", type=FieldType.CHOICE), "needs choices"),
        (CustomField(id=uuid4(), name="A", key="a", choices=("x",)), "needs choices"),
        (Category(id=(top := uuid4()), name="A", parent_id=top), "cannot be below itself"),
        (Category(id=uuid4(), name="A / B"), "has no /"),
        (automation(Actions(words="Look!")), "does nothing yet"),
        (template(text="Dear {custmer},"), "{custmer} is filled by nothing"),
        (automation(Actions(give_back=True, assign_to=ANNA.id)), "choose one"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_what_makes_no_sense_is_refused_with_a_sentence(thing: AnyThing, said: str) -> None:
    assert said in refused(Invalid, given(*HERE), thing)


def test_a_language_that_was_let_in_once_does_not_stop_other_changes() -> None:
    was = like(ANNA, languages=("german",))
    others = [thing for thing in HERE if thing.id != ANNA.id]
    assert when(given(*others, was), like(was, capacity=5))


def test_what_an_earlier_release_let_wait_too_long_stops_no_other_change() -> None:
    box = like(SUPPORT, follow_up=FollowUp(close_after_days=TOO_LONG))
    policy = Policy(id=uuid4(), name="A", targets={Target.RESOLUTION: TOO_LONG})
    desk = given(box, ORDERS, BOSS, policy)
    assert when(desk, HOURS)
    refused(Invalid, desk, like(box, signature="{agent}"))
    refused(Invalid, desk, like(policy, order=1))


@pytest.mark.parametrize(
    "thing",
    [
        like(SUPPORT, calendar_id=uuid4()),
        like(SUPPORT, required_fields=("missing",)),
        like(SUPPORT, distribution=Distribution(overflow_to=uuid4(), overflow_after_minutes=1)),
        like(ANNA, rights=(BoxRight(ticketbox_id=uuid4(), right=Right.SEE),)),
        Team(id=uuid4(), name="A", member_ids=(uuid4(),)),
        Policy(id=uuid4(), name="A", ticketbox_ids=(uuid4(),)),
        Policy(id=uuid4(), name="A", organisation_ids=(uuid4(),)),
        Policy(id=uuid4(), name="A", calendar_id=uuid4()),
        Policy(id=uuid4(), name="A", calendar_id=SUPPORT.id),
        CustomField(id=uuid4(), name="A", key="a", ticketbox_ids=(uuid4(),)),
        Template(id=uuid4(), name="A", text="A", ticketbox_ids=(uuid4(),)),
        Category(id=uuid4(), name="A", parent_id=uuid4()),
        automation(Actions(move_to=uuid4())),
        automation(Actions(assign_to=uuid4())),
        automation(Actions(tell_ids=(uuid4(),))),
        automation(Actions(state="solved"), ticketbox_ids=(uuid4(),)),
        automation(Actions(state="solved"), category_ids=(uuid4(),)),
        automation(Actions(state="solved"), organisation_ids=(uuid4(),)),
    ],
    ids=lambda thing: thing.kind,
)
def test_references_are_to_what_exists_and_is_of_that_kind(thing: AnyThing) -> None:
    refused(Invalid, given(*HERE), thing)


def test_a_ticketbox_requires_only_fields_that_its_tickets_have() -> None:
    number = CustomField(id=uuid4(), name="Number", key="number", ticketbox_ids=(ORDERS.id,))
    said = refused(Invalid, given(*HERE, number), like(SUPPORT, required_fields=("number",)))
    assert "the field number, which its tickets do not have" in said
    assert when(given(*HERE, number), like(ORDERS, required_fields=("number",)))

    orders = like(ORDERS, required_fields=("number",))
    desk = given(SUPPORT, orders, BOSS, number)
    refused(Invalid, desk, like(number, ticketbox_ids=(SUPPORT.id,)))
    refused(Invalid, desk, without=[number])
    assert when(desk, like(number, ticketbox_ids=(SUPPORT.id,)), ORDERS), "both at once"


def test_a_field_that_was_missing_before_does_not_stop_other_changes() -> None:
    number = CustomField(id=uuid4(), name="Number", key="number", ticketbox_ids=(ORDERS.id,))
    desk = given(*HERE[1:], like(SUPPORT, required_fields=("number",)), number)
    assert when(desk, HOURS)


def test_a_thing_keeps_its_kind() -> None:
    assert "is not a team" in refused(Invalid, given(*HERE), Team(id=SUPPORT.id, name="Support"))


def test_what_is_not_there_cannot_be_removed() -> None:
    refused(UnknownThing, given(*HERE), without=[HOURS])


def test_a_thing_is_removed_as_what_it_is_and_as_nothing_else() -> None:
    mistaken = ChangeDesk(
        command_id=uuid4(), actor_id=BOSS.id, changes=(RemoveThing(kind="team", id=ANNA.id),)
    )
    with pytest.raises(UnknownThing, match="There is no such team"):
        decide(mistaken, given(*HERE))


# --- What earlier releases wrote ------------------------------------------------------------------------------------
def test_the_first_commands_make_the_same_things() -> None:
    box = CreateTicketbox(
        command_id=uuid4(),
        actor_id=BOSS.id,
        ticketbox_id=uuid4(),
        name=" Help ",
        addresses=("Help@example.com",),
    )
    ((created,),) = decide(box, given(*HERE)).values()
    assert isinstance(created, TicketboxCreated)
    assert thing_of(created) == like(
        SUPPORT, id=box.ticketbox_id, name="Help", addresses=("help@example.com",)
    )
    person = AddPerson(
        command_id=uuid4(),
        actor_id=BOSS.id,
        person_id=uuid4(),
        email="Kim@example.com",
        name="",
        role=Role.AGENT,
    )
    ((added,),) = decide(person, given(*HERE)).values()
    assert isinstance(added, PersonAdded)
    assert thing_of(added) == like(ANNA, id=person.person_id, name="kim", email="kim@example.com")
    for command in (box, person):
        with pytest.raises(Forbidden):
            decide(command.model_copy(update={"actor_id": SARA.id}), given(*HERE))
    with pytest.raises(AlreadyThere):
        decide(replace_address(box), given(*HERE))


def replace_address(command: CreateTicketbox) -> CreateTicketbox:
    return command.model_copy(update={"addresses": ("support@example.com",)})


def test_a_member_of_some_ticketboxes_answers_in_those() -> None:
    added = PersonAdded(
        person_id=uuid4(), email="a@example.com", name="A", role=Role.AGENT, ticketbox_ids=(ORDERS.id,)
    )
    person = thing_of(added)
    assert isinstance(person, Person)
    assert person.where(Right.ANSWER) == {ORDERS.id}
    assert replace(given(person), ruleset=None).get(Person, person.id) == person
