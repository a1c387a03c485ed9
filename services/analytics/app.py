"""The shell of analytics: events become facts, and questions are answered with reports."""

from functools import partial

from chassis.database import Connection
from chassis.erasing import erase_parked
from chassis.projection import behind
from chassis.service import Service, run
from contracts.commands import Refused
from contracts.erasures import ErasePiece, PieceErased
from contracts.reports import GetReport, ListReports, Report, ReportList
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


async def erase(piece: ErasePiece, db: Connection) -> PieceErased:
    """Facts are ids, times and names of our own; only what is parked may hold anything of a person."""
    if (waits_for := await behind(db, FACTS.name, piece.ends)) is not None:
        return PieceErased(waits_for=waits_for)
    return PieceErased(rows=await erase_parked(db, piece.person))


async def set_up(service: Service[AnalyticsSettings]) -> None:
    """Say what this service does."""
    service.project(FACTS)
    service.answer(GetReport, partial(get_report, service))
    service.answer(ListReports, list_reports)
    service.erase(erase, ())


def main() -> None:
    """`postroom analytics`."""
    run("analytics", AnalyticsSettings, set_up)
