"""The shell of analytics: events become facts, and questions are answered with reports."""

from functools import partial

from chassis.service import Service, run
from contracts.commands import Refused
from contracts.queries import GetReport, ListReports, Report, ReportList
from services.analytics.facts import FACTS
from services.analytics.reports import REPORTS
from services.analytics.scope import BadScope, scope_of
from services.analytics.settings import AnalyticsSettings


async def get_report(service: Service[AnalyticsSettings], query: GetReport) -> Report | Refused:
    """Run a report, or say why it cannot be run."""
    definition = REPORTS.get(query.name)
    if definition is None:
        names = ", ".join(REPORTS)
        return Refused(
            code="unknown_report", detail=f"There is no report “{query.name}”. There are: {names}."
        )
    try:
        scope = scope_of(query, definition.description, service.clock(), service.settings.time_zone)
        async with service.pool.acquire() as db:
            return await definition.run(db, scope)
    except BadScope as bad:
        return Refused(code=bad.code, detail=str(bad))


async def list_reports(_: ListReports) -> ReportList:
    """What can be asked for."""
    return ReportList(items=tuple(definition.description for definition in REPORTS.values()))


async def set_up(service: Service[AnalyticsSettings]) -> None:
    """Say what this service does."""
    service.project(FACTS)
    service.answer(GetReport, partial(get_report, service))
    service.answer(ListReports, list_reports)


def main() -> None:
    """`postroom analytics`."""
    run("analytics", AnalyticsSettings, set_up)
