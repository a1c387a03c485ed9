"""What is said of a message, by a real clamd."""

import asyncio
import bz2
import gzip
import lzma
import os
import random
import signal
import socket
import struct
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest

from contracts.mail import Scan, ScanVerdict
from services.ingest.reading import read
from services.ingest.scanning import clamd as protocol
from services.ingest.scanning.answer import NotScanned, OddAnswer, ScannerAway, judge
from services.ingest.scanning.clamd import Address
from services.ingest.scanning.measuring import Limits
from services.ingest.scanning.scanner import Scanner
from tests.ingest.scanning.clamd import NAME, VIRUS, Clamd
from tests.ingest.scanning.conftest import needs_clamd
from tests.ingest.scanning.letters import forwarded, letter_with, message_with
from tests.ingest.scanning.packing import encrypted, nested, overlapping, tar_of, zip_of

pytestmark = pytest.mark.anyio
MEGABYTE = 1024 * 1024
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMITS = Limits(file_bytes=25 * MEGABYTE, total_bytes=96 * MEGABYTE, ratio=200, files=5000, depth=5)


def scanner_at(address: str | None, limits: Limits = LIMITS) -> Scanner:
    return Scanner(None if address is None else Address.read(address), limits, lambda: NOON)


async def examined(raw: bytes, address: str, limits: Limits = LIMITS) -> Scan:
    scan = await scanner_at(address, limits).examine(raw, read(raw))
    assert isinstance(scan, Scan), scan
    return scan


async def test_without_a_scanner_nothing_is_said() -> None:
    raw = letter_with(("a.zip", encrypted({"a": b"a"})))
    assert await scanner_at(None).examine(raw, read(raw)) is None


@needs_clamd
@pytest.mark.parametrize("way", ["unix", "tcp"])
async def test_a_clean_message_is_clean_by_the_word_of_the_scanner(virus_scanner: Clamd, way: str) -> None:
    scan = await examined(letter_with(("a.txt", b"a" * 200_000)), getattr(virus_scanner, way))
    assert (scan.verdict, scan.finding, scan.scanned_at) == (ScanVerdict.CLEAN, None, NOON)
    assert scan.scanner.startswith("ClamAV 1.")


@needs_clamd
@pytest.mark.parametrize(
    "raw",
    [
        letter_with(text=VIRUS.decode()),
        letter_with(("a.bin", VIRUS * 2)),
        letter_with(("clean.bin", b"clean"), ("a.bin", os.urandom(300_000) + VIRUS)),
        letter_with(("a.zip", zip_of({"b.zip": zip_of({"c.exe": VIRUS})}))),
        forwarded(message_with(("a.bin", VIRUS)), 3).as_bytes(),
        forwarded(message_with(("a.zip", nested(VIRUS, 2))), 2).as_bytes(),
    ],
    ids=["text", "attachment", "second attachment", "zip in a zip", "forwarded", "zip in a zip, forwarded"],
)
async def test_an_infected_message_is_infected_and_what_was_found_is_named(
    virus_scanner: Clamd, raw: bytes
) -> None:
    scan = await examined(raw, virus_scanner.unix)
    assert (scan.verdict, scan.finding) == (ScanVerdict.INFECTED, NAME)


@needs_clamd
async def test_a_file_is_scanned_as_our_reader_decodes_it_whatever_clamd_makes_of_the_message(
    virus_scanner: Clamd,
) -> None:
    scan = await scanner_at(virus_scanner.unix).examine(letter_with(), read(letter_with(("a", VIRUS))))
    assert isinstance(scan, Scan)
    assert scan.verdict is ScanVerdict.INFECTED


@needs_clamd
@pytest.mark.parametrize(
    ("message", "finding"),
    [
        (forwarded(message_with(("a.zip", encrypted({"a": b"a"})))), "a.zip is encrypted"),
        (
            forwarded(message_with(("a.txt", b"a")), 7),
            "Letter 1.eml is in messages inside messages, more than 5 deep",
        ),
    ],
    ids=["an encrypted file of it", "deep"],
)
async def test_messages_inside_a_message_are_looked_into(
    virus_scanner: Clamd, message: Message, finding: str
) -> None:
    scan = await examined(message.as_bytes(), virus_scanner.unix)
    assert (scan.verdict, scan.finding) == (ScanVerdict.UNSCANNABLE, finding)
    passed = forwarded(message_with(("a.txt", b"a")), 5)
    assert (await examined(passed.as_bytes(), virus_scanner.unix)).verdict is ScanVerdict.CLEAN


ZEROS = b"\0" * 30_000_000 + VIRUS


@needs_clamd
@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (zip_of({"a": ZEROS}), "a.bin is packed tighter than 200:1"),
        (encrypted({"a.exe": VIRUS}), "a.bin is encrypted"),
        (overlapping(b"\0" * 20_000_000, 2000), "a.bin has files that overlap"),
        (nested(VIRUS, 40), "a.bin holds archives inside archives, more than 5 deep"),
        (
            zip_of({str(number): b"" for number in range(10_100)} | {"v": VIRUS}),
            "a.bin holds more than 5,000 files",
        ),
        (zip_of({"a": VIRUS}, zipfile.ZIP_LZMA), None),
        (zip_of({"a": VIRUS}) + zip_of({"b": b"b"}), "a.bin has files that its directory does not list"),
        (bz2.compress(b"a") + bz2.compress(VIRUS), "a.bin has something behind its end"),
    ],
    ids=["30 MB of zeros", "encrypted", "overlapping", "depth", "count", "lzma", "two zips", "two bzip2"],
)
async def test_what_clamd_calls_ok_without_having_looked_is_unscannable(
    virus_scanner: Clamd, content: bytes, finding: str | None
) -> None:
    async with protocol.session(Address.read(virus_scanner.unix)) as clamd:
        assert await clamd.scan(content) == "stream: OK"
    scan = await examined(letter_with(("a.bin", content)), virus_scanner.unix)
    assert (scan.verdict, scan.scanner) == (ScanVerdict.UNSCANNABLE, "postroom")
    assert finding is None or scan.finding == finding


def noise(size: int, seed: int) -> bytes:
    """Compressible eight to one, so that no ratio stands in the way."""
    source = random.Random(seed)  # noqa: S311 - the same in each run
    return b"".join(source.randbytes(1024) * 8 for _ in range(size // 8192 + 1))[:size]


def large() -> bytes:
    files = {str(number): noise(22 * MEGABYTE, number) for number in range(3)}
    return zip_of(files | {"v": VIRUS})


@needs_clamd
@pytest.mark.parametrize(
    "pack",
    [
        lambda: zip_of({"a": VIRUS}),
        lambda: zip_of({"a": VIRUS}, zipfile.ZIP_STORED),
        lambda: zip_of({"a": VIRUS}, zipfile.ZIP_BZIP2),
        lambda: b"\xff\xd8\xff\xe0" + os.urandom(5000) + zip_of({"a": VIRUS}),
        lambda: gzip.compress(VIRUS),
        lambda: gzip.compress(b"a") + gzip.compress(VIRUS),
        lambda: bz2.compress(VIRUS),
        lambda: lzma.compress(VIRUS),
        lambda: tar_of({"a": b"a" * 100_000, "b": gzip.compress(VIRUS)}),
        lambda: gzip.compress(tar_of({"a": zip_of({"b": VIRUS})})),
        lambda: nested(VIRUS, 5),
        lambda: zip_of({str(number): b"x" for number in range(4_990)} | {"v": VIRUS}),
        lambda: gzip.compress(noise(25 * MEGABYTE - len(VIRUS), 1) + VIRUS),
        large,
    ],
    ids=[
        "deflate", "stored", "bzip2 in zip", "behind a picture", "gzip", "two gzip", "bzip2", "xz", "tar", "tar.gz",
        "5 deep", "4,991 files", "25 MB", "66 MB",
    ],
)  # fmt: skip
async def test_clamd_looks_into_all_that_is_let_through(
    virus_scanner: Clamd, pack: Callable[[], bytes]
) -> None:
    scan = await examined(letter_with(("a.bin", pack())), virus_scanner.unix)
    assert (scan.verdict, scan.finding) == (ScanVerdict.INFECTED, NAME)


@needs_clamd
async def test_what_is_larger_than_the_scanner_takes_is_unscannable(tmp_path: Path) -> None:
    small = Clamd(tmp_path, "StreamMaxLength 1M")
    try:
        for address in (small.unix, small.tcp):
            scan = await examined(letter_with(("a.bin", os.urandom(6 * MEGABYTE))), address)
            assert scan.verdict is ScanVerdict.UNSCANNABLE
            assert scan.finding == "it is larger than the scanner takes"
    finally:
        small.stop()


@needs_clamd
async def test_a_limit_of_which_the_scanner_tells_is_no_virus(tmp_path: Path) -> None:
    telling = Clamd(tmp_path, "MaxFileSize 1M\nAlertExceedsMax yes\nAlertEncrypted yes")
    try:
        scan = await examined(letter_with(("a.zip", zip_of({"a": os.urandom(2 * MEGABYTE)}))), telling.unix)
        assert scan.verdict is ScanVerdict.UNSCANNABLE
        assert str(scan.finding).startswith("Heuristics.Limits.Exceeded")
    finally:
        telling.stop()


@pytest.mark.parametrize(
    ("answer", "verdict", "finding"),
    [
        ("stream: OK", ScanVerdict.CLEAN, None),
        ("stream: Eicar-Test-Signature FOUND", ScanVerdict.INFECTED, "Eicar-Test-Signature"),
        (
            "stream: Eicar-Test-Signature(44d88612fea8a8f36de82e1278abb02f:68) FOUND",
            ScanVerdict.INFECTED,
            "Eicar-Test-Signature",
        ),
        ("stream: Heuristics.Encrypted.Zip FOUND", ScanVerdict.UNSCANNABLE, "Heuristics.Encrypted.Zip"),
        (
            "INSTREAM size limit exceeded. ERROR",
            ScanVerdict.UNSCANNABLE,
            "it is larger than the scanner takes",
        ),
    ],
)
async def test_an_answer_means(answer: str, verdict: ScanVerdict, finding: str | None) -> None:
    assert judge(answer) == (verdict, finding)


@pytest.mark.parametrize(
    "answer",
    ["", "OK", "stream: OK ", "stream: ok", "stream:  FOUND", "stream: Can't allocate memory ERROR", "PONG"],
)
async def test_every_other_answer_says_nothing(answer: str) -> None:
    with pytest.raises(OddAnswer):
        judge(answer)


@pytest.mark.parametrize(
    "text", ["", "3310", "localhost:3310", "tcp://localhost", "tcp://:3310", "tcp://a:b", "tcp://a:99999", "unix:clamd"]
)  # fmt: skip
async def test_an_address_is_of_one_of_two_forms(text: str) -> None:
    with pytest.raises(ValueError, match="tcp://host:port or unix:/path"):
        Address.read(text)
    assert str(Address.read("tcp://[::1]:3310")) == "tcp://[::1]:3310"
    assert str(Address.read("unix:/run/clamav/clamd.ctl")) == "unix:/run/clamav/clamd.ctl"


async def not_scanned(scanner: Scanner) -> str:
    raw = letter_with()
    said = await scanner.examine(raw, read(raw))
    assert isinstance(said, NotScanned), said
    return said.reason


async def test_a_scanner_that_is_down_says_nothing(tmp_path: Path) -> None:
    assert (
        await not_scanned(scanner_at(f"unix:{tmp_path / 'nothing'}"))
        == "The virus scanner gave no answer: No such file or directory"
    )


async def test_what_may_not_be_seen_by_the_scanner_is_unscannable_without_it(tmp_path: Path) -> None:
    scan = await examined(letter_with(("a.zip", encrypted({"a": b"a"}))), f"unix:{tmp_path / 'nothing'}")
    assert (scan.verdict, scan.finding) == (ScanVerdict.UNSCANNABLE, "a.zip is encrypted")


async def test_a_scanner_that_hangs_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "GREETING_SECONDS", 0.5)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "socket"))
        silent.listen()
        scanner = scanner_at(f"unix:{tmp_path / 'socket'}")
        began = time.monotonic()
        reasons = await asyncio.gather(*(not_scanned(scanner) for _ in range(40)))
        assert set(reasons) == {"The virus scanner gave no answer: no answer in 0.5 s"}
        assert time.monotonic() - began < 3
        with pytest.raises(ScannerAway):
            await scanner.check()


@needs_clamd
async def test_who_hands_a_message_in_waits_for_a_hanging_scanner_so_long_and_no_longer(
    tmp_path: Path,
) -> None:
    clamd = Clamd(tmp_path)
    clamd.process.send_signal(signal.SIGSTOP)  # the system still takes connections for it
    raw = letter_with(("a.bin", os.urandom(5 * MEGABYTE)))
    began = time.monotonic()
    said = await scanner_at(clamd.unix).examine(raw, read(raw), 0.5)
    assert said == NotScanned("The virus scanner gave no answer: no answer in 0.5 s")
    assert time.monotonic() - began < 3
    clamd.stop()


@needs_clamd
async def test_a_scanner_that_is_killed_in_the_middle_of_a_stream_says_nothing(tmp_path: Path) -> None:
    clamd = Clamd(tmp_path)
    scanner = scanner_at(clamd.unix)
    raw = letter_with(*((f"{number}.bin", os.urandom(1_500_000)) for number in range(10)))
    examining = asyncio.create_task(scanner.examine(raw, read(raw)))
    clamd.process.send_signal(signal.SIGSTOP)  # so that it is in the middle of it
    await asyncio.sleep(0.5)
    assert not examining.done()
    clamd.stop()
    said = await examining
    assert isinstance(said, NotScanned)
    assert await not_scanned(scanner) == said.reason, "the next one is not even tried"
    clamd.start()
    assert await not_scanned(scanner) == said.reason
    await scanner.check()
    said = await scanner.examine(raw, read(raw))
    assert isinstance(said, Scan)
    assert said.verdict is ScanVerdict.CLEAN
    clamd.stop()


async def test_an_answer_to_one_message_that_says_nothing_does_not_keep_the_others_waiting(
    tmp_path: Path,
) -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(b"zIDSESSION\0zVERSION\0"))
        writer.write(b"1: COMMAND UNAVAILABLE\0")
        await reader.readexactly(len(b"zINSTREAM\0"))
        content = b""
        while length := struct.unpack("!L", await reader.readexactly(4))[0]:
            content += await reader.readexactly(length)
        odd = b"Letter 2" in content
        writer.write(b"2: stream: Can't write to temporary file ERROR\0" if odd else b"2: stream: OK\0")
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(odd, tmp_path / "socket"):
        scanner = scanner_at(f"unix:{tmp_path / 'socket'}")
        raw = letter_with(number=2)
        said = await scanner.examine(raw, read(raw))
        assert said == NotScanned(
            "The virus scanner gave no answer: stream: Can't write to temporary file ERROR"
        )
        scan = await scanner.examine(letter_with(), read(letter_with()))
        assert isinstance(scan, Scan)
        assert (scan.verdict, scan.scanner) == (ScanVerdict.CLEAN, "clamd")
