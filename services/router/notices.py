"""Who hears of a message beside those who work on its ticket: copies and alerts. Pure."""

from collections.abc import Collection, Mapping
from uuid import UUID, uuid5

from contracts.mail import Address, Kind
from contracts.router import AlertReleased, CopyReleased, Disposition, MessageRouted

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
            notice_id=uuid5(letter.message_id, f"copy {address}"),
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
            notice_id=uuid5(letter.message_id, f"alert {address}"),
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
