"""Who gets a ticket, and what becomes of one that nobody takes. Pure: desk, tickets and time are arguments."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from contracts.desk import DistributionMethod, Ticketbox
from contracts.people import Person, Presence
from contracts.router import Considered, DistributionEvidence
from contracts.tags import tag_of
from rules.hours import WALL_CLOCK, Hours
from services.router.language import name_of
from services.router.queue import Queued

LAST_AGENT = "last_agent"
LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""Before any ticket."""
MOST_NAMED = 5
"""Of the others, in the evidence."""
MOST_AT_ONCE = 250
"""Tickets of one ticketbox that something happens to in one transaction."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who may answer in the ticketbox, as they are now."""

    person: Person
    presence: Presence = Presence.AVAILABLE
    absent_since: datetime | None = None
    """None: is there, or never said anything."""
    until: datetime | None = None
    """When the presence is over by itself."""

    @property
    def id(self) -> UUID:
        return self.person.id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A waiting ticket, with what only the methods ask for."""

    ticket: Queued
    language: str = ""
    """Empty: unknown."""
    last_agent_id: UUID | None = None
    """Who answered this customer last."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a ticket asks of whoever gets it."""

    skills: tuple[str, ...] = ()
    language: str = ""

    def missing(self, person: Person) -> str | None:
        """What somebody lacks; None: nothing."""
        has = {tag_of(skill) for skill in person.skills}
        for skill in self.skills:
            if skill not in has:
                return f"does not have the skill {skill}"
        if self.language and self.language not in person.languages:
            return f"does not speak {name_of(self.language)}"
        return None

    @property
    def words(self) -> tuple[str, ...]:
        spoken = (f"speaks {name_of(self.language)}",) if self.language else ()
        return (*spoken, *(f"has the skill {skill}" for skill in self.skills))


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets a ticket, and why."""

    ticket: Queued
    agent_id: UUID
    method: str
    evidence: DistributionEvidence


@dataclass(frozen=True, slots=True)
class Known:
    """What anybody in a ticketbox has, present or not, if it is distributed by that.

    What nobody has would only make the customer wait, and is not asked for.
    """

    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    def asked_by(self, wanted: Wanted) -> Asked:
        """The ticket's tags that are skills, and its language."""
        skills = {tag_of(tag) for tag in wanted.ticket.tags} & self.skills if self.skills else ()
        return Asked(
            skills=tuple(sorted(skills)),
            language=wanted.language if wanted.language in self.languages else "",
        )


def known_in(box: Ticketbox, members: Iterable[Agent]) -> Known:
    """What tickets may ask for in a ticketbox."""
    if box.distribution.method is not DistributionMethod.SKILLS:
        return Known()
    people = [agent.person for agent in members]
    return Known(
        skills=frozenset(tag_of(skill) for person in people for skill in person.skills),
        languages=frozenset(language for person in people for language in person.languages),
    )


def choose(
    wanted: Wanted,
    asked: Asked,
    box: Ticketbox,
    members: Sequence[Agent],
    loads: Mapping[UUID, int],
    last: UUID | None,
) -> Choice | None:
    """Who of the ticketbox gets a ticket; None: nobody can now.

    `loads`: how many open tickets each has. `last`: who got one last, after whom the next in turn comes.
    """
    there = [agent for agent in members if hindrance(agent, loads) is None]
    others = [agent for agent in there if agent.id != wanted.ticket.given_back_by]
    # Better the same person again than nobody.
    for agents in (others, there) if len(others) < len(there) else (there,):
        if choice := _choose_of(agents, wanted, asked, box, members, loads, last):
            return choice
    return None


def _choose_of(
    there: Sequence[Agent],
    wanted: Wanted,
    asked: Asked,
    box: Ticketbox,
    members: Sequence[Agent],
    loads: Mapping[UUID, int],
    last: UUID | None,
) -> Choice | None:
    method = box.distribution.method
    if box.distribution.last_agent_first:
        for agent in there:
            if agent.id == wanted.last_agent_id:
                others = _in_turn([one for one in there if one is not agent], last)
                return _chosen(wanted, agent, others, members, loads, LAST_AGENT, Asked())
    candidates = _in_turn([agent for agent in there if asked.missing(agent.person) is None], last)
    if method is not DistributionMethod.ROUND_ROBIN:
        shares = _shares(candidates, loads)
        candidates.sort(key=lambda agent: shares[agent.id])  # who is next in turn stays before equals
    if not candidates:
        return None
    return _chosen(wanted, candidates[0], candidates[1:], members, loads, method.value, asked)


def hindrance(agent: Agent, loads: Mapping[UUID, int]) -> str | None:
    """Why somebody gets no ticket now; None: nothing is in the way."""
    if agent.presence is not Presence.AVAILABLE:
        return str(agent.presence.value)
    if agent.person.capacity is not None and loads.get(agent.id, 0) >= agent.person.capacity:
        return f"full: {loads.get(agent.id, 0)} of {agent.person.capacity} tickets"
    return None


def _in_turn(agents: Iterable[Agent], last: UUID | None) -> list[Agent]:
    """In the fixed order of ids, beginning after `last`."""
    return sorted(agents, key=lambda agent: (last is not None and agent.id <= last, agent.id))


def _shares(agents: Sequence[Agent], loads: Mapping[UUID, int]) -> dict[UUID, float]:
    """How much of their capacity is taken; who has no limit counts like the one with the highest."""
    highest = max((agent.person.capacity or 0 for agent in agents), default=0) or 1
    return {agent.id: loads.get(agent.id, 0) / (agent.person.capacity or highest) for agent in agents}


def _load(agent: Agent, loads: Mapping[UUID, int]) -> str:
    number, capacity = loads.get(agent.id, 0), agent.person.capacity
    if capacity is not None:
        return f"{number} of {capacity} tickets"
    return "1 ticket" if number == 1 else f"{number} tickets"


_FIRST_WORDS = {
    DistributionMethod.ROUND_ROBIN.value: ("next in turn",),
    LAST_AGENT: ("answered this customer last",),
}


def _chosen(
    wanted: Wanted,
    agent: Agent,
    others: Sequence[Agent],
    members: Sequence[Agent],
    loads: Mapping[UUID, int],
    method: str,
    asked: Asked,
) -> Choice:
    could = {one.id for one in others} | {agent.id}
    # Who gave it back comes first: that they do not get it is what somebody may wonder about.
    passed_over = sorted(
        (one for one in members if one.id not in could), key=lambda one: one.id != wanted.ticket.given_back_by
    )
    return Choice(
        ticket=wanted.ticket,
        agent_id=agent.id,
        method=method,
        evidence=DistributionEvidence(
            why=", ".join((*_FIRST_WORDS.get(method, ()), _load(agent, loads), *asked.words)),
            asked=(*asked.skills, *((name_of(asked.language),) if asked.language else ())),
            candidates=len(could),
            others=tuple(Considered(agent_id=one.id, why=_load(one, loads)) for one in others[:MOST_NAMED]),
            passed_over=tuple(
                Considered(
                    agent_id=one.id,
                    why=hindrance(one, loads) or asked.missing(one.person) or "had it before",
                )
                for one in passed_over[:MOST_NAMED]
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class Situation:
    """A ticketbox at a moment, with its tickets that distribution may have to do with."""

    box: Ticketbox
    members: Sequence[Agent]
    """Who may answer in it."""
    hours: Hours = WALL_CLOCK
    last: UUID | None = None
    """Who got a ticket last."""
    waiting: Sequence[Wanted] = ()
    """The most urgent first."""
    may_overflow: Sequence[Queued] = ()
    """Those that wait and have not been where they would overflow to, the longest first."""
    untold: Sequence[Queued] = ()
    """Those that wait and that no supervisor was told of, the longest first."""
    left: Sequence[Queued] = ()
    """Unanswered ones whose owner may be gone, the longest owned first."""


@dataclass(slots=True)
class Plan:
    """What is to happen, and when to look again; None: when something happens."""

    choices: list[Choice] = field(default_factory=list)
    overflows: list[Queued] = field(default_factory=list)
    tells: list[Queued] = field(default_factory=list)
    taken_back: list[tuple[Queued, str]] = field(default_factory=list)
    last: UUID | None = None
    look_at: datetime | None = None

    def look(self, moment: datetime | None) -> None:
        """Look again at a moment, or before."""
        if moment is not None:
            self.look_at = moment if self.look_at is None else min(self.look_at, moment)


def plan(situation: Situation, loads: dict[UUID, int], now: datetime) -> Plan:
    """What happens in a ticketbox now. `loads` are of all its people, and count what is given here too."""
    made = Plan(last=situation.last)
    distribution = situation.box.distribution
    if distribution.method.gives:
        _give(made, situation, loads)
    gone = {choice.ticket.ticket_id for choice in made.choices}
    if distribution.overflow_after_minutes is not None:
        waiting = [ticket for ticket in situation.may_overflow if ticket.ticket_id not in gone]
        made.overflows = _over(made, situation, waiting, distribution.overflow_after_minutes, now)
        gone |= {ticket.ticket_id for ticket in made.overflows}
    if distribution.tell_after_minutes is not None:
        waiting = [ticket for ticket in situation.untold if ticket.ticket_id not in gone]
        made.tells = _over(made, situation, waiting, distribution.tell_after_minutes, now)
    _take_back(made, situation, now)
    for agent in situation.members:
        for moment in (agent.until, gone_at(agent, situation.box, situation.hours)):
            if moment is not None and moment > now:
                made.look(moment)
    most = max(len(made.choices), len(made.overflows), len(made.tells), len(made.taken_back))
    if most >= MOST_AT_ONCE:
        made.look(now)  # there may be more than were read
    return made


def _give(made: Plan, situation: Situation, loads: dict[UUID, int]) -> None:
    box, members = situation.box, situation.members
    known = known_in(box, members)
    free = {agent.id: agent for agent in members if hindrance(agent, loads) is None}
    in_vain: set[Asked] = set()
    """What nobody has who is free: many tickets may ask for it, and it is looked for once."""
    for wanted in situation.waiting:
        if len(made.choices) == MOST_AT_ONCE or not free:
            return
        asked = known.asked_by(wanted)
        if asked in in_vain and wanted.last_agent_id not in free:
            continue
        choice = choose(wanted, asked, box, members, loads, made.last)
        if choice is None:
            in_vain.add(asked)
            continue
        made.choices.append(choice)
        made.last = choice.agent_id
        loads[choice.agent_id] = loads.get(choice.agent_id, 0) + 1
        if hindrance(free[choice.agent_id], loads):
            del free[choice.agent_id]


def _over(
    made: Plan, situation: Situation, waiting: Sequence[Queued], minutes: int, now: datetime
) -> list[Queued]:
    """Those that have waited for so long; the first that has not says when to look again."""
    for number, ticket in enumerate(waiting):
        moment = _after(situation, ticket.waiting_since, minutes)
        if moment is None or moment > now:
            made.look(moment)
            return list(waiting[:number])
    return list(waiting)


def _after(situation: Situation, since: datetime | None, minutes: int) -> datetime | None:
    """When so many minutes of business time have passed, 0 at once; None: never."""
    return since if since is None or minutes == 0 else situation.hours.after(since, 60 * minutes)


def gone_at(agent: Agent, box: Ticketbox, hours: Hours) -> datetime | None:
    """When somebody has been away for so long that the ticketbox takes unanswered tickets back; None: never.

    Who never said anything was gone long ago, and so has a ticket as long as who gets one while away.
    """
    minutes = box.distribution.take_back_after_minutes
    if minutes is None or agent.presence is Presence.AVAILABLE:
        return None
    if agent.absent_since is None:
        return LONG_AGO
    return hours.after(agent.absent_since, 60 * minutes) if minutes else agent.absent_since


def _take_back(made: Plan, situation: Situation, now: datetime) -> None:
    """Unanswered tickets of those who are away for too long, and of those who may not answer here any more."""
    members = {agent.id: agent for agent in situation.members}
    minutes = situation.box.distribution.take_back_after_minutes
    for ticket in situation.left:
        owner = members.get(ticket.owner_id) if ticket.owner_id else None
        if owner is None:
            made.taken_back.append((ticket, "may not answer here"))
        elif minutes is not None and (gone := gone_at(owner, situation.box, situation.hours)) is not None:
            # Who got it while away has it as long as who went away with it.
            had = _after(situation, ticket.owned_since, minutes)
            moment = gone if had is None else max(gone, had)
            if moment <= now:
                made.taken_back.append((ticket, str(owner.presence.value)))
            else:
                made.look(moment)
