"""Files of a message that the virus scanner does not call clean are not given out."""

import pytest

from contracts.ingest import MessageHeld, MessageReceived
from contracts.mail import Scan, ScanVerdict, SmtpEnvelope
from services.gateway.messages.withholding import withheld
from tests import events


def scanned(verdict: ScanVerdict | None, finding: str | None = None) -> MessageReceived:
    scan = verdict and Scan(verdict=verdict, scanner="ClamAV", finding=finding, scanned_at=events.NOON)
    return events.received(events.letter()).model_copy(update={"scan": scan})


INFECTED = scanned(ScanVerdict.INFECTED, "Eicar")
UNSCANNABLE = scanned(ScanVerdict.UNSCANNABLE, "a.zip is encrypted")


@pytest.mark.parametrize("message", [scanned(None), scanned(ScanVerdict.CLEAN)], ids=["unscanned", "clean"])
def test_files_of_other_messages_are_given_out(message: MessageReceived) -> None:
    assert withheld(message, released=False) is None


def test_a_virus_is_given_to_nobody_even_if_a_person_released_the_message() -> None:
    for released in (False, True):
        assert (
            withheld(INFECTED, released=released)
            == "The virus scanner found Eicar in this message, so its files are not given out."
        )


def test_what_could_not_be_scanned_is_given_out_when_a_person_released_the_message() -> None:
    assert "(a.zip is encrypted)" in str(withheld(UNSCANNABLE, released=False))
    assert withheld(UNSCANNABLE, released=True) is None


def test_a_message_that_waits_for_the_scanner_is_not_given_out() -> None:
    head = events.letter()
    held = MessageHeld(
        message_id=head.message_id,
        sha256="00" * 32,
        size=1,
        source="smtp",
        envelope=SmtpEnvelope(client_address="192.0.2.1", recipients=("support@example.com",)),
        reason="The virus scanner gave no answer: Connection refused",
    )
    assert "waits for the virus scanner" in str(withheld(held, released=False))
