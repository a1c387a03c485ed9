"""Reply addresses that we sign: `box+number.signature@domain` says which ticket an answer belongs to."""

import re
from base64 import b32encode
from collections.abc import Iterator
from hmac import compare_digest, digest

from contracts.desk import Ticketbox
from contracts.mail import Address, LetterHead

_DETAIL = re.compile(r"^(.+)\+(\d{1,18})\.([a-z2-7]{10})$")


def signed(address: str, number: int, secret: bytes) -> str:
    """The address of a ticketbox, with a ticket's number and its signature as the detail (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{number}.{_signature(number, secret)}@{domain}"


def reply_to(box: Ticketbox, number: int, secret: bytes) -> Address | None:
    """Where a letter of a ticketbox asks to be answered; None: where it comes from."""
    if not box.signed_reply_address:
        return None
    return Address(name=box.name, address=signed(box.addresses[0], number, secret))


def tickets_of(letter: LetterHead, secret: bytes) -> Iterator[int]:
    """The numbers of the tickets whose signed address a letter was sent to; a forged one counts for nothing."""
    return (number for number, genuine in _signatures(letter, secret) if genuine)


def is_forged(letter: LetterHead, secret: bytes) -> bool:
    """Whether a letter was sent to an address that looks signed, but not by us."""
    return not all(genuine for _, genuine in _signatures(letter, secret))


def _signatures(letter: LetterHead, secret: bytes) -> Iterator[tuple[int, bool]]:
    """The ticket numbers in the addresses that a letter was sent to, and whether we signed them."""
    addresses = (*letter.recipients, *(person.address for person in (*letter.to, *letter.cc)))
    for address in dict.fromkeys(address.lower() for address in addresses):
        if found := _DETAIL.match(address.rpartition("@")[0]):
            number = int(found[2])
            yield number, compare_digest(found[3], _signature(number, secret))


def _signature(number: int, secret: bytes) -> str:
    # Ten characters of base32 are 50 bits: nobody guesses one by sending mail.
    return b32encode(digest(secret, str(number).encode(), "sha256"))[:10].decode().lower()
