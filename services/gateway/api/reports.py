"""Reports, as JSON and as CSV."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from contracts.model import Instant
from contracts.reports import GetReport, ListReports, Report, ReportList
from services.gateway.access.guard import Here, Signed
from services.gateway.report_files import as_csv, csv_name

router = APIRouter(tags=["reports"])
When = Instant | date


@router.get("/reports")
async def list_reports(here: Here, _: Signed) -> ReportList:
    """What can be asked for."""
    return await here.ask(ListReports(), ReportList)


@router.get("/reports/{name}", response_model=Report, responses={200: {"content": {"text/csv": {}}}})
async def get_report(
    here: Here,
    who: Signed,
    name: str,
    since: Annotated[When | None, Query(alias="from", description="A day or a moment; included.")] = None,
    until: Annotated[When | None, Query(alias="to", description="A day or a moment; not included.")] = None,
    by: str | None = None,
    as_of: Annotated[Instant | None, Query(description="As it could be known at this moment.")] = None,
    format: Literal["json", "csv"] = "json",  # noqa: A002 - the name of the parameter
) -> Report | Response:
    """One report over a range; without one, the last 30 days. It counts what is in the ticketboxes that you see."""
    query = GetReport(
        name=name, since=since, until=until, by=by, as_of=as_of, ticketbox_ids=who.person.sight.in_order
    )
    report = await here.ask(query, Report)
    if format == "json":
        return report
    headers = {"Content-Disposition": f'attachment; filename="{csv_name(report)}"'}
    return Response(as_csv(report), media_type="text/csv; charset=utf-8", headers=headers)
