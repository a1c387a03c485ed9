"""The names of the streams within a log: one stream is the history of one thing."""

from uuid import UUID

RULESET = "ruleset"


def message_stream(message_id: UUID) -> str:
    return f"message-{message_id}"


def ticket_stream(ticket_id: UUID) -> str:
    return f"ticket-{ticket_id}"


def ticketbox_stream(ticketbox_id: UUID) -> str:
    return f"ticketbox-{ticketbox_id}"


def person_stream(person_id: UUID) -> str:
    return f"person-{person_id}"


def reply_stream(reply_id: UUID) -> str:
    return f"reply-{reply_id}"
