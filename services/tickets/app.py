"""The shell of tickets: routed mail and deliveries come in, commands are answered, clocks strike."""

from functools import partial

from chassis.service import Service, run
from contracts.commands import CancelBulkJob, SelectTickets, SplitTicket, StartBulkJob, UndoBulkJob
from contracts.queries import GetBulkJob, ListBulkJobs
from contracts.streams import TICKETS_DELIVERIES, TICKETS_ROUTED
from services.tickets import changes, clock, commands, desk, jobs, letters, rearranging, rulesets
from services.tickets.settings import TicketsSettings


async def set_up(service: Service[TicketsSettings]) -> None:
    """Say what this service does."""
    service.consume(
        TICKETS_ROUTED, partial(letters.take_routed, service), partial(letters.ticketing_failed, service)
    )
    service.consume(TICKETS_DELIVERIES, partial(letters.take_deliveries, service))
    for ticket_command in commands.TicketCommand.__args__:
        service.obey(ticket_command, partial(changes.change_ticket, service))
    for two_tickets_command in rearranging.TwoTicketsCommand.__args__:
        service.obey(two_tickets_command, partial(changes.change_two, service))
    service.obey(SplitTicket, partial(changes.split_ticket, service))
    for desk_command in (*desk.DeskCommand.__args__, *rulesets.RulesetCommand.__args__):
        service.obey(desk_command, partial(changes.change_desk, service))
    service.obey(SelectTickets, partial(jobs.select, service))
    service.obey(StartBulkJob, partial(jobs.start, service))
    service.obey(CancelBulkJob, partial(jobs.cancel, service))
    service.obey(UndoBulkJob, partial(jobs.undo, service))
    service.answer(GetBulkJob, partial(jobs.get, service))
    service.answer(ListBulkJobs, partial(jobs.list_them, service))
    service.background("bulk jobs", partial(jobs.work, service))
    service.background("clock", partial(clock.strike, service))


def main() -> None:
    """`postroom tickets`."""
    run("tickets", TicketsSettings, set_up)
