"""Reading mail: messages a second beside other parsers, on the same files in the same run, and what hurts most."""

import csv
import io
import os
import resource
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.hostile import HOSTILE
from bench.table import Figure
from postroom.demo.day import day
from services.ingest.reading import read

ROUNDS = 3
HOSTILE_SIZE = 25_000_000
MOST_SECONDS = 60
"""Of processor time, for one message: far more than anything takes that grows linearly."""
GOAL = 1_500
Reader = Callable[[bytes], str]
"""Reads a message as far as a help desk needs it, and returns its text."""


class Cost(NamedTuple):
    """Of reading one message: processor time, and what memory grew by at its peak, the message itself included."""

    seconds: float
    megabytes: float


def measure() -> list[Figure]:
    mails = messages()
    print(f"{len(mails)} messages, {sum(map(len, mails)) / len(mails):,.0f} bytes each on average")
    figures = speeds(mails)
    print(f"\n{'25 MB of':<38}{'seconds':>9}{'megabytes':>11}")
    costs = {}
    for name in HOSTILE:
        costs[name] = cost(name, HOSTILE_SIZE)
        print(f"{name:<38}{costs[name].seconds:>9.2f}{costs[name].megabytes:>11.0f}", flush=True)
    slowest = max(costs, key=lambda name: costs[name].seconds)
    largest = max(costs, key=lambda name: costs[name].megabytes)
    most = 5 * HOSTILE_SIZE / 1e6 + 50
    return [
        *figures,
        Figure(f"slowest of 25 MB: {slowest}", costs[slowest].seconds, "s", 2, "less"),
        Figure(f"most memory for 25 MB: {largest}", costs[largest].megabytes, "MB", most, "less"),
    ]


def messages() -> list[bytes]:
    """The messages of POSTROOM_CORPUS; without it, lifelike days of mail that the demo makes."""
    if "POSTROOM_CORPUS" not in os.environ:
        return [
            parcel.message for seed in (1, 2, 3) for parcel in day(datetime(2026, 3, 2, tzinfo=UTC), seed)
        ]
    folder = Path(os.environ["POSTROOM_CORPUS"])
    with (folder / "manifest.tsv").open() as manifest:
        rows = csv.DictReader(manifest, delimiter="\t")
        return [(folder / row["path"]).read_bytes() for row in rows if row["kind"] == "msg"]


def speeds(mails: list[bytes]) -> list[Figure]:
    """Messages a second of processor time on one core, the parsers in turn; how often each raised or found no text."""
    rates: dict[str, list[float]] = {name: [] for name in READERS}
    raised, empty = dict.fromkeys(READERS, 0), dict.fromkeys(READERS, 0)
    for number in range(ROUNDS):
        for name, reader in READERS.items():
            begun = time.process_time()
            for raw in mails:
                try:
                    text = reader(raw)
                except Exception:  # noqa: BLE001  # that it raises is what is counted
                    raised[name] += number == 0
                else:
                    empty[name] += number == 0 and not text.strip()
            rates[name].append(len(mails) / (time.process_time() - begun))
    figures = []
    for name, found in rates.items():
        figures.append(
            Figure(f"mail read by {name}", median(found), "/s", GOAL if name == "Postroom" else None)
        )
        print(
            f"{name:<30}{median(found):>8,.0f} /s{raised[name]:>5} raised{empty[name]:>5} without text",
            flush=True,
        )
    return figures


def by_postroom(raw: bytes) -> str:
    return read(raw).text


def by_the_standard_library(raw: bytes) -> str:
    message = message_from_bytes(raw, policy=default)
    _ = (
        message["subject"],
        message["from"],
        message["to"],
        message["cc"],
        message["date"],
        message["message-id"],
    )
    texts = []
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_filename() is None:
            texts.append(part.get_content())
        elif not part.is_multipart():
            part.get_payload(decode=True)
    return "".join(texts)


def by_mail_parser(raw: bytes) -> str:
    import mailparser  # noqa: PLC0415  # it need not be installed

    mail = mailparser.parse_from_bytes(raw)
    _ = (mail.subject, mail.from_, mail.to, mail.cc, mail.date, mail.message_id, mail.attachments)
    return "".join([*mail.text_plain, *mail.text_html])


def by_eml_parser(raw: bytes) -> str:
    import eml_parser  # noqa: PLC0415  # it need not be installed

    parser = eml_parser.EmlParser(include_raw_body=True, include_attachment_data=True)
    with redirect_stderr(io.StringIO()):
        return "".join(body.get("content", "") for body in parser.decode_email_bytes(raw)["body"])


READERS: dict[str, Reader] = {
    "Postroom": by_postroom,
    "email (policy.default)": by_the_standard_library,
    "mail-parser": by_mail_parser,
    "eml-parser": by_eml_parser,
}


def cost(name: str, size: int) -> Cost:
    """Of reading a hostile message, in a process of its own.

    Raises:
        EOFError: it did not end within `MOST_SECONDS`, or could not be read.
    """
    fork = get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=_read_hostile, args=(name, size, theirs))
    process.start()
    theirs.close()
    measured: Cost = ours.recv()
    process.join()
    return measured


def _read_hostile(name: str, size: int, answer: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    raw = HOSTILE[name](size)
    Path("/proc/self/clear_refs").write_text("5")
    before = _kilobytes("VmRSS")
    begun = time.process_time()
    letter = read(raw)
    seconds = time.process_time() - begun
    grown = (_kilobytes("VmHWM") - before) / 1000
    if "unreadable" in letter.problems:
        raise RuntimeError(f"{name} was an emergency")
    answer.send(Cost(seconds, grown + len(raw) / 1e6))


def _kilobytes(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(field))
