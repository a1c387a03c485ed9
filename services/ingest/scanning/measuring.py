"""Measures archives before the scanner sees them. Pure, and bounded: nothing is unpacked beyond the limits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.ingest.scanning.archives import Member, Unopenable, open_archive

FREE = 1024 * 1024
"""Bytes that an archive may hold whatever the ratio: a short file of blanks is no bomb."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the archives of one message may hold. Beyond its own limits clamd says OK to what it did not scan."""

    file_bytes: int
    total_bytes: int
    """Of all files and what is in them, at every depth."""
    ratio: int
    """Of what one archive holds to its own size."""
    files: int
    """At every depth."""
    depth: int
    """Archives, and messages, inside each other."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message. `depth` counts the messages that it is inside of, below the outermost."""

    name: str
    content: bytes
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """Within the limits: what was counted at every depth."""

    files: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class TooMuch:
    """An archive is not let through to the scanner, and why."""

    reason: str


def measure(files: Iterable[File], limits: Limits) -> Measured | TooMuch:
    """Unpack the archives among the files of one message, piece by piece, and count what they hold together."""
    tally = _Tally(limits)
    for file in files:
        try:
            tally.take(file)
        except Unopenable as error:
            return TooMuch(f"{file.name} {error}")
    return Measured(tally.files, tally.total_bytes)


class _Tally:
    """What was counted so far, in all files of a message. What goes beyond a limit raises `Unopenable`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.files = self.total_bytes = 0

    def take(self, file: File) -> None:
        """Count a file of the message, and what it holds."""
        if len(file.content) > self._limits.file_bytes:
            raise Unopenable(f"is larger than {_size(self._limits.file_bytes)}")
        if file.depth > self._limits.depth:
            raise Unopenable(f"is in messages inside messages, more than {self._limits.depth} deep")
        self._count()
        self._add(len(file.content))
        self._look_into(file.content, file.depth)

    def _look_into(self, content: bytes, depth: int) -> None:
        """Count what a file holds, if it is an archive."""
        try:
            members = open_archive(content, self._limits.files)
            if members is not None:
                self._unpack(members, len(content), depth + 1)
        except Unopenable:
            raise
        except Exception as error:
            # Whatever the reader of a format raises at bytes that are meant to hurt it.
            raise Unopenable("is damaged") from error

    def _unpack(self, members: Iterator[Member], size: int, depth: int) -> None:
        if depth > self._limits.depth:
            raise Unopenable(f"holds archives inside archives, more than {self._limits.depth} deep")
        left = max(FREE, self._limits.ratio * size)
        for member in members:
            content = self._read(member, left)
            left -= len(content)
            self._look_into(content, depth)

    def _read(self, member: Member, left: int) -> bytes:
        """One file of an archive that may hold so many bytes more."""
        self._count()
        content = bytearray()
        for piece in member:
            self._add(len(piece))
            content += piece
            if len(content) > self._limits.file_bytes:
                raise Unopenable(f"holds a file of more than {_size(self._limits.file_bytes)}")
            if len(content) > left:
                raise Unopenable(f"is packed tighter than {self._limits.ratio}:1")
        return bytes(content)

    def _count(self) -> None:
        self.files += 1
        if self.files > self._limits.files:
            raise Unopenable(f"brings the message to more than {self._limits.files:,} files")

    def _add(self, size: int) -> None:
        self.total_bytes += size
        if self.total_bytes > self._limits.total_bytes:
            raise Unopenable(f"unpacks, with the rest, to more than {_size(self._limits.total_bytes)}")


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.3g} MB"
