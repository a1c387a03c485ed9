"""Real mail, where there is some: bounces are told, and nothing that a person wrote is called anything but customer.

`POSTROOM_CORPUS` names a folder with the test mail of other projects; its `manifest.tsv` and `expected.json` say what
they are. All verdicts were looked at one by one. How they are judged here:

- `bounceparser` and `flufl-bounce` come with expected results.
- All other folders hold the mail of people, but for what `MACHINES` names and what carries the header of a list, which
  `notmuch` is full of.
"""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.mail import Kind
from services.ingest.reading.bounces import Cause, Report, find_report
from services.ingest.reading.kind import Judgement
from tests.ingest.reading.letters import judged, text_of, tree

CORPUS = os.environ.get("POSTROOM_CORPUS")
pytestmark = pytest.mark.skipif(CORPUS is None, reason="POSTROOM_CORPUS names no folder with real mail")
ROOT = Path(CORPUS or "")

CAUSES = {
    "over_quota": {Cause.MAILBOX_FULL},
    "spam": {Cause.REFUSED},
    "user_disabled": {Cause.DISABLED},
    # A domain that is not known there is what "relaying denied" means as well.
    "domain_error": {Cause.DOMAIN_UNKNOWN, Cause.NOT_REACHABLE},
}

MACHINES = {
    "cpython/msg_05.txt": Kind.BOUNCE,  # an empty one, but declared as such
    "cpython/msg_16.txt": Kind.BOUNCE,
    "cpython/msg_25.txt": Kind.BOUNCE,
    "cpython/msg_43.txt": Kind.BOUNCE,
    "mikel-mail/spec/fixtures/emails/mime_emails/raw_email_with_mimepart_without_content_type.eml": Kind.BOUNCE,
    "mikel-mail/spec/fixtures/emails/multipart_report_emails/multi_address_bounce1.eml": Kind.BOUNCE,
    "mikel-mail/spec/fixtures/emails/multipart_report_emails/multi_address_bounce2.eml": Kind.BOUNCE,
    "mikel-mail/spec/fixtures/emails/multipart_report_emails/multipart_report_multiple_status.eml": Kind.BOUNCE,
    "mikel-mail/spec/fixtures/emails/multipart_report_emails/report_422.eml": Kind.BOUNCE,
    "mikel-mail/spec/fixtures/emails/multipart_report_emails/report_530.eml": Kind.BOUNCE,
    "mimekit/UnitTests/TestData/messages/bounce.txt": Kind.BOUNCE,
    "mimekit/UnitTests/TestData/messages/delivery-status-multiple-blank-lines.txt": Kind.BOUNCE,
    "mimekit/UnitTests/TestData/messages/delivery-status-no-blank-line.txt": Kind.BOUNCE,
    "mimekit/UnitTests/TestData/messages/delivery-status.anonymized.eml": Kind.BOUNCE,
    "mimekit/UnitTests/TestData/messages/delivery-status.txt": Kind.BOUNCE,
    "mimekit/UnitTests/TestData/messages/delivery-status2.txt": Kind.BOUNCE,
    "mimekit/UnitTests/TestData/messages/disposition-notification.anonymized.eml": Kind.FEEDBACK,
    "mimekit/UnitTests/TestData/messages/disposition-notification.txt": Kind.FEEDBACK,
    "mimekit/UnitTests/TestData/messages/feedback-report.txt": Kind.FEEDBACK,
    "php-mime-mail-parser/tests/mails/failure.eml": Kind.BOUNCE,
    "php-mime-mail-parser/tests/mails/m0015": Kind.LIST,  # a newsletter
    "php-mime-mail-parser/tests/mails/m0020": Kind.CALENDAR,
    "spamscope-mail-parser/tests/mails/mail_test_5": Kind.LIST,  # a newsletter
    "rt/t/data/emails/multipart-report": Kind.BOUNCE,
    "spamscope-mail-parser/tests/mails/mail_malformed_2": Kind.BOUNCE,
}

_OF_A_LIST = re.compile(
    rb"^(?:list-id:.*<|list-post:|mailing-list:|x-mailing-list:|precedence:\s*list"
    rb"|sender:.*owner-)",
    re.IGNORECASE | re.MULTILINE,
)


def report(raw: bytes) -> Report | None:
    root = tree(raw)
    return find_report(root, {name.lower(): value for name, value in reversed(root.headers)}, text_of(root))


def share(right: int, of: int) -> float:
    return right / of


def test_nineteen_of_twenty_bounces_of_bounceparser_are_right() -> None:
    expected = json.loads((ROOT / "bounceparser/expected.json").read_bytes())
    right = sum(_as_bounceparser_says(ROOT / "bounceparser" / path, want) for path, want in expected.items())
    assert share(right, len(expected)) >= 0.95


def _as_bounceparser_says(path: Path, want: dict[str, object]) -> bool:
    raw = path.read_bytes()
    judgement, found = judged(raw), report(raw)
    code = judgement.bounce.code if judgement.bounce else None
    causes = {failure.cause for failure in found.missed} if found else set()
    return (
        (judgement.kind is Kind.BOUNCE) == want["is_bounce"]
        and ("smtp_code" not in want or (code or "") == want["smtp_code"])
        and ("std_reason" not in want or bool(causes & CAUSES[str(want["std_reason"])]))
    )


def test_nineteen_of_twenty_bounces_of_flufl_are_right() -> None:
    expected = json.loads((ROOT / "flufl-bounce/expected.json").read_bytes())
    right = sum(_as_flufl_says(ROOT / "flufl-bounce" / path, wants) for path, wants in expected.items())
    assert share(right, len(expected)) >= 0.95


def _as_flufl_says(path: Path, wants: list[dict[str, object]]) -> bool:
    """All addresses and no other, and whether the failure is temporary. What it has no address for may be anything."""
    raw = path.read_bytes()
    judgement, found = judged(raw), report(raw)
    named = {
        str(failure.recipient).lower() for failure in (found.missed if found else ()) if failure.recipient
    }
    wanted = {address.lower() for want in wants for address in _list(want["addresses"])}
    temporary = any(want["temporary"] for want in wants)
    if named != wanted:
        return False
    return not wanted or (judgement.kind is Kind.BOUNCE and _is_soft(judgement) == temporary)


def _is_soft(judgement: Judgement) -> bool:
    return judgement.bounce is not None and judgement.bounce.hard is False


def _list(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(item) for item in value]


def messages() -> Iterator[str]:
    with (ROOT / "manifest.tsv").open(encoding="utf-8", newline="") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            if row["kind"] == "msg" and not row["path"].startswith(("bounceparser/", "flufl-bounce/")):
                yield row["path"]


def test_no_message_of_a_person_is_called_anything_but_customer() -> None:
    wrong = []
    for path in messages():
        raw = (ROOT / path).read_bytes()
        if path in MACHINES or _OF_A_LIST.search(raw.partition(b"\n\n")[0]):
            continue
        if (kind := judged(raw).kind) is not Kind.CUSTOMER:
            wrong.append((path, kind))
    assert not wrong


def test_machines_and_lists_are_told_in_the_mail_of_people() -> None:
    wrong = []
    for path in messages():
        raw = (ROOT / path).read_bytes()
        of_a_list = _OF_A_LIST.search(raw.partition(b"\n\n")[0])
        wanted = MACHINES.get(path) or (Kind.LIST if of_a_list else Kind.CUSTOMER)
        if (kind := judged(raw).kind) is not wanted:
            wrong.append((path, kind, wanted))
    assert not wrong
