"""What is said of a message: by our own measuring of its archives, and then by clamd."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from contracts.mail import Scan, ScanVerdict
from services.ingest.reading import Letter, read
from services.ingest.scanning import measures
from services.ingest.scanning.answer import NotScanned, OddAnswer, ScannerAway, judge
from services.ingest.scanning.clamd import Address, patience, session
from services.ingest.scanning.measuring import File, Limits, TooMuch, measure

AT_ONCE = 4
"""Messages that one process has scanned at a time; clamd works at 10 unless it is told otherwise."""
PATIENCE_SECONDS = 15.0
"""For the whole of a message, while somebody waits who hands it in; what takes longer is held."""
OURSELVES = "postroom"
_HARMLESS = b"Do you scan?\n"
_MESSAGE = "message/rfc822"


class Scanner:
    """Asks clamd at `address`; None: no scanner is set up."""

    def __init__(self, address: Address | None, limits: Limits, clock: Callable[[], datetime]) -> None:
        self.away: str | None = None
        """Why clamd is not asked at the moment: messages need not wait one after the other for the same time-out."""
        self._address = address
        self._limits = limits
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def examine(
        self, raw: bytes, letter: Letter, patience_seconds: float = PATIENCE_SECONDS
    ) -> Scan | NotScanned | None:
        """What the scanner says of a message; None if there is no scanner."""
        if self._address is None:
            return None
        with measures.SECONDS.time():
            async with self._slots:  # they bound the memory of measuring, too
                try:
                    verdict, scanner, finding = await self._examine(
                        self._address, raw, letter, patience_seconds
                    )
                except ScannerAway as away:
                    return NotScanned(f"The virus scanner gave no answer: {away}")
        measures.SCANS.labels(verdict.value).inc()
        return Scan(verdict=verdict, scanner=scanner, finding=finding, scanned_at=self._clock())

    async def check(self) -> None:
        """See whether clamd scans; if it does, it is asked again from now on.

        Raises:
            ScannerAway: it does not.
        """
        if self._address is None:
            return
        try:
            async with session(self._address) as clamd:
                judge(await clamd.scan(_HARMLESS))
        except ScannerAway as error:
            self.away = str(error)
            raise
        self.away = None

    async def _examine(
        self, address: Address, raw: bytes, letter: Letter, patience_seconds: float
    ) -> tuple[ScanVerdict, str, str | None]:
        seen = (
            await asyncio.to_thread(let_through, raw, letter, self._limits)
            if letter.attachments
            else let_through(raw, letter, self._limits)
        )
        if isinstance(seen, TooMuch):
            return ScanVerdict.UNSCANNABLE, OURSELVES, seen.reason
        if self.away is not None:
            raise ScannerAway(self.away)
        try:
            async with patience(patience_seconds), session(address) as clamd:
                for content in seen:
                    verdict, finding = judge(await clamd.scan(content))
                    if verdict is not ScanVerdict.CLEAN:
                        return verdict, clamd.version, finding
                return ScanVerdict.CLEAN, clamd.version, None
        except OddAnswer:
            raise  # it may have to do with this message alone
        except ScannerAway as error:
            self.away = str(error)
            raise


def let_through(raw: bytes, letter: Letter, limits: Limits) -> tuple[bytes, ...] | TooMuch:
    """What clamd is to see: the message as it came, and each of its files as people will download it.

    Clamd reads mail in its own way, and might miss a file that our reader finds.
    """
    files = (File("the message", raw), *_files_of(letter, limits.depth))
    measured = measure(files, limits)
    if isinstance(measured, TooMuch):
        return measured
    return tuple(dict.fromkeys(file.content for file in files))


def _files_of(letter: Letter, most_deep: int, depth: int = 0) -> Iterator[File]:
    """The files of a message, and of the messages in it; those beyond the depth are left to be refused."""
    for attachment in letter.attachments:
        yield File(attachment.name, attachment.content, depth)
        if attachment.type == _MESSAGE and depth <= most_deep:
            yield from _files_of(read(attachment.content), most_deep, depth + 1)
