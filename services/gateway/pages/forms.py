"""The form of a ticketbox, for strangers: no account, no cookie, no script."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from prometheus_client import Counter
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, Response

from contracts.uploads import UploadAccepted
from services.gateway.access import keys
from services.gateway.access.guard import Here, client_address
from services.gateway.access.sight import EVERYTHING
from services.gateway.desk import desk
from services.gateway.forms import entry as entries
from services.gateway.forms import visit as visits
from services.gateway.forms.entry import LONGEST, MOST_FILES, Entry, Field, Mistake
from services.gateway.forms.limits import BY_CLIENT, BY_TICKETBOX, client_key
from services.gateway.forms.references import reference_of
from services.gateway.forms.texts import Texts, texts_for
from services.gateway.forms.visit import QUICKEST, Visit, mark, visit_of
from services.gateway.gateway import Gateway
from services.gateway.intake.composing import File, compose
from services.gateway.intake.handover import Origin, at_once, hand_over
from services.gateway.pages.rendering import page
from services.gateway.problems import BadRequest, TooLarge, Unanswered
from services.gateway.representations.desk import BoxItem

router = APIRouter()
SUBMISSIONS = Counter("postroom_form_submissions_total", "Forms that were sent, by outcome.", ["outcome"])
MOST_PARTS = 50
MOST_DISCARDED = 200 * 1000 * 1000
"""Bytes that are read and thrown away, since a browser that still sends shows no answer."""
Language = Annotated[str | None, Query(max_length=8)]


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one ticketbox, in the reader's language."""

    request: Request
    here: Gateway
    texts: Texts
    box: BoxItem
    key: bytes

    def new_mark(self, opened_at: datetime) -> str:
        return mark(Visit(opened_at, uuid4()), self.box.id, self.key)

    @property
    def most_file_bytes(self) -> int:
        """A third is for the text, and for base64, in which files travel."""
        return min(entries.MOST_FILE_BYTES, self.here.service.settings.max_message_size * 2 // 3)

    def again(
        self,
        entry: Entry,
        carried: str,
        outcome: str,
        status: int,
        *,
        notice: str | None = None,
        wrong: dict[Field, Mistake] | None = None,
    ) -> Response:
        """The form once more, with what was typed and what is the matter with it."""
        SUBMISSIONS.labels(outcome).inc()
        return self.page("form.html", status, entry=entry, mark=carried, notice=notice, wrong=wrong or {})

    def page(self, template: str, status: int, **data: object) -> Response:
        most = {**LONGEST, "files": MOST_FILES, "megabytes": self.most_file_bytes // 1_000_000}
        return _page(self.request, self.here, self.texts, template, status, box=self.box, most=most, **data)


def _page(
    request: Request, here: Gateway, texts: Texts, template: str, status: int, **data: object
) -> HTMLResponse:
    answer = page(request, template, None, status, texts=texts, **data)
    ancestors = " ".join(here.service.settings.form_ancestors) or "'none'"
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {ancestors}"
    )
    answer.headers["Content-Language"] = texts.language
    return answer


async def _form(request: Request, here: Gateway, box_id: str, language: str | None) -> Form | HTMLResponse:
    """The form, or the page that says that there is none."""
    texts = texts_for(request.headers.get("Accept-Language", ""), language)
    async with here.service.pool.acquire() as db:
        boxes = await desk.boxes(db, EVERYTHING, here.service.settings.forms)
        key = await keys.key(db, keys.FORMS)
    box = next((box for box in boxes if str(box.id) == box_id.lower() and box.form), None)
    if box is None:
        return _page(request, here, texts, "form_closed.html", 404)
    return Form(request, here, texts, box, key)


@router.get("/forms/{box_id}")
async def show_form(request: Request, here: Here, box_id: str, lang: Language = None) -> Response:
    """An empty form."""
    form = await _form(request, here, box_id, lang)
    if isinstance(form, HTMLResponse):
        return form
    return form.page(
        "form.html", 200, entry=Entry(), mark=form.new_mark(here.service.clock()), notice=None, wrong={}
    )


@router.post("/forms/{box_id}")
async def submit(request: Request, here: Here, box_id: str, lang: Language = None) -> Response:
    """Take what was written. Whatever is the matter, the page keeps it."""
    form = await _form(request, here, box_id, lang)
    if isinstance(form, HTMLResponse):
        return form
    announced = request.headers.get("Content-Length", "")
    if not announced.isdecimal():
        return Response("A form is sent with its length.", 411)
    if int(announced) > here.service.settings.max_message_size:
        await _discard(request)
        SUBMISSIONS.labels("too_large").inc()
        return form.page("form_too_large.html", 413)
    try:
        async with request.form(max_files=MOST_PARTS, max_fields=MOST_PARTS) as sent:
            return await _take(form, sent)
    except ClientDisconnect as error:
        raise BadRequest("The connection was cut before the end of the form.") from error
    except UnicodeError as error:  # it may name any encoding, and one in which there are halves of characters
        raise BadRequest("This form is not in the encoding that it names.") from error


async def _take(form: Form, sent: FormData) -> Response:
    """Take what was sent, if nothing is the matter with it; what costs memory comes last."""
    now = form.here.service.clock()
    entry, uploads = _typed(sent)
    carried = str(sent.get("mark", ""))
    visit = visit_of(carried, form.box.id, form.key)
    if visit is None or now - visit.opened_at > visits.LONGEST:
        # Who has been here for a day need not wait any more.
        fresh = form.new_mark(now - QUICKEST if visit else now)
        return form.again(entry, fresh, "expired", 422, notice=form.texts.expired)
    if wrong := entries.mistakes(entry, form.most_file_bytes):
        return form.again(entry, carried, "mistaken", 422, wrong=wrong)
    if now - visit.opened_at < QUICKEST:
        return form.again(entry, carried, "too_fast", 422, notice=form.texts.too_fast)
    client = client_key(client_address(form.request))
    rates = {f"client {client}": BY_CLIENT, f"ticketbox {form.box.id}": BY_TICKETBOX}
    if wait := math.ceil(form.here.limiter.admit(rates, now).total_seconds()):
        notice = form.texts.limited.format(seconds=wait)
        answer = form.again(entry, carried, "limited", 429, notice=notice)
        answer.headers["Retry-After"] = str(wait)
        return answer
    try:
        accepted = await _hand_over(form, entry, uploads, visit)
    except TooLarge:
        return form.again(entry, carried, "too_large", 422, wrong={"files": "too_large"})
    except Unanswered:
        return form.again(entry, carried, "unavailable", 503, notice=form.texts.unavailable)
    SUBMISSIONS.labels("trapped" if entry.trap else "taken").inc()
    return form.page("form_sent.html", 200, email=entry.email, reference=reference_of(accepted.message_id))


def _typed(sent: FormData) -> tuple[Entry, list[UploadFile]]:
    """What was filled in, and the files that were chosen."""
    fields = {name: value for name, value in sent.items() if isinstance(value, str)}
    uploads = [one for one in sent.getlist("files") if isinstance(one, UploadFile) and one.filename]
    entry = Entry(
        name=fields.get("name", ""),
        email=fields.get("email", ""),
        subject=fields.get("subject", ""),
        message=fields.get("message", ""),
        trap=fields.get("website", ""),
        file_sizes=tuple(one.size or 0 for one in uploads),
    )
    return entries.tidy(entry), uploads


async def _hand_over(form: Form, entry: Entry, uploads: Sequence[UploadFile], visit: Visit) -> UploadAccepted:
    recipient, now = form.box.addresses[0], form.here.service.clock()
    async with form.here.writing:
        files = tuple([File(one.filename or "", one.content_type or "", await one.read()) for one in uploads])
        command_id = entries.identity(entry, files, visit.number)
        letter = entries.letter_of(entry, files, recipient, command_id, now)
        message = await asyncio.to_thread(compose, letter)
        client = client_address(form.request)
        origin = Origin(command_id, f"form:{recipient}", recipient, client, actor_id=None)
        return await hand_over(form.here, at_once(message), origin)


async def _discard(request: Request) -> None:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_DISCARDED:
            return
