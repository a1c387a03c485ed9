"""The desk's configuration: who works here, where mail comes in, and the rules."""

from contracts.commands import AddPerson, CreateTicketbox, PublishRuleset, SetPresence
from contracts.stream_ids import RULESET, person_stream, ticketbox_stream
from contracts.tickets import (
    PersonAdded,
    PresenceChanged,
    RulesetPublished,
    TicketboxCreated,
    TicketsEvent,
)
from services.tickets.refusals import Invalid

DeskCommand = SetPresence | CreateTicketbox | AddPerson | PublishRuleset


def stream_of(command: DeskCommand) -> str:
    """The stream that a command changes."""
    match command:
        case SetPresence() | AddPerson():
            return person_stream(command.person_id)
        case CreateTicketbox():
            return ticketbox_stream(command.ticketbox_id)
        case PublishRuleset():
            return RULESET


def decide(command: DeskCommand) -> list[TicketsEvent]:
    """What happens to the desk.

    Raises:
        Refusal: nothing happens, and why.
    """
    match command:
        case SetPresence():
            return [PresenceChanged(person_id=command.person_id, presence=command.presence)]
        case CreateTicketbox():
            return [_create_ticketbox(command)]
        case AddPerson():
            return [_add_person(command)]
        case PublishRuleset():
            return [
                RulesetPublished(
                    rules=command.rules,
                    default_ticketbox_id=command.default_ticketbox_id,
                    author_id=command.actor_id,
                    comment=command.comment,
                )
            ]


def _create_ticketbox(command: CreateTicketbox) -> TicketboxCreated:
    addresses = tuple(dict.fromkeys(address.strip().lower() for address in command.addresses))
    if not addresses or not all(_is_address(address) for address in addresses):
        raise Invalid("A ticketbox needs at least one e-mail address, such as orders@example.com.")
    return TicketboxCreated(
        ticketbox_id=command.ticketbox_id,
        name=command.name,
        addresses=addresses,
        first_response_seconds=command.first_response_seconds,
        acknowledgement=command.acknowledgement,
    )


def _add_person(command: AddPerson) -> PersonAdded:
    email = command.email.strip().lower()
    if not _is_address(email):
        raise Invalid(f"“{command.email}” is not an e-mail address.")
    return PersonAdded(
        person_id=command.person_id,
        email=email,
        name=command.name.strip() or email.partition("@")[0],
        role=command.role,
        ticketbox_ids=command.ticketbox_ids,
    )


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(character.isspace() for character in text)
