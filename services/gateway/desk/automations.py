"""Automations in plain sentences, what they will do next, and what one would do if it were saved now."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from chassis.requests import TIMEOUT_SECONDS
from contracts.automations import Actions, Automation, Moment, Selection, Told
from contracts.queries import AutomationTrial, Coming, GetWhatComes, TryAutomation, WhatComes
from services.gateway.desk import desk
from services.gateway.gateway import Gateway
from services.gateway.problems import Unanswered
from services.gateway.representations.system import TrialItem
from services.gateway.representations.tickets import ComingItem

Names = Mapping[UUID, str]
MOMENTS: dict[Moment, str] = {
    Moment.OPEN: "after it became open",
    Moment.PENDING: "after it began to wait for the customer",
    Moment.ON_HOLD: "after it was put on hold",
    Moment.SOLVED: "after it was solved",
    Moment.UNANSWERED: "after the customer wrote, if nobody has answered",
    Moment.BEFORE_FIRST_RESPONSE: "before the first response is due",
    Moment.BEFORE_NEXT_RESPONSE: "before the next response is due",
    Moment.BEFORE_RESOLUTION: "before the resolution is due",
    Moment.AFTER_FIRST_RESPONSE: "after the first response was due",
    Moment.AFTER_NEXT_RESPONSE: "after the next response was due",
    Moment.AFTER_RESOLUTION: "after the resolution was due",
}
_TOLD = {Told.OWNER: "its owner", Told.WATCHERS: "its watchers", Told.SUPERVISORS: "the supervisors"}


def sentence(automation: Automation, names: Names) -> str:
    """The whole of an automation: when, for which tickets, and what then."""
    timing = automation.when
    clock = "of business time " if timing.clock == "business" and timing.minutes else ""
    when = (
        f"{_duration(timing.minutes)} {clock}{MOMENTS[timing.moment]}"
        if timing.minutes
        else _at_once(timing.moment)
    )
    whose = ", ".join(_chosen(automation.tickets, names))
    said = f"{when[0].upper()}{when[1:]}{f', {whose}' if whose else ''}: {done(automation.then, names)}"
    return said if automation.active else f"(off) {said}"


def _at_once(moment: Moment) -> str:
    words = MOMENTS[moment]
    return f"as soon as {words.removeprefix('after ')}" if words.startswith("after ") else f"just {words}"


def _duration(minutes: int) -> str:
    for size, name in ((24 * 60, "day"), (60, "hour")):
        if minutes >= size and minutes % size == 0:
            return _counted(minutes // size, name)
    return _counted(minutes, "minute")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _chosen(tickets: Selection, names: Names) -> Iterator[str]:
    if tickets.ticketbox_ids:
        yield f"in {_named(tickets.ticketbox_ids, names, 'or')}"
    if tickets.priorities:
        yield f"with priority {' or '.join(tickets.priorities)}"
    if tickets.tags:
        yield f"with the tag {' or '.join(tickets.tags)}"
    if tickets.category_ids:
        yield f"about {_named(tickets.category_ids, names, 'or')}"
    if tickets.organisation_ids:
        yield f"of {_named(tickets.organisation_ids, names, 'or')}"
    if tickets.owner != "anyone":
        yield f"owned by {tickets.owner}"


def _named(identities: tuple[UUID, ...], names: Names, between: str) -> str:
    return f" {between} ".join(names.get(one, "?") for one in identities)


def done(then: Actions, names: Names) -> str:
    """What an automation does."""
    return ", ".join(_done(then, names)) or "nothing"


def _done(then: Actions, names: Names) -> Iterator[str]:
    if then.raise_to:
        yield f"raise the priority to {then.raise_to}"
    if then.add_tags:
        yield f"add the tag {', '.join(then.add_tags)}"
    if then.remove_tags:
        yield f"remove the tag {', '.join(then.remove_tags)}"
    if then.move_to:
        yield f"move it to {names.get(then.move_to, '?')}"
    if then.assign_to:
        yield f"give it to {names.get(then.assign_to, '?')}"
    if then.give_back:
        yield "give it back"
    if then.state:
        yield {"solved": "solve it", "closed": "close it"}[then.state]
    if then.remind:
        yield "remind the customer"
    people = [*(_TOLD[one] for one in then.tell), *(names.get(one, "?") for one in then.tell_ids)]
    if people:
        yield f"tell {' and '.join(people)}"


async def coming(
    here: Gateway, ticket_id: UUID, timeout_seconds: float = TIMEOUT_SECONDS
) -> list[ComingItem] | None:
    """What will happen to a ticket by itself, the next first; None: tickets does not answer."""
    try:
        found = await here.ask(GetWhatComes(ticket_id=ticket_id), WhatComes, timeout_seconds=timeout_seconds)
    except Unanswered:
        return None
    if not found.items:
        return []
    async with here.service.pool.acquire() as db:
        known = {one.id: one for one in await desk.every(db, Automation)}
        names = await desk.names(db)
    return [_item(one, known, names) for one in found.items]


def _item(one: Coming, known: Mapping[UUID, Automation], names: Names) -> ComingItem:
    automation = known.get(one.automation_id) if one.automation_id else None
    words = {"closes": "It closes by itself", "hold_ends": "The hold ends, and it is open again"}
    said = words.get(
        one.what, f"{one.automation}: {done(automation.then, names)}" if automation else str(one.automation)
    )
    return ComingItem(at=one.at, what=one.what, automation=one.automation, sentence=said)


async def trial(here: Gateway, automation: Automation) -> TrialItem:
    """What an automation would do if it were saved now.

    Raises:
        Problem: tickets does not answer.
    """
    found = await here.ask(TryAutomation(automation=automation), AutomationTrial)
    async with here.service.pool.acquire() as db:
        names = await desk.names(db)
    return TrialItem(
        sentence=sentence(automation, names),
        at_once=found.at_once,
        later=found.later,
        examples=list(found.examples),
    )
