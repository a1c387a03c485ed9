"""Opens archives, a piece at a time: what the scanner would unpack is unpacked here first, and counted.

It is stricter than programs that unpack: clamd says OK to what it does not look into, so whatever it was seen to pass
over (files that a directory does not list, a second part behind the first, an unknown method) is refused.
"""

import bz2
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from io import BytesIO
from itertools import pairwise
from typing import Protocol

PIECE = 64 * 1024
"""Bytes of a piece, at most."""
MOST_MEMORY = 128 * 1024 * 1024
"""Bytes that unpacking an xz file may need; the strongest of its presets needs half of it."""

MOST_PARTS = 5_000
"""Of a gzip file; each costs time though it may be empty."""

Member = Iterator[bytes]
"""The content of one file of an archive, in pieces. It must be read to its end before the next one is asked for."""


class Unopenable(Exception):
    """Why an archive cannot be looked into, as the end of a sentence that begins with its name."""


class _Engine(Protocol):
    """Unpacks what it is fed, as those of bz2 and lzma do."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Inflate:
    """zlib, with the manners of the others."""

    def __init__(self, window_bits: int) -> None:
        self._engine = zlib.decompressobj(window_bits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._engine.decompress(self._engine.unconsumed_tail + data, max_length)
        self.needs_input = not self._engine.unconsumed_tail and len(piece) < max_length
        return piece


def _unpack(engine: _Engine, content: bytes, start: int, end: int) -> Generator[bytes, None, int]:
    """Unpack one stream, and return where it ends."""
    while not engine.eof:
        feed = b""
        if engine.needs_input:
            feed = content[start : min(start + PIECE, end)]
            if not feed:
                raise Unopenable("ends before its time")
            start += len(feed)
        yield engine.decompress(feed, PIECE)
    return start - len(engine.unused_data)


def _gzip(content: bytes) -> Iterator[Member]:
    """RFC 1952 §2.2: the parts of a file, one behind the other, are one file."""

    def whole() -> Member:
        end = 0
        for _ in range(MOST_PARTS):
            if not content.startswith(_GZIP, end):
                return _nothing_behind(content, end)
            end = yield from _unpack(_Inflate(31), content, end, len(content))
        raise Unopenable(f"has more than {MOST_PARTS:,} parts")

    yield whole()


def _bzip2(content: bytes) -> Iterator[Member]:
    yield _alone(bz2.BZ2Decompressor(), content)


def _xz(content: bytes) -> Iterator[Member]:
    yield _alone(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY), content)


def _alone(engine: _Engine, content: bytes) -> Member:
    end = yield from _unpack(engine, content, 0, len(content))
    _nothing_behind(content, end)


def _nothing_behind(content: bytes, end: int) -> None:
    if content[end:].strip(b"\0"):
        raise Unopenable("has something behind its end")


def _tar(content: bytes) -> Iterator[Member]:
    with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
        for member in archive:
            # What it does not know is a file to other programs.
            is_file = member.isreg() or member.type not in tarfile.SUPPORTED_TYPES
            file = archive.extractfile(member) if is_file else None
            yield iter(lambda: file.read(PIECE), b"") if file else iter(())  # noqa: B023 - read before the next
        _nothing_behind(content, archive.offset)


_LOCAL_HEADER = struct.Struct("<4s2xHH4xLLLHH")
"""APPNOTE §4.3.7: signature, flags, method, CRC, packed size, size, and the lengths of the name and the extra field."""
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8
_NO_SIZES = {(0, 0), (0xFFFFFFFF, 0xFFFFFFFF)}
"""What stands for sizes that follow the file."""


def _zip(content: bytes) -> Iterator[Member]:
    """APPNOTE.TXT of PKWARE; also what is a zip by another name, such as documents of an office."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        listed = sorted(archive.infolist(), key=lambda info: info.header_offset)
    spans = [_span(content, info) for info in listed]
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        raise Unopenable("has files that overlap")
    if content.startswith(_LOCAL):  # one that is a part of something else has neighbours
        edges = [0, *(edge for span in spans for edge in span), len(content)]
        gaps = zip(edges[::2], edges[1::2], strict=True)
        if any(content.find(_LOCAL, start, end) >= 0 for start, end in gaps):
            raise Unopenable("has files that its directory does not list")
    for info, (start, end) in zip(listed, spans, strict=True):
        yield _unzip(content, info, start + _header_size(content, start), end)


def _span(content: bytes, info: zipfile.ZipInfo) -> tuple[int, int]:
    """Where a file begins, with its header, and ends. What is said of it in two places must be the same."""
    start = info.header_offset
    if start < 0 or len(content) < start + _LOCAL_HEADER.size:
        raise Unopenable("is damaged")
    signature, flags, method, _, packed, size, *_ = _LOCAL_HEADER.unpack_from(content, start)
    if (flags | info.flag_bits) & _ENCRYPTED:
        raise Unopenable("is encrypted")
    same_sizes = (packed, size) == (info.compress_size, info.file_size)
    follow = flags & _SIZES_FOLLOW and (packed, size) in _NO_SIZES
    if signature != _LOCAL or method != info.compress_type or not (same_sizes or follow):
        raise Unopenable("says two things of one file")
    end = start + _header_size(content, start) + info.compress_size
    if end > len(content):
        raise Unopenable("ends before its time")
    return start, end


def _header_size(content: bytes, start: int) -> int:
    *_, name, extra = _LOCAL_HEADER.unpack_from(content, start)
    return _LOCAL_HEADER.size + int(name) + int(extra)


def _unzip(content: bytes, info: zipfile.ZipInfo, start: int, end: int) -> Member:
    match info.compress_type:
        case zipfile.ZIP_STORED:
            pieces: Member = (content[at : min(at + PIECE, end)] for at in range(start, end, PIECE))
        case zipfile.ZIP_DEFLATED:
            pieces = _unpack(_Inflate(-15), content, start, end)
        case zipfile.ZIP_BZIP2:
            pieces = _unpack(bz2.BZ2Decompressor(), content, start, end)
        case method:
            raise Unopenable(f"is packed in a way that the scanner does not know (method {method})")
    size = checksum = 0
    for piece in pieces:
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if (size, checksum) != (info.file_size, info.CRC):
        raise Unopenable("is damaged")


def _is_tar(content: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(content[: tarfile.BLOCKSIZE], tarfile.ENCODING, "surrogateescape")
    except tarfile.TarError:
        return False
    return True


_GZIP = b"\x1f\x8b\x08"
_OPENED: tuple[tuple[re.Pattern[bytes], Callable[[bytes], Iterator[Member]]], ...] = (
    (re.compile(_LOCAL), _zip),
    (re.compile(_GZIP), _gzip),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)"), _bzip2),
    (re.compile(rb"\xfd7zXZ\x00"), _xz),
)
_OTHERS = {
    "a RAR archive": rb"Rar!\x1a\x07",
    "a 7-Zip archive": rb"7z\xbc\xaf\x27\x1c",
    "a cabinet": rb"MSCF\x00{4}",
    "an ACE archive": rb".{7}\*\*ACE\*\*",
    "an ARJ archive": rb"\x60\xea.[\x00-\x0a].{6}\x02",
    "an LHA archive": rb"..-l[hz].-",
    "an ALZ archive": rb"ALZ\x01",
    "an EGG archive": rb"EGGA\x00\x01",
    "a XAR archive": rb"xar!\x00",
    "a Zstandard file": rb"\x28\xb5\x2f\xfd",
    "an LZ4 file": rb"\x04\x22\x4d\x18",
    "an LZMA file": rb"\x5d\x00\x00",
    "a lzip file": rb"LZIP\x01",
    "a file of compress": rb"\x1f\x9d\x90",
    "a disk image": rb"vhdxfile|conectix|.{32769}CD001",
}
_KINDS = {kind: re.compile(magic, re.DOTALL) for kind, magic in _OTHERS.items()}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")


def open_archive(content: bytes, most_files: int) -> Iterator[Member] | None:
    """The files of an archive, one after the other; None if it is none.

    Raises:
        Unopenable: it cannot be looked into; or whatever its format's reader raises at damaged bytes. So may the
            reading of its files.
    """
    if content.count(_CENTRAL) > most_files:  # before a directory is made of them
        raise Unopenable(f"holds more than {most_files:,} files")
    for magic, opened in _OPENED:
        if magic.match(content):
            return opened(content)
    if _is_tar(content):
        return _tar(content)
    for kind, magic in _KINDS.items():
        if magic.match(content):
            raise Unopenable(f"is {kind}, which is not looked into")
    if content.startswith(_OLE) and _ENCRYPTED_OFFICE in content:
        raise Unopenable("is encrypted")
    # Programs find a zip by its end, whatever is before it.
    return _zip(content) if zipfile.is_zipfile(BytesIO(content)) else None
