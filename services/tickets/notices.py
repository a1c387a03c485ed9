"""Mails to people who work here: what they say, and who hears of what happens to a ticket. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.correspondence import CustomerReplied, NoteAdded, NoticeReason, NoticeReleased
from contracts.desk import Team, Ticketbox
from contracts.ids import derived
from contracts.mail import Address
from contracts.people import Person, Right
from contracts.service_levels import SLAWarned
from contracts.stream_ids import is_job
from contracts.ticket_events import TicketEvent
from contracts.tickets import TaskAdded, TaskChanged, TicketReopened, TicketSolved
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket

QUIET = timedelta(minutes=10)
"""After watchers heard of a letter, further ones are told to nobody."""


def notice(
    ticket: Ticket, box: Ticketbox, person: Person, why: NoticeReason, seed: UUID, subject: str, text: str
) -> NoticeReleased:
    """A mail about a ticket; its id is made of `seed`."""
    return NoticeReleased(
        ticket_id=ticket.ticket_id,
        notice_id=derived(seed, f"notice {person.id}"),
        message_id=[ticket.ticket_id, *ticket.letters][-1],
        person_id=person.id,
        sender=Address(name=box.name, address=box.addresses[0]),
        to=person.email,
        subject=f"Ticket {ticket.number}: {subject}",
        text=text,
        why=why,
    )


def body(words: Iterable[str], ticket: Ticket, box: Ticketbox, desk: Desk) -> str:
    """Words above the facts of a ticket, and the beginning of its last letter."""
    owner = desk.get(Person, ticket.assignee_id)
    due = [
        f"{item.target.replace('_', ' ').capitalize()} due: {item.due_at:%Y-%m-%d %H:%M} UTC"
        for item in ticket.deadlines
        if item.due_at is not None
    ]
    facts = [
        f"Ticket: {ticket.number}, {ticket.subject}",
        f"Customer: {ticket.contact.name} <{ticket.contact.address}>",
        f"Ticketbox: {box.name}",
        f"Owner: {owner.name if owner else 'nobody'}",
        f"State: {ticket.state.replace('_', ' ')}, priority {ticket.priority}",
        *due,
    ]
    excerpts = [letter.excerpt for letter in ticket.letters.values() if letter.excerpt][-1:]
    return "\n\n".join([*words, "\n".join(facts), *excerpts]) + "\n"


def who_see(people: Iterable[UUID], box: Ticketbox, desk: Desk) -> list[Person]:
    """Those of the people who may see the tickets of a ticketbox, each once, in this order."""
    found = [desk.get(Person, one) for one in dict.fromkeys(people)]
    return [one for one in found if one is not None and one.may(Right.SEE, box.id)]


def of_what_happened(
    before: Ticket,
    events: Sequence[TicketEvent],
    ticket: Ticket,
    desk: Desk,
    actor: str,
    at: datetime,
    now: datetime,
) -> Iterator[NoticeReleased]:
    """The mails that leave because of what happened to a ticket at once, each person's one.

    Whoever did it hears nothing of it, nor does who was told in it, nor anybody of what is done in bulk. It happened
    `at`, and is noticed `now`: of a target that is missed by now nobody is warned.
    """
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    if box is None or is_job(actor):
        return
    told = {actor, *(str(one.person_id) for one in events if isinstance(one, NoticeReleased))}
    for event in events:
        if (news := _news(event, before, ticket, desk, at, now)) is None:
            continue
        seed = derived(ticket.ticket_id, f"{news.why} at version {ticket.version}")
        for person in who_see(sorted(desk.people_of(news.hearers)), box, desk):
            if str(person.id) not in told:
                told.add(str(person.id))
                words = body(news.words, ticket, box, desk)
                yield notice(ticket, box, person, news.why, seed, news.subject, words)


@dataclass(frozen=True, slots=True)
class _News:
    """What is told, to which people and teams."""

    hearers: Iterable[UUID]
    why: NoticeReason
    subject: str
    words: Sequence[str]


def _news(
    event: TicketEvent, before: Ticket, ticket: Ticket, desk: Desk, at: datetime, now: datetime
) -> _News | None:
    watchers = ticket.watcher_ids
    match event:
        case CustomerReplied(letter=letter, thanks=False):
            if before.told_at is not None and at - before.told_at < QUIET:
                return None
            who = (letter.from_ and (letter.from_.name or letter.from_.address)) or "The customer"
            return _News(watchers, "letter", f"{who} wrote", [f"{who} wrote in a ticket that you watch."])
        case TicketSolved(solved_by=by):
            who = _name(by, desk, "An automation")
            return _News(watchers, "solved", "solved", [f"{who} solved a ticket that you watch."])
        case TicketReopened(reopened_by=by) if before.state.done:
            who = _name(by, desk, "Postroom")
            words = f"{who} opened a ticket again that you watch."
            return _News(watchers, "reopened", "open again", [words])
        case NoteAdded(mentions=mentions, author_id=author_id, text=note):
            who = _name(author_id, desk, "A colleague")
            return _News(mentions, "note", f"{who} mentions you", [f"{who} mentions you in a note:", note])
        case TaskAdded(restored=True):
            return None
        case (TaskAdded() | TaskChanged()) as task if task.owner_id != _owner_before(task.task_id, before):
            return _task(task, desk)
        case SLAWarned(target=target, due_at=due_at) if ticket.assignee_id is not None and now < due_at:
            what = target.replace("_", " ")
            words = f"The {what} in a ticket of yours will soon be late."
            return _News([ticket.assignee_id], "warned", f"{what} soon late", [words])
        case _:
            return None


def _owner_before(task_id: UUID, ticket: Ticket) -> UUID | None:
    task = ticket.tasks.get(task_id)
    return task.owner_id if task else None


def _task(task: TaskAdded | TaskChanged, desk: Desk) -> _News:
    """To whom a task is given now, and nobody if it is nobody's."""
    who = "your team" if desk.get(Team, task.owner_id) else "you"
    until = f", until {task.due_on:%d %b %Y}" if task.due_on else ""
    words = [f"There is a task for {who}{until}:", task.text]
    return _News([task.owner_id] if task.owner_id else [], "task", f"a task for {who}", words)


def _name(person_id: UUID | None, desk: Desk, otherwise: str) -> str:
    person = desk.get(Person, person_id)
    return person.name if person else otherwise
