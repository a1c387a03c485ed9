"""Reports on screen and on paper."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from contracts.reports import GetReport, ListReports, Report, ReportList
from services.gateway.access.guard import Here, Signed
from services.gateway.pages import entered
from services.gateway.pages.rendering import page
from services.gateway.problems import Unprocessable
from services.gateway.report_files import days_of, drawing, is_empty

router = APIRouter()


@router.get("/reports")
async def report_list(request: Request, here: Here, who: Signed) -> Response:
    """What can be asked for."""
    return page(request, "reports.html", who, reports=(await here.ask(ListReports(), ReportList)).items)


@router.get("/reports/{name}")
async def report_page(
    request: Request,
    here: Here,
    who: Signed,
    name: str,
    first: Annotated[str | None, Query(alias="from")] = None,
    last: Annotated[str | None, Query(alias="to")] = None,
    by: str | None = None,
) -> Response:
    """One report."""
    since, until = range_of(first, last)
    query = GetReport(
        name=name,
        since=since,
        until=until,
        by=by or None,
        ticketbox_ids=who.person.sight.in_order,
    )
    report = await here.ask(query, Report)
    first_day, last_day = days_of(report)
    return page(
        request,
        "report.html",
        who,
        report=report,
        drawing=drawing(report),
        empty=is_empty(report),
        first=first_day,
        last=last_day,
        following=last_day + timedelta(days=1),
    )


def range_of(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    """The half-open range from one day to another, as people type them: they mean the last day too.

    Raises:
        Unprocessable: one of them is no day, or the first is after the last.
    """
    since, until = entered.day(first or ""), entered.day(last or "")
    if since and until and since > until:
        raise Unprocessable(
            f"From, {since}, is after To, {until}. Choose an earlier day to begin with, or a later one to end with."
        )
    # No day comes after the last one of the calendar; analytics refuses its year.
    if until and until < date.max:
        until += timedelta(days=1)
    return since, until
