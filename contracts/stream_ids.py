"""Names that follow from ids: the streams within a log (one stream is the history of one thing), and fixed letters."""

from uuid import UUID, uuid5

from contracts.ids import derived

RULESET = "ruleset"
RULESET_DRAFT = "ruleset-draft"


def message_stream(message_id: UUID) -> str:
    return f"message-{message_id}"


def message_of(stream_id: str) -> UUID:
    """The message whose history a stream is."""
    return UUID(stream_id.removeprefix("message-"))


def ticket_id_of(message_id: UUID) -> UUID:
    """The id of the ticket that a message opens, the same however often it is asked."""
    return derived(message_id, "ticket")


def ticket_stream(ticket_id: UUID) -> str:
    return f"ticket-{ticket_id}"


def ticket_of(stream_id: str) -> UUID | None:
    """The ticket whose history a stream is; None: it is of something else."""
    prefix, _, identity = stream_id.partition("-")
    return UUID(identity) if prefix == "ticket" else None


def ticketbox_stream(ticketbox_id: UUID) -> str:
    return f"ticketbox-{ticketbox_id}"


def person_stream(person_id: UUID) -> str:
    return f"person-{person_id}"


def thing_stream(kind: str, identity: UUID) -> str:
    """Of a thing of the desk, whatever its kind."""
    match kind:
        case "ticketbox":
            return ticketbox_stream(identity)
        case "person":
            return person_stream(identity)
        case _:
            return f"desk-{kind}-{identity}"


_CONTACTS = UUID("6a0f5d0e-5c39-4c0b-9a55-4e1c4f7f4b11")


def contact_id(address: str) -> UUID:
    """The contact that an address is by itself, the same whoever speaks of it first."""
    return uuid5(_CONTACTS, address.strip().lower())


def contact_stream(identity: UUID) -> str:
    return f"contact-{identity}"


def reply_stream(reply_id: UUID) -> str:
    return f"reply-{reply_id}"


def acknowledgement_id(ticket_id: UUID) -> UUID:
    """The reply id of the automatic answer to the letter that opened a ticket: there is one at the most."""
    return derived(ticket_id, "acknowledgement")


def notice_stream(notice_id: UUID) -> str:
    return f"notice-{notice_id}"


def job_stream(job_id: UUID) -> str:
    return f"job-{job_id}"


def job_actor(job_id: UUID) -> str:
    """Who did what a bulk job does, in the events of tickets; who started it is in the events themselves."""
    return f"job:{job_id}"


def is_job(actor: str) -> bool:
    """Whether a bulk job did something."""
    return actor.startswith("job:")


def erasure_stream(erasure_id: UUID) -> str:
    return f"erasure-{erasure_id}"
