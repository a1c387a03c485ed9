"""The shell of tickets: routed mail and deliveries come in, commands are answered, clocks strike."""

from functools import partial

from chassis.service import Service, run
from contracts.commands import RequestErasure, SplitTicket
from contracts.erasures import GetErasure
from contracts.streams import TICKETS_DELIVERIES, TICKETS_ROUTED
from services.tickets import (
    changes,
    clock,
    commands,
    desk,
    erasing,
    erasures,
    letters,
    rearranging,
    rulesets,
)
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
    service.obey(RequestErasure, partial(erasures.request, service))
    service.answer(GetErasure, partial(erasures.progress, service))
    service.erase(partial(erasing.erase, service), ("event", "message_index", "automatic_mail"))
    service.background("clock", partial(clock.strike, service))
    service.background("erasures", partial(erasures.work, service))


def main() -> None:
    """`postroom tickets`."""
    run("tickets", TicketsSettings, set_up)
