"""Who hears of a message beside those who work on its ticket: copies and alerts. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from contracts.desk import Ticketbox
from contracts.ids import derived
from contracts.mail import Address, Kind
from contracts.people import Person, Right, Role
from contracts.router import DISTRIBUTION, AlertReleased, CopyReleased, Disposition, MessageRouted
from services.router.queue import Queued

Notice = CopyReleased | AlertReleased


def notices(
    routed: MessageRouted, sha256: str, sender: Address, people: Mapping[UUID, Collection[str]]
) -> list[Notice]:
    """The copies and alerts that a decision asks for. `people` has the addresses behind whom it alerts.

    What is held back is copied to nobody; an alert says what became of the message. Mail of ours that came back
    is told to nobody: it may be such a notice itself.
    """
    letter = routed.letter
    if letter.kind is Kind.LOOP:
        return []
    rule = routed.evidence.rule or ""
    copies: list[Notice] = [
        CopyReleased(
            notice_id=derived(letter.message_id, f"copy {address}"),
            message_id=letter.message_id,
            sha256=sha256,
            sender=sender,
            to=address,
            subject=f"Copy: {letter.subject}",
            rule=_who(routed, "copies", rule),
        )
        for address in (routed.forward_to if routed.disposition is Disposition.DELIVER else ())
    ]
    addresses = dict.fromkeys(address for one in routed.alert for address in people.get(one, ()))
    alerts: list[Notice] = [
        AlertReleased(
            notice_id=derived(letter.message_id, f"alert {address}"),
            message_id=letter.message_id,
            sender=sender,
            to=address,
            subject=f"Alert: {letter.subject}",
            text=_text(routed, _who(routed, "alerts", rule)),
            rule=_who(routed, "alerts", rule),
        )
        for address in addresses
    ]
    return copies + alerts


def _who(routed: MessageRouted, action: str, otherwise: str) -> str:
    """The rule that was the first to want this."""
    return next((one.rule for one in routed.evidence.acted if action in one.did), otherwise)


def _text(routed: MessageRouted, rule: str) -> str:
    letter = routed.letter
    sender = f"{letter.from_.name} <{letter.from_.address}>".strip() if letter.from_ else "unknown"
    what = {
        Disposition.DELIVER: f"It was delivered to the ticketbox “{routed.ticketbox}”.",
        Disposition.SUPPRESS: f"It was suppressed: {routed.reason or 'by the rule'}.",
        Disposition.QUARANTINE: f"It is quarantined: {routed.reason or 'by the rule'}.",
    }[routed.disposition]
    return (
        f"The rule “{rule}” wants you to know of this message.\n\nFrom: {sender}\nSubject: {letter.subject}\n"
        f"Received: {letter.received_at:%Y-%m-%d %H:%M} UTC\n\n{what}\n\n{letter.excerpt}\n"
    )


def supervisors(members: Sequence[Person], box: Ticketbox) -> list[Person]:
    """Who is told of tickets that nobody took: the ticketbox's supervisors; where there are none, who manages it."""
    managing = [one for one in members if one.may(Right.MANAGE, box.id)]
    return [one for one in managing if one.role is Role.SUPERVISOR] or managing


def waiting_notices(
    ticket: Queued, box: Ticketbox, people: Iterable[Person], now: datetime
) -> list[AlertReleased]:
    """The alerts that nobody took a ticket."""
    assert ticket.waiting_since is not None  # noqa: S101 - it waits
    text = (
        f"Nobody has taken ticket {ticket.number} in the ticketbox “{box.name}”.\n\n"
        f"Waiting since: {ticket.waiting_since:%Y-%m-%d %H:%M} UTC\nNow: {now:%Y-%m-%d %H:%M} UTC\n"
    )
    return [
        AlertReleased(
            notice_id=derived(ticket.ticket_id, f"waits since {ticket.waiting_since} {person.email}"),
            message_id=ticket.message_id,
            sender=Address(name=box.name, address=box.addresses[0]),
            to=person.email,
            subject=f"Alert: ticket {ticket.number} waits in {box.name}",
            text=text,
            rule=DISTRIBUTION,
        )
        for person in people
    ]
