"""Names that follow from ids: the streams within a log (one stream is the history of one thing), and fixed letters."""

from uuid import UUID, uuid5

RULESET = "ruleset"
RULESET_DRAFT = "ruleset-draft"


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


def acknowledgement_id(ticket_id: UUID) -> UUID:
    """The reply id of the automatic answer to the letter that opened a ticket: there is one at the most."""
    return uuid5(ticket_id, "acknowledgement")


def notice_stream(notice_id: UUID) -> str:
    return f"notice-{notice_id}"


def job_stream(job_id: UUID) -> str:
    return f"job-{job_id}"


def job_actor(job_id: UUID) -> str:
    """Who did what a bulk job does, in the events of tickets; who started it is in the events themselves."""
    return f"job:{job_id}"
