"""Which files of a message are given out, by what the virus scanner said of it."""

from contracts.ingest import MessageHeld, Reading
from contracts.mail import Scan, ScanVerdict


def withheld(message: MessageHeld | Reading, *, released: bool) -> str | None:
    """Why the files of a message are given to nobody; None if they are given out.

    A person who releases what could not be scanned answers for it; a virus stays one.
    """
    match message:
        case MessageHeld():
            return "This message waits for the virus scanner. Until then its files are not given out."
        case Reading(scan=Scan(verdict=ScanVerdict.INFECTED, finding=finding)):
            return f"The virus scanner found {finding} in this message, so its files are not given out."
        case Reading(scan=Scan(verdict=ScanVerdict.UNSCANNABLE, finding=finding)) if not released:
            return (
                f"The virus scanner could not look into this message ({finding}), "
                "so its files are not given out unless a person releases it."
            )
        case _:
            return None
