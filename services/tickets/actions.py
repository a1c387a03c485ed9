"""What an automation does to a ticket when its time has come. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chassis.commands import Invalid
from contracts.automations import Actions, Automation, AutomationHeldBack, AutomationRan, Told
from contracts.desk import Ticketbox
from contracts.ids import derived
from contracts.people import Person, Right, Role
from contracts.router import Priority
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    ChosenBy,
    PriorityChanged,
    State,
    TagsChanged,
    TicketAssigned,
    TicketClosed,
    TicketSolved,
)
from services.tickets import describing, moving, notices, reminding
from services.tickets.automations import Occasion
from services.tickets.desk import Desk
from services.tickets.evolve import evolve
from services.tickets.ticket import MOST_RUNS, Ticket

DAY = timedelta(days=1)
_HEIGHT = {priority: height for height, priority in enumerate(Priority)}


def run(
    occasion: Occasion, ticket: Ticket, desk: Desk, mail: Sequence[datetime], now: datetime
) -> list[TicketEvent]:
    """Run an automation, and say so first.

    `mail` is when automatic mail left for the customer lately; what the automation sends leaves `now`.
    """
    automation, at = occasion.automation, occasion.at
    ran = AutomationRan(
        ticket_id=ticket.ticket_id,
        automation_id=automation.id,
        automation=automation.name,
        moment=automation.when.moment.value,
        since=occasion.since,
    )
    if sum(at - one < DAY for one in ticket.runs) >= MOST_RUNS:
        detail = f"{MOST_RUNS} automations ran for this ticket within a day"
        return [AutomationHeldBack(**ran.model_dump(exclude={"told", "left_out"}), detail=detail)]
    seed = derived(ticket.ticket_id, f"{automation.id} {ran.moment} {occasion.since.isoformat()}")
    doing = _Doing(ticket, desk, at, now, seed)
    doing.all_of(automation, mail)
    said = {"told": tuple(one.id for one in doing.told), "left_out": tuple(doing.left_out)}
    return [ran.model_copy(update=said), *doing.events]


@dataclass(slots=True)
class _Doing:
    """A ticket to which one action after the other is done; ids are made of `seed`."""

    ticket: Ticket
    desk: Desk
    at: datetime
    now: datetime
    seed: UUID
    events: list[TicketEvent] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    told: list[Person] = field(default_factory=list)

    def all_of(self, automation: Automation, mail: Sequence[datetime]) -> None:
        then = automation.then
        self._raise(then.raise_to)
        self._tag(then)
        self._move(then.move_to)
        self._own(then)
        self._finish(then)
        if then.remind is not None:
            reply_id = derived(self.seed, "reminder")
            self._happens(
                reminding.remind(
                    self.ticket, self.desk, then.remind, automation.name, reply_id, mail, self.at, self.now
                )
            )
        self._tell(automation)

    def _happens(self, event: TicketEvent) -> None:
        self.events.append(event)
        self.ticket = evolve(self.ticket, event, self.ticket.version + 1, self.at)

    def _raise(self, to: Priority | None) -> None:
        if to is not None and _HEIGHT[to] > _HEIGHT[self.ticket.priority]:
            self._happens(PriorityChanged(ticket_id=self.ticket.ticket_id, priority=to))

    def _tag(self, then: Actions) -> None:
        try:
            tags = describing.tagged(self.ticket.tags, then.add_tags, then.remove_tags)
        except Invalid as error:
            self.left_out.append(f"Tags: {error}")
            return
        if tags != self.ticket.tags:
            self._happens(TagsChanged(ticket_id=self.ticket.ticket_id, tags=tags))

    def _move(self, to: UUID | None) -> None:
        if to is None or to == self.ticket.ticketbox_id:
            return
        box = self.desk.get(Ticketbox, to)
        if box is None:
            self.left_out.append("It was not moved: the ticketbox was removed.")
            return
        for event in moving.moved(self.ticket, box, self.desk, "automation"):
            self._happens(event)

    def _own(self, then: Actions) -> None:
        if then.give_back:
            self._assign(None)
        if then.assign_to is None:
            return
        person = self.desk.get(Person, then.assign_to)
        if person is None or not person.may(Right.ANSWER, self.ticket.ticketbox_id):
            who = person.name if person else "Its new owner"
            self.left_out.append(f"{who} may not answer in this ticketbox, so the ticket did not go there.")
        else:
            self._assign(person.id)

    def _assign(self, person_id: UUID | None) -> None:
        if person_id != self.ticket.assignee_id:
            self._happens(
                TicketAssigned(
                    ticket_id=self.ticket.ticket_id, agent_id=person_id, method=ChosenBy.AUTOMATION
                )
            )

    def _finish(self, then: Actions) -> None:
        wanted = State(then.state) if then.state else None
        if wanted is None or self.ticket.state in (wanted, State.CLOSED):
            return
        try:
            describing.require_fields(self.ticket, self.desk)
        except Invalid as error:
            self.left_out.append(f"It was not {wanted}. {error}")
            return
        if self.ticket.state is not State.SOLVED:
            self._happens(TicketSolved(ticket_id=self.ticket.ticket_id))
        if wanted is State.CLOSED:
            self._happens(TicketClosed(ticket_id=self.ticket.ticket_id))

    def _tell(self, automation: Automation) -> None:
        then, box = automation.then, self.desk.get(Ticketbox, self.ticket.ticketbox_id)
        if not (then.tell or then.tell_ids):
            return
        if box is not None:
            self.told = notices.who_see(self._people(then), box, self.desk)
            why = f"The automation “{automation.name}” tells you of this ticket."
            text = notices.body([*filter(None, [then.words]), why], self.ticket, box, self.desk)
            for person in self.told:
                self._happens(
                    notices.notice(self.ticket, box, person, "automation", self.seed, automation.name, text)
                )
        if not self.told:
            self.left_out.append("There was nobody to tell.")

    def _people(self, then: Actions) -> Iterator[UUID]:
        if Told.OWNER in then.tell and self.ticket.assignee_id is not None:
            yield self.ticket.assignee_id
        if Told.WATCHERS in then.tell:
            yield from sorted(self.desk.people_of(self.ticket.watcher_ids))
        if Told.SUPERVISORS in then.tell:
            yield from supervisors(self.ticket.ticketbox_id, self.desk)
        yield from sorted(self.desk.people_of(then.tell_ids))


def supervisors(ticketbox_id: UUID, desk: Desk) -> list[UUID]:
    """Those who manage a ticketbox, by name; where there is none, the administrators."""
    managers = [one for one in desk.every(Person) if one.may(Right.MANAGE, ticketbox_id)]
    nearest = [one for one in managers if one.role is not Role.ADMINISTRATOR]
    return [one.id for one in nearest or managers]
