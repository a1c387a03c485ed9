"""Tickets, and what people do with them."""

from typing import Annotated, Literal, assert_never
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from contracts.model import Instant, Text, Writing
from contracts.tickets import State
from services.gateway.access.guard import Here, Signed, Writer, command_id_of
from services.gateway.bodies import Body
from services.gateway.contacts import organisations
from services.gateway.desk import automations
from services.gateway.lists import Limit
from services.gateway.numbers import TicketNumber
from services.gateway.problems import Unavailable, Unprocessable
from services.gateway.representations.basics import Page
from services.gateway.representations.desk import Changed
from services.gateway.representations.tickets import ComingItem, StreamEvent, Ticket, TicketItem
from services.gateway.tickets import ticket_lists, tickets
from services.gateway.tickets.doing import Wish
from services.gateway.tickets.next_ticket import next_ticket
from services.gateway.tickets.ticket_query import TicketQuery

router = APIRouter(tags=["tickets"])


@router.get("/tickets")
async def list_tickets(
    here: Here,
    who: Signed,
    query: Annotated[TicketQuery, Depends()],
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[TicketItem]:
    """Tickets, the last changed first."""
    async with here.service.pool.acquire() as db:
        wanted = query.filter(who.person.person_id, await organisations.read(db))
        return await ticket_lists.page_of_tickets(db, who.person.sight, wanted, cursor, limit)


class NextWanted(Body):
    box: UUID | None = Field(default=None, description="Null: in any ticketbox where you may answer.")


@router.post("/tickets/next", status_code=201)
async def post_next(request: Request, here: Here, person: Writer, wanted: NextWanted) -> Changed:
    """Get the most urgent ticket that waits and is nobody's; it is yours then, and nobody else gets it.

    409 if none waits, if you are away, or if your capacity is taken.
    """
    return await next_ticket(here, person, command_id_of(request, person), wanted.box)


@router.get("/tickets/{number}")
async def get_ticket(here: Here, who: Signed, number: TicketNumber, as_of: Instant | None = None) -> Ticket:
    """A ticket with its conversation, as it is or as it stood at a moment. 404 with when it began, if it had not."""
    async with here.service.pool.acquire() as db:
        if as_of is None:
            opened = await tickets.open_ticket(db, who.person.sight, number)
        else:
            now = here.service.clock()
            opened = await tickets.open_ticket_as_of(db, who.person.sight, number, as_of, now)
        return tickets.ticket_of(opened, await tickets.routing_of(db, opened))


@router.get("/tickets/{number}/coming")
async def get_coming(here: Here, who: Signed, number: TicketNumber) -> Page[ComingItem]:
    """What will happen to the ticket by itself if nothing else does, the next first."""
    async with here.service.pool.acquire() as db:
        ticket_id = await tickets.ticket_id_of(db, who.person.sight, number)
    found = await automations.coming(here, ticket_id)
    if found is None:
        raise Unavailable("tickets does not answer; try again in a moment")
    return Page(items=found, next=None)


@router.get("/tickets/{number}/events")
async def get_events(here: Here, who: Signed, number: TicketNumber) -> Page[StreamEvent]:
    """The ticket's event stream, from the log."""
    async with here.service.pool.acquire() as db:
        opened = await tickets.open_ticket(db, who.person.sight, number)
    return Page(items=tickets.stream_of(opened.events, opened.sources.hidden), next=None)


class NewReply(Body):
    """`expected_version` is the version of the ticket that its author saw."""

    text: Writing
    expected_version: int
    solve: bool = False


@router.post("/tickets/{number}/replies", status_code=201)
async def post_reply(wish: Wish, new: NewReply) -> Changed:
    """Answer the customer. 409 with what is new if he wrote after `expected_version`."""
    return await wish.reply(new.text, new.expected_version, solve=new.solve)


@router.post("/tickets/{number}/replies/{reply_id}/retry", status_code=201)
async def retry_reply(wish: Wish, reply_id: UUID) -> Changed:
    """Send an answer again that failed, bounced or is uncertain: the same bytes."""
    return await wish.retry(reply_id)


class NewNote(Body):
    """`mentions` are ids of people and teams; `@Name` in the text mentions too."""

    text: Writing
    mentions: list[UUID] = Field(default_factory=list)


@router.post("/tickets/{number}/notes", status_code=201)
async def post_note(wish: Wish, new: NewNote) -> Changed:
    """Write to colleagues; the customer never sees it."""
    return await wish.note(new.text, new.mentions)


class Assignment(Body):
    """`assignee` is a person's id, `me`, or null to give the ticket back."""

    assignee: UUID | Literal["me"] | None


@router.post("/tickets/{number}/assignment", status_code=201)
async def post_assignment(wish: Wish, person: Writer, new: Assignment) -> Changed:
    """Give the ticket to someone."""
    return await wish.assign(person.person_id if new.assignee == "me" else new.assignee)


class NewBox(Body):
    """`correction` says that the rules had sent it to the wrong one, and is counted: see the report on misrouting."""

    ticketbox: UUID
    correction: bool = False


@router.post("/tickets/{number}/ticketbox", status_code=201)
async def post_ticketbox(wish: Wish, new: NewBox) -> Changed:
    """Give the ticket to another ticketbox."""
    return await wish.move(new.ticketbox, correction=new.correction)


class ToUndo(Body):
    """`command_id` is from the answer to the write that is to be undone."""

    command_id: UUID


@router.post("/tickets/{number}/undo", status_code=201)
async def post_undo(wish: Wish, new: ToUndo) -> Changed:
    """Give back what one write changed.

    That is the state with its hold, owner, ticketbox, priority, category, tags and custom fields. 409 if any of it
    changed again since.
    """
    return await wish.undo(new.command_id)


class NewState(Body):
    """`until`, `until_solved` and `reason` are of a hold, `more_than_thanks` of `open`.

    Solving and closing are refused if a letter came after `expected_version`.
    """

    state: State
    expected_version: int | None = None
    until: Instant | None = None
    until_solved: TicketNumber | None = Field(
        default=None, description="The number of a linked ticket to wait for."
    )
    reason: Text = ""
    more_than_thanks: bool = Field(
        default=False,
        description="The customer's last letter was taken for thanks (`only_thanks`), and wants an answer.",
    )


@router.post("/tickets/{number}/state", status_code=201)
async def post_state(wish: Wish, new: NewState) -> Changed:
    """Say where the ticket stands: open, pending (waits for the customer), on hold, solved, or closed for good."""
    if new.state is not State.ON_HOLD and (new.until or new.until_solved or new.reason):
        raise Unprocessable("Only a hold has an end and a reason: state on_hold.")
    if new.state is not State.OPEN and new.more_than_thanks:
        raise Unprocessable("What says more than thanks opens the ticket: state open.")
    if new.until is not None and new.until_solved is not None:
        raise Unprocessable("A hold has one end: a moment, or a ticket that is to be solved.")
    match new.state:
        case State.OPEN:
            return await wish.reopen(more_than_thanks=new.more_than_thanks)
        case State.PENDING:
            return await wish.set_pending()
        case State.ON_HOLD if new.until_solved is not None:
            return await wish.hold_for(new.until_solved, new.reason)
        case State.ON_HOLD:
            return await wish.put_on_hold(new.until, new.reason)
        case State.SOLVED:
            return await wish.solve(new.expected_version)
        case State.CLOSED:
            return await wish.close(new.expected_version)
        case _:
            assert_never(new.state)
