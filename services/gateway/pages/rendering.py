"""From data to HTML."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway.access.accounts import SignedIn
from services.gateway.desk import differences
from services.gateway.messages.evidence import facts
from services.gateway.problems import Problem
from services.gateway.report_files import shown

_FOLDER = Path(__file__).parent.parent
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def moment(at: datetime) -> Markup:
    """A point in time; the page's script says it in the reader's own zone and how long ago it is."""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), f"{at:%d %b %Y, %H:%M} UTC")


def size(number: int) -> str:
    """Bytes for people."""
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def duration(seconds: int) -> str:
    """What is left of a clock that stands still: `5 h 20 min`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def initials(name: str) -> str:
    """`Anna Berg` → `AB`."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def said(value: object, options: Mapping[str, list[tuple[str, str]]]) -> str:
    """A value of a thing for people: ids by their names."""
    names = {identity: name for found in options.values() for identity, name in found}
    match value:
        case list():
            return ", ".join(said(one, options) for one in value)
        case str() if value in names:
            return names[value]
        case _:
            return differences.shown(value)


_ENVIRONMENT.filters.update(
    moment=moment,
    size=size,
    duration=duration,
    initials=initials,
    shown=shown,
    escape=escape,
    facts=facts,
    said=said,
)


def page(
    request: Request, template: str, who: SignedIn | None, status: int = 200, /, **data: Any
) -> HTMLResponse:
    """A template with its data."""
    html = _ENVIRONMENT.get_template(template).render(
        me=who.person if who else None,
        csrf_token=who.csrf_token if who else None,
        path=request.url.path,
        position=getattr(request.state, "position", 0),
        attention=request.app.state.gateway.watch.attention,
        **data,
    )
    return HTMLResponse(html, status)


def is_partial(request: Request) -> bool:
    """Whether only a piece of the page is wanted."""
    return "HX-Request" in request.headers


def problem_page(request: Request, problem: Problem, headers: Mapping[str, str]) -> HTMLResponse:
    """What went wrong: as a notice on the page that is there, or as a page."""
    partial = is_partial(request)
    template = "_problem.html" if partial else "problem.html"
    who = getattr(request.state, "who", None)
    answer = page(request, template, who, problem.status, problem=problem, back=_page_before(request))
    answer.headers.update(headers)
    if partial:
        answer.headers.update({"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"})
    return answer


def _page_before(request: Request) -> str | None:
    """The page of ours that led here, if it is another one."""
    shown = request.headers.get("Referer", "")
    ours = shown.startswith(str(request.base_url))
    return shown if ours and shown != str(request.url) else None
