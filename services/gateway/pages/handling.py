"""What agents do on a ticket's page with the ticket as a whole; each answer shows it as it is then."""

from datetime import datetime
from typing import Annotated, Literal, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from contracts.model import LONGEST_WRITING
from contracts.people import Right
from contracts.router import Priority
from contracts.tickets import LinkKind, State
from services.gateway.access.accounts import SignedIn
from services.gateway.access.guard import Here, Signed
from services.gateway.gateway import Gateway
from services.gateway.numbers import TicketNumber
from services.gateway.pages import entered
from services.gateway.pages.rendering import page
from services.gateway.pages.tickets import Undo, back_from, show_ticket, show_unseen
from services.gateway.problems import Conflict, NotFound, Unprocessable
from services.gateway.tickets import tickets
from services.gateway.tickets.choices import choices
from services.gateway.tickets.doing import Wish
from services.gateway.tickets.handling import Handle
from services.gateway.tickets.holds import MORNING, end_of

router = APIRouter()
Text = Annotated[str, Form(max_length=LONGEST_WRITING)]


class Showing:
    """Shows a ticket after something was done."""

    def __init__(self, request: Request, here: Here, who: Signed, number: TicketNumber) -> None:
        self._request, self._here, self._who, self._number = request, here, who, number

    async def __call__(self, done: str, undo: Undo | None = None, number: int | None = None) -> Response:
        answer = await show_ticket(
            self._request, self._here, self._who, number or self._number, done=done, undo=undo
        )
        answer.headers["HX-Trigger"] = "ticket-done"
        return answer


Show = Annotated[Showing, Depends()]


@router.post("/tickets/{number}/state")
async def state(
    request: Request,
    here: Here,
    who: Signed,
    wish: Wish,
    show: Show,
    state: Annotated[State, Form()],
    seen_version: Annotated[int | None, Form()] = None,
    until: Annotated[Literal["", "enter", "tomorrow", "monday", "week", "day", "ticket"], Form()] = "",
    day: Text = "",
    solved: Text = "",
    reason: Text = "",
    more_than_thanks: Annotated[bool, Form()] = False,
) -> Response:
    """Say where the ticket stands."""
    back = back_from(wish)
    match state:
        case State.OPEN:
            await wish.reopen(more_than_thanks=more_than_thanks)
            return await show("The ticket is open again.", back)
        case State.PENDING:
            await wish.set_pending()
            return await show("The ticket waits for the customer.", back)
        case State.ON_HOLD if until == "ticket":
            awaited = entered.number(solved)
            await wish.hold_for(awaited, reason)
            return await show(f"The ticket is on hold until ticket {awaited} is solved.", back)
        case State.ON_HOLD:
            if until == "enter":  # no button was chosen
                until = "day" if day else "tomorrow"
            end = await _end_of_hold(here, who, wish.number, until, day)
            await wish.put_on_hold(end, reason)
            held = f" until the morning of {end:%A, %d %B %Y}" if end else ""
            return await show(f"The ticket is on hold{held}.", back)
        case State.SOLVED | State.CLOSED:
            settle = wish.solve if state is State.SOLVED else wish.close
            try:
                await settle(seen_version)
            except Conflict as conflict:
                return show_unseen(request, who, conflict)
            return await show(f"The ticket is {state}.", back)
        case _:
            assert_never(state)


async def _end_of_hold(here: Gateway, who: SignedIn, number: int, until: str, day: str) -> datetime | None:
    """A morning where the ticketbox works; None: somebody opens it.

    Raises:
        Unprocessable: the day is none.
    """
    if until == "":
        return None
    async with here.service.pool.acquire() as db:
        opened = await tickets.open_ticket(db, who.person.sight, number)
        zone = ZoneInfo((await choices(db)).time_zone_of(opened.summary.ticketbox_id))
    if until != "day":
        preset_end = end_of(until, here.service.clock(), zone)  # type: ignore[arg-type]  # only presets are left
        return preset_end.astimezone(zone)
    chosen = entered.day(day)
    if chosen is None:
        raise Unprocessable("Choose the day until which the ticket waits.")
    # Asked here, too: in UTC, the first days of the calendar may be in no year.
    if chosen < here.service.clock().astimezone(zone).date():
        raise Unprocessable("This day is over. Choose a later one.")
    return datetime.combine(chosen, MORNING, zone)


@router.post("/tickets/{number}/priority")
async def priority(handle: Handle, show: Show, priority: Annotated[Priority, Form()]) -> Response:
    """Say how urgent it is."""
    await handle.set_priority(priority)
    return await show(f"The priority is {priority}.", back_from(handle))


@router.post("/tickets/{number}/undo")
async def undo(wish: Wish, show: Show, undone: Annotated[UUID, Form()]) -> Response:
    """Give back what was changed."""
    await wish.undo(undone)
    return await show("It is as it was before.")


@router.post("/tickets/{number}/tags")
async def tags(handle: Handle, show: Show, add: Text = "", remove: Text = "") -> Response:
    """Add or remove a tag."""
    if not add.strip() and not remove:
        raise Unprocessable("The tag is empty. Write one, then press Enter.")
    await handle.change_tags([add] if add.strip() else [], [remove] if remove else [])
    done = f"The tag {remove} is removed." if remove else f"The tag {add.strip()} is added."
    return await show(done, back_from(handle))


@router.post("/tickets/{number}/fields/{key}")
async def fields(handle: Handle, show: Show, key: str, value: Text = "") -> Response:
    """Fill in a custom field, or empty it."""
    await handle.set_fields({key: value.strip() or None})
    return await show("The field is saved.", back_from(handle))


@router.post("/tickets/{number}/category")
async def category(handle: Handle, show: Show, category: Text = "") -> Response:
    """Say what the matter is about."""
    await handle.set_category(entered.identity(category))
    return await show("The category is saved.", back_from(handle))


@router.post("/tickets/{number}/watchers")
async def watchers(handle: Handle, show: Show, add: Text = "", remove: Text = "") -> Response:
    """Let someone hear of what happens, or no more."""
    added, removed = entered.identity(add), entered.identity(remove)
    await handle.change_watchers([added] if added else [], [removed] if removed else [])
    undo, mine = {"add": remove} if remove else {"remove": add}, str(handle.person.person_id)
    who = "You hear" if mine in {add, remove} else "They hear"
    done = f"{who} of this ticket no more." if remove else f"{who} of this ticket from now on, by mail."
    return await show(done, Undo(handle.number, "watchers", undo))


@router.post("/tickets/{number}/tasks")
async def task(handle: Handle, show: Show, text: Text = "", owner: Text = "", due_on: Text = "") -> Response:
    """Keep something to be done."""
    await handle.add_task(text, entered.identity(owner), entered.day(due_on))
    return await show("The task is added.")


@router.post("/tickets/{number}/tasks/{task_id}")
async def task_done(handle: Handle, show: Show, task_id: UUID, done: Annotated[bool, Form()]) -> Response:
    """It is done, or to be done after all."""
    await handle.finish_task(task_id, done=done)
    return await show("The task is done." if done else "The task is to be done after all.")


@router.post("/tickets/{number}/tasks/{task_id}/change")
async def change_task(
    handle: Handle, show: Show, task_id: UUID, text: Text = "", owner: Text = "", due_on: Text = ""
) -> Response:
    """Say anew what is to be done, by whom and until when."""
    await handle.change_task(task_id, text, entered.identity(owner), entered.day(due_on))
    return await show("The task is changed.")


@router.post("/tickets/{number}/tasks/{task_id}/remove")
async def remove_task(handle: Handle, show: Show, task_id: UUID) -> Response:
    """It is not to be done any more."""
    await handle.remove_task(task_id)
    return await show("The task is removed.", Undo(handle.number, f"tasks/{task_id}/undo", {}))


@router.post("/tickets/{number}/tasks/{task_id}/undo")
async def restore_task(handle: Handle, show: Show, task_id: UUID) -> Response:
    """It is there again, as it was."""
    await handle.restore_task(task_id)
    return await show("The task is back.")


@router.post("/tickets/{number}/ticketbox")
async def ticketbox(
    who: Signed,
    wish: Wish,
    show: Show,
    box: Annotated[UUID, Form()],
    correction: Annotated[bool, Form()] = False,
) -> Response:
    """Give the ticket to another ticketbox."""
    await wish.move(box, correction=correction)
    if not who.person.sight.sees(box):
        answer = Response()
        answer.headers["HX-Redirect"] = "/tickets"
        return answer
    done = "The ticket is moved, and the wrong way is counted." if correction else "The ticket is moved."
    return await show(done, back_from(wish) if who.person.may(Right.ANSWER, box) else None)


@router.post("/tickets/{number}/links")
async def link(
    handle: Handle, show: Show, number: TicketNumber, link: Annotated[LinkKind, Form()], other: Text
) -> Response:
    """Link another ticket."""
    linked = entered.number(other)
    await handle.link(linked, link)
    undo = Undo(number, "links/remove", {"other": str(linked), "link": link})
    return await show(f"Ticket {linked} is linked.", undo)


@router.post("/tickets/{number}/links/remove")
async def unlink(
    handle: Handle, show: Show, number: TicketNumber, link: Annotated[LinkKind, Form()], other: Text
) -> Response:
    """Remove a link."""
    linked = entered.number(other)
    await handle.unlink(linked, link)
    undo = Undo(number, "links", {"other": str(linked), "link": link})
    return await show("The link is removed.", undo)


@router.get("/tickets/{number}/merge")
async def preview(
    request: Request, here: Here, who: Signed, number: TicketNumber, into: str = ""
) -> Response:
    """The ticket that this one would go on in."""
    sight = who.person.sight
    async with here.service.pool.acquire() as db:
        ticket = tickets.ticket_of(await tickets.open_ticket(db, sight, number))
        other = tickets.ticket_of(await tickets.open_ticket(db, sight, entered.number(into)))
    if other.number == number:
        raise Unprocessable("A ticket cannot be merged into itself. Write the number of another one.")
    return page(request, "_merge.html", who, ticket=ticket, other=other)


@router.post("/tickets/{number}/merge")
async def merge(
    handle: Handle, show: Show, into: Text, show_other: Annotated[bool, Form()] = False
) -> Response:
    """Let it go on in another ticket."""
    other, number = entered.number(into), handle.number
    await handle.merge(other)
    undo = Undo(number, "merge/undo", {"shown": str(other)} if show_other else {})
    return await show(f"Ticket {number} is merged into {other}.", undo, other if show_other else None)


@router.post("/tickets/{number}/merge/undo")
async def undo_merge(
    handle: Handle, show: Show, shown: Annotated[TicketNumber | None, Form()] = None
) -> Response:
    """Let it stand for itself again."""
    await handle.undo_merge()
    return await show("The merge is undone.", None, shown)


@router.post("/tickets/{number}/split")
async def split(
    handle: Handle, show: Show, message_id: Annotated[list[UUID] | None, Form()] = None, subject: Text = ""
) -> Response:
    """Make a ticket of the letters that are ticked."""
    made = await handle.split(_ticked(message_id), subject)
    if made.new_number is None:
        raise NotFound("The new ticket is on its way; reload the page in a moment.")
    undo = Undo(made.new_number, "merge", {"into": str(made.number), "show_other": "true"})
    return await show(f"The letters are in the new ticket {made.new_number}.", undo)


@router.post("/tickets/{number}/letters/move")
async def move_letters(
    handle: Handle,
    show: Show,
    message_id: Annotated[list[UUID] | None, Form()] = None,
    to: Text = "",
    shown: Annotated[TicketNumber | None, Form()] = None,
) -> Response:
    """Put the letters that are ticked into the ticket that they belong to; or back, with what answered them since."""
    ticked, other, number = _ticked(message_id), entered.number(to), handle.number
    await handle.move_letters(ticked, other, with_answers=shown is not None)
    undo = Undo(
        other,
        "letters/move",
        {"message_id": [str(one) for one in ticked], "to": str(number), "shown": str(number)},
    )
    return await show(f"The letters are in ticket {other} now.", undo if shown is None else None, shown)


def _ticked(message_ids: list[UUID] | None) -> list[UUID]:
    if not message_ids:
        raise Unprocessable("No letter is ticked. Tick those that belong elsewhere.")
    return message_ids
