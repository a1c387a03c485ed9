"""Which letters a machine may answer without feeding a loop (RFC 3834)."""

import re
from collections.abc import Collection

from contracts.mail import Kind, LetterHead

_MACHINES = re.compile(
    r"(mailer-daemon|postmaster|(no|do-?not)[-_.]?reply|bounces?|root|majordomo|listserv|owner-.*|.*-request)"
    r"([-+].*)?@",
    re.IGNORECASE,
)
"""Local parts behind which no person reads (RFC 3834 §2, RFC 2142)."""


def may_be_answered(letter: LetterHead, own_addresses: Collection[str]) -> bool:
    """Whether a letter may be answered by a machine at all: a person wrote it, and not one of our own boxes."""
    to = letter.answers_go_to
    return (
        to is not None
        and letter.kind is Kind.CUSTOMER
        and not letter.automatic
        and not _MACHINES.match(to.address)
        and person_behind(to.address) not in own_addresses
    )


def person_behind(address: str) -> str:
    """The address by which automatic mail is counted: in lower case and without a detail (RFC 5233)."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
