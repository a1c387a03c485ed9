"""Lifelike desks for tests, and any desk at all for properties."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from hypothesis import strategies as st

from contracts.automations import Actions, Automation, Selection, Timing, Told
from contracts.desk import (
    AnyThing,
    Category,
    CustomField,
    Distribution,
    DistributionMethod,
    FieldType,
    FollowUp,
    Organisation,
    Team,
    Template,
    Ticketbox,
    View,
)
from contracts.people import BoxRight, Person, Right, Role
from contracts.router import Disposition, Priority
from contracts.rulesets import Rule, RulesetPublished
from contracts.service_levels import Calendar, Holidays, Policy, Span, SpecialDay, Target, Weekday
from contracts.tickets import State

# What a line of text may hold: everything but NUL, which PostgreSQL has not, and halves of characters.
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=40)
NAME = TEXT.filter(lambda text: text.strip() and " / " not in text)
WORD = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
IDS = st.uuids(version=4)


def names(count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(NAME, min_size=count, max_size=count, unique_by=lambda name: name.casefold())


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    minutes = sorted(draw(st.lists(st.integers(0, 1439), max_size=4, unique=True)))
    edges = [f"{minute // 60:02}:{minute % 60:02}" for minute in minutes[: len(minutes) // 2 * 2]]
    return tuple(Span(begin=edges[at], end=edges[at + 1]) for at in range(0, len(edges), 2))


@st.composite
def calendars(draw: st.DrawFn, name: str) -> Calendar:
    return Calendar(
        id=draw(IDS),
        name=name,
        time_zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])),
        week=draw(st.dictionaries(st.sampled_from(list(Weekday)), spans().filter(bool))),
        holidays=draw(
            st.sampled_from([None, Holidays(country="NO"), Holidays(country="DE", subdivision="BE")])
        ),
        days=tuple(
            SpecialDay(date=day, name=draw(TEXT), spans=draw(spans()))
            for day in draw(st.lists(st.dates(date(2000, 1, 1), date(2099, 1, 1)), max_size=2, unique=True))
        ),
    )


def some(ids: Sequence[UUID]) -> st.SearchStrategy[tuple[UUID, ...]]:
    if not ids:
        return st.just(())
    return st.lists(st.sampled_from(list(ids)), unique=True, max_size=3).map(tuple)


def one_or_none(ids: Sequence[UUID]) -> st.SearchStrategy[UUID | None]:
    return st.sampled_from([None, *ids])


@st.composite
def things(draw: st.DrawFn) -> list[AnyThing]:
    """A whole desk that holds together."""
    hours = [draw(calendars(name)) for name in draw(names(2))]
    fields = [
        CustomField(id=draw(IDS), name=draw(NAME), key=key, type=type_, choices=choices)
        for key, (type_, choices) in draw(
            st.dictionaries(
                WORD,
                st.one_of(
                    st.tuples(st.sampled_from([FieldType.TEXT, FieldType.DATE]), st.just(())),
                    st.tuples(st.just(FieldType.CHOICE), st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
                ),
                max_size=2,
            )
        ).items()
    ]
    box_ids = [draw(IDS) for _ in range(2)]
    boxes = [
        Ticketbox(
            id=box_ids[number],
            name=name,
            addresses=(
                f"box{number}@example.com",
                *draw(st.sampled_from([(), (f"other{number}@example.com",)])),
            ),
            calendar_id=draw(one_or_none([one.id for one in hours])),
            distribution=draw(
                st.sampled_from(
                    [
                        Distribution(),
                        Distribution(method=DistributionMethod.SKILLS, last_agent_first=True),
                        Distribution(overflow_after_minutes=5, overflow_to=box_ids[1 - number]),
                    ]
                )
            ),
            follow_up=draw(st.builds(FollowUp, reopen_within_days=st.one_of(st.none(), st.integers(0, 99)))),
            acknowledgement=draw(st.one_of(st.none(), TEXT.filter(bool))),
            signature=draw(TEXT),
            required_fields=tuple(one.key for one in fields),
            first_response_seconds=draw(st.one_of(st.none(), st.integers(1, 10**6))),
        )
        for number, name in enumerate(draw(names(2)))
    ]
    boss = Person(id=draw(IDS), name="Boss", email="boss@example.com", role=Role.ADMINISTRATOR)
    people = [
        boss,
        *(
            Person(
                id=draw(IDS),
                name=draw(NAME),
                email=f"{word}@people.example",
                role=draw(st.sampled_from(list(Role))),
                rights=tuple(
                    BoxRight(ticketbox_id=box, right=draw(st.sampled_from(list(Right))))
                    for box in draw(some(box_ids))
                ),
                skills=draw(st.lists(TEXT, max_size=2).map(tuple)),
                languages=draw(st.sampled_from([(), ("de", "no")])),
                capacity=draw(st.one_of(st.none(), st.integers(0, 50))),
                active=draw(st.booleans()),
            )
            for word in draw(st.lists(WORD, max_size=3, unique=True))
        ),
    ]
    organisations = [
        Organisation(id=draw(IDS), name=name, domains=(f"d{number}.example",), note=draw(TEXT))
        for number, name in enumerate(draw(names(2)))
    ]
    top, below = draw(names(2))
    category = Category(id=draw(IDS), name=top)
    teams = [
        Team(id=draw(IDS), name=name, member_ids=draw(some([one.id for one in people])))
        for name in draw(names(1))
    ]
    return [
        *hours,
        *fields,
        *boxes,
        *people,
        *organisations,
        category,
        Category(id=draw(IDS), name=below, parent_id=category.id),
        Category(id=draw(IDS), name=top, parent_id=category.id),
        *teams,
        *(
            Template(
                id=draw(IDS),
                name=name,
                text=draw(TEXT.filter(bool).filter(lambda text: "{" not in text)) + "\n{customer}",
                language=draw(st.sampled_from([None, "de"])),
                ticketbox_ids=draw(some(box_ids)),
            )
            for name in draw(names(2))
        ),
        *(
            Automation(
                id=draw(IDS),
                name=name,
                active=draw(st.booleans()),
                when=draw(st.builds(Timing, minutes=st.integers(0, 9999))),
                tickets=Selection(
                    ticketbox_ids=draw(some(box_ids)),
                    category_ids=draw(some([category.id])),
                    organisation_ids=draw(some([one.id for one in organisations])),
                    owner=draw(st.sampled_from(["anyone", "somebody", "nobody"])),
                ),
                then=Actions(
                    raise_to=draw(st.sampled_from([None, Priority.HIGH])),
                    move_to=draw(one_or_none(box_ids)),
                    state=draw(st.sampled_from([None, "solved", "closed"])),
                    remind=draw(st.sampled_from([None, "Hello {number}?"])),
                    tell=draw(st.sampled_from([(), (Told.OWNER,), (Told.WATCHERS, Told.SUPERVISORS)])),
                    tell_ids=(boss.id, *draw(some([one.id for one in teams]))),
                ),
            )
            for name in draw(names(2))
        ),
        *(
            Policy(
                id=draw(IDS),
                name=name,
                order=draw(st.integers(0, 200)),
                priorities=draw(st.sampled_from([(), (Priority.HIGH, Priority.URGENT)])),
                ticketbox_ids=draw(some(box_ids)),
                organisation_ids=draw(some([one.id for one in organisations])),
                tags=draw(st.lists(TEXT, max_size=2).map(tuple)),
                targets=draw(st.dictionaries(st.sampled_from(list(Target)), st.integers(1, 9999))),
                pause_in=draw(st.sampled_from([(), (State.PENDING,), (State.PENDING, State.ON_HOLD)])),
                calendar_id=draw(one_or_none([one.id for one in hours])),
            )
            for name in draw(names(2))
        ),
        *(
            View(
                id=draw(IDS),
                name=name,
                owner_id=owner,
                order=draw(st.integers(0, 200)),
                parameters=draw(
                    st.sampled_from(
                        [
                            {"view": "open", "box": str(box_ids[0])},
                            {"category": str(category.id), "organisation": str(organisations[0].id)},
                            {"assignee": str(boss.id), "watcher": str(teams[0].id)},
                            {"assignee": "none", "watcher": "me"},
                            {"watcher": str(boss.id), "box": str(UUID(int=1))},
                            {"date": "x", "q": "1"},
                            {},
                        ]
                    )
                ),
            )
            for owner, name in zip([None, boss.id], draw(names(2)), strict=True)
        ),
    ]


@st.composite
def rulesets(draw: st.DrawFn, found: Sequence[AnyThing]) -> RulesetPublished:
    """Rules that can be in force on a desk."""

    def ids(*kinds: type[AnyThing]) -> list[UUID]:
        return [thing.id for thing in found if isinstance(thing, kinds)]

    boss = next(thing.id for thing in found if isinstance(thing, Person) and thing.name == "Boss")
    conditions = ["true", "message.subject.contains('a')", "message.size > 10\n  && message.automatic"]
    tag = TEXT.filter(str.strip)
    return RulesetPublished(
        default_ticketbox_id=ids(Ticketbox)[0],
        rules=tuple(
            Rule(
                name=name,
                condition=draw(st.sampled_from(conditions)),
                ticketbox_id=draw(one_or_none(ids(Ticketbox))),
                priority=draw(st.sampled_from([None, *Priority])),
                tags=draw(st.lists(tag, max_size=2).map(tuple)),
                disposition=draw(st.sampled_from(list(Disposition))),
                reason=draw(st.one_of(st.none(), TEXT)),
                category_id=draw(one_or_none(ids(Category))),
                assignee_id=draw(st.sampled_from([None, boss])),
                acknowledge=draw(st.sampled_from([None, True, False])),
                acknowledgement=draw(st.one_of(st.none(), tag)),
                forward_to=draw(st.sampled_from([(), ("copy@elsewhere.example",)])),
                alert=draw(some(ids(Person, Team))),
                stop=draw(st.booleans()),
            )
            for name in draw(st.lists(TEXT.filter(bool), max_size=3, unique=True))
        ),
    )


SUPPORT = Ticketbox(id=uuid4(), name="Support", addresses=("support@example.com",))
ORDERS = Ticketbox(id=uuid4(), name="Orders", addresses=("orders@example.com",))
BOSS = Person(id=uuid4(), name="Boss", email="boss@example.com", role=Role.ADMINISTRATOR)
ANNA = Person(id=uuid4(), name="Anna", email="anna@example.com", role=Role.AGENT)
SARA = Person(id=uuid4(), name="Sara", email="sara@example.com", role=Role.SUPERVISOR)
LEO = Person(id=uuid4(), name="Leo", email="leo@example.com", role=Role.ANALYST)
"""An analyst."""
