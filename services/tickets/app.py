"""The shell of tickets: routed mail and deliveries come in, commands are answered, clocks strike."""

from functools import partial

from chassis import trials
from chassis.service import Service, run
from contracts.commands import (
    AnyConfiguringCommand,
    AnyContactCommand,
    AnyTicketCommand,
    AnyTwoTicketsCommand,
    CancelBulkJob,
    CancelWhatIf,
    RequestErasure,
    SelectTickets,
    SplitTicket,
    StartBulkJob,
    StartWhatIf,
    UndoBulkJob,
    UndoChange,
)
from contracts.erasures import GetErasure
from contracts.queries import GetBulkJob, GetWhatComes, ListBulkJobs, MayManage, TryAutomation
from contracts.streams import TICKETS_DELIVERIES, TICKETS_ROUTED
from contracts.trials import GetWhatIf, ListWhatIfs
from services.tickets import (
    changes,
    clock,
    coming,
    erasing,
    erasures,
    jobs,
    letters,
    what_ifs,
)
from services.tickets.settings import TicketsSettings

_ERASED_FROM = (
    "event",
    "message_index",
    "automatic_mail",
    "contact",
    "contact_address",
    "alarm",
    "bulk_job",
    "bulk_ticket",
    "thing",
    "trial",
    "finding",
)


async def set_up(service: Service[TicketsSettings]) -> None:
    """Say what this service does."""
    service.consume(
        TICKETS_ROUTED, partial(letters.take_routed, service), partial(letters.ticketing_failed, service)
    )
    service.consume(TICKETS_DELIVERIES, partial(letters.take_deliveries, service))
    for ticket_command in AnyTicketCommand.__args__:
        service.obey(ticket_command, partial(changes.change_ticket, service))
    for two_tickets_command in AnyTwoTicketsCommand.__args__:
        service.obey(two_tickets_command, partial(changes.change_two, service))
    service.obey(SplitTicket, partial(changes.split_ticket, service))
    service.obey(UndoChange, partial(changes.undo_change, service))
    for desk_command in AnyConfiguringCommand.__args__:
        service.obey(desk_command, partial(changes.change_desk, service))
    for contact_command in AnyContactCommand.__args__:
        service.obey(contact_command, partial(changes.change_contacts, service))
    service.answer(MayManage, partial(changes.may_manage, service))
    service.obey(StartWhatIf, partial(what_ifs.start, service))
    service.obey(CancelWhatIf, partial(what_ifs.cancel, service))
    service.answer(GetWhatIf, partial(what_ifs.get, service))
    service.answer(ListWhatIfs, partial(what_ifs.list_them, service))
    service.background("what-ifs", partial(trials.work, service, partial(what_ifs.prepare, service)))
    service.answer(GetWhatComes, partial(coming.what_comes, service))
    service.answer(TryAutomation, partial(coming.try_automation, service))
    service.obey(RequestErasure, partial(erasures.request, service))
    service.answer(GetErasure, partial(erasures.progress, service))
    service.erase(partial(erasing.erase, service), _ERASED_FROM)
    service.obey(SelectTickets, partial(jobs.select, service))
    service.obey(StartBulkJob, partial(jobs.start, service))
    service.obey(CancelBulkJob, partial(jobs.cancel, service))
    service.obey(UndoBulkJob, partial(jobs.undo, service))
    service.answer(GetBulkJob, partial(jobs.get, service))
    service.answer(ListBulkJobs, partial(jobs.list_them, service))
    service.background("bulk jobs", partial(jobs.work, service))
    service.background("clock", partial(clock.strike, service))
    service.background("erasures", partial(erasures.work, service))


def main() -> None:
    """`postroom tickets`."""
    run("tickets", TicketsSettings, set_up)
