"""Archives are measured before the scanner sees them."""

import bz2
import gzip
import lzma
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.scanning import measuring
from services.ingest.scanning.archives import PIECE, open_archive
from services.ingest.scanning.measuring import File, Limits, Measured, TooMuch, measure
from tests.ingest.scanning.packing import encrypted, nested, overlapping, tar_of, zip_of

MEGABYTE = 1024 * 1024
LIMITS = Limits(file_bytes=25 * MEGABYTE, total_bytes=96 * MEGABYTE, ratio=200, files=5000, depth=5)
NOISE = random.Random(1).randbytes(3 * MEGABYTE)  # noqa: S311 - the same in each run


def measured(*contents: bytes, limits: Limits = LIMITS) -> Measured | TooMuch:
    return measure([File(f"{number}.bin", content) for number, content in enumerate(contents)], limits)


def refused(*contents: bytes, limits: Limits = LIMITS) -> str:
    found = measured(*contents, limits=limits)
    assert isinstance(found, TooMuch), found
    return found.reason


def test_what_is_no_archive_is_counted_and_let_through() -> None:
    assert measured(b"Hello", NOISE, b"") == Measured(files=3, total_bytes=5 + len(NOISE))


@pytest.mark.parametrize(
    "method",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2],
    ids=["stored", "deflate", "bzip2"],
)
def test_a_zip_is_let_through_with_the_files_and_bytes_that_it_holds(method: int) -> None:
    packed = zip_of({"a.txt": b"a" * 1000, "b.bin": NOISE, "empty": b""}, method)
    assert measured(packed) == Measured(files=4, total_bytes=len(packed) + 1000 + len(NOISE))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_a_packed_tar_is_let_through(pack) -> None:  # noqa: ANN001
    tar = tar_of({"a.txt": b"a" * 1000, "b.bin": NOISE})
    packed = pack(tar)
    assert measured(packed) == Measured(files=4, total_bytes=len(packed) + len(tar) + 1000 + len(NOISE))


def test_a_zip_that_was_written_into_a_pipe_is_let_through() -> None:
    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"a" * 1000)
        archive.writestr("b.txt", b"b" * 1000)
    assert isinstance(measured(pipe.getvalue()), Measured)


def test_a_gzip_file_of_several_parts_is_one_file() -> None:
    packed = gzip.compress(b"a" * 1000) + gzip.compress(b"b" * 1000) + b"\0" * 512
    assert measured(packed) == Measured(files=2, total_bytes=len(packed) + 2000)


def test_documents_of_an_office_pass_with_the_ratios_that_they_have() -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>{n % 7}</v></c><c r="B{n}"><v>{n * 37 % 1009}</v></c></row>'
        for n in range(150_000)
    )
    sheet = f'<?xml version="1.0"?><worksheet><sheetData>{rows}</sheetData></worksheet>'.encode()
    packed = zip_of({"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": sheet})
    assert 5 < len(sheet) / len(packed) < LIMITS.ratio
    assert isinstance(measured(packed), Measured)
    blank = zip_of({"word/document.xml": b"<w:p><w:r><w:t> </w:t></w:r></w:p>" * 20_000})
    assert isinstance(measured(blank), Measured)


def test_a_zip_behind_something_else_is_measured_as_programs_open_it() -> None:
    packed = zip_of({"a.txt": b"a" * 1000})
    picture = b"\xff\xd8\xff\xe0" + NOISE[:5000]
    assert measured(picture + packed) == Measured(files=2, total_bytes=5004 + len(packed) + 1000)


def test_30_megabytes_of_zeros_are_not_let_through() -> None:
    assert refused(zip_of({"a": b"\0" * 30_000_000})) == "0.bin is packed tighter than 200:1"
    assert (
        refused(zip_of({"a": b"\0" * 30_000_000}), limits=replace(LIMITS, ratio=2000))
        == "0.bin holds a file of more than 25 MB"
    )


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_a_packed_file_of_zeros_is_not_let_through(pack) -> None:  # noqa: ANN001
    assert refused(pack(b"\0" * 30_000_000)) == "0.bin is packed tighter than 200:1"


def test_the_total_counts_all_archives_of_a_message_together() -> None:
    limits = replace(LIMITS, total_bytes=9 * MEGABYTE)
    packed = zip_of({"a": NOISE})
    assert isinstance(measured(packed, limits=limits), Measured)
    assert refused(packed, packed, limits=limits) == "1.bin unpacks, with the rest, to more than 9 MB"


def test_the_number_of_files_is_limited() -> None:
    limits = replace(LIMITS, files=100)
    assert isinstance(measured(zip_of({str(n): b"x" for n in range(99)}), limits=limits), Measured)
    for archive in (
        zip_of({str(n): b"x" for n in range(100)}),
        tar_of({str(n): b"x" for n in range(100)}),
        zip_of({str(n): zip_of({"a": b"x", "b": b"y"}) for n in range(34)}),
    ):
        assert refused(archive, limits=limits) == "0.bin brings the message to more than 100 files"
    half = zip_of({str(n): b"x" for n in range(51)})
    assert refused(half, half, limits=limits) == "1.bin brings the message to more than 100 files"


def test_the_depth_is_limited() -> None:
    assert isinstance(measured(nested(b"Hello", 5)), Measured)
    assert refused(nested(b"Hello", 6)) == "0.bin holds archives inside archives, more than 5 deep"
    assert refused(nested(b"Hello", 60)) == "0.bin holds archives inside archives, more than 5 deep"


def test_messages_inside_messages_count_as_depth() -> None:
    content = nested(b"Hello", 3)
    assert isinstance(measure([File("a.zip", content, depth=2)], LIMITS), Measured)
    assert isinstance(measure([File("a.zip", content, depth=3)], LIMITS), TooMuch)
    assert measure([File("a.txt", b"", depth=6)], LIMITS) == TooMuch(
        "a.txt is in messages inside messages, more than 5 deep"
    )


def test_a_file_that_is_larger_than_the_scanner_takes_is_not_let_through() -> None:
    limits = replace(LIMITS, file_bytes=MEGABYTE)
    assert isinstance(measured(b"a" * MEGABYTE, limits=limits), Measured)
    assert refused(b"a" * (MEGABYTE + 1), limits=limits) == "0.bin is larger than 1 MB"


def test_files_that_share_their_bytes_are_not_let_through() -> None:
    bomb = overlapping(b"\0" * 20_000_000, 2000)
    with zipfile.ZipFile(BytesIO(bomb)) as archive:
        assert sum(info.file_size for info in archive.infolist()) == 40_000_000_000
    assert refused(bomb) == "0.bin has files that overlap"


def test_a_directory_of_60000_files_is_not_even_read() -> None:
    bomb = overlapping(b"x", 60_000)
    tracemalloc.start()
    assert refused(bomb) == "0.bin holds more than 5,000 files"
    assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    tracemalloc.stop()


@pytest.mark.parametrize("inside", ["zip", "zip in a zip", "tar"])
def test_what_is_encrypted_is_not_let_through(inside: str) -> None:
    secret = encrypted({"a.exe": b"MZ"})
    packed = {"zip": secret, "zip in a zip": zip_of({"a.zip": secret}), "tar": tar_of({"a.zip": secret})}
    assert refused(packed[inside]) == "0.bin is encrypted"


def test_an_encrypted_document_of_an_office_is_not_let_through() -> None:
    document = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert refused(document) == "0.bin is encrypted"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Rar!\x1a\x07\x01\x00" + bytes(50), "is a RAR archive, which is not looked into"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(50), "is a 7-Zip archive, which is not looked into"),
        (bytes(32769) + b"CD001", "is a disk image, which is not looked into"),
        (
            zip_of({"a": b"x" * 99}, zipfile.ZIP_LZMA),
            "is packed in a way that the scanner does not know (method 14)",
        ),
    ],
    ids=["rar", "7z", "iso", "zip of lzma"],
)
def test_what_nobody_can_look_into_is_not_let_through(content: bytes, reason: str) -> None:
    assert refused(content) == f"0.bin {reason}"


A_ZIP, B_ZIP = zip_of({"a": b"a" * 99}), zip_of({"b": b"b" * 99})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (A_ZIP + B_ZIP, "has files that its directory does not list"),
        (tar_of({"a": b"a"}) + tar_of({"b": b"b"}), "has something behind its end"),
        (tar_of({"a": b"a"}) + A_ZIP, "has something behind its end"),
        (gzip.compress(b"a") + A_ZIP, "has something behind its end"),
        (bz2.compress(b"a") + bz2.compress(b"b"), "has something behind its end"),
        (lzma.compress(b"a") + lzma.compress(b"b"), "has something behind its end"),
        (gzip.compress(b"") * 6000, "has more than 5,000 parts"),
    ],
    ids=["zip+zip", "tar+tar", "tar+zip", "gzip+zip", "bzip2+bzip2", "xz+xz", "gzip+gzip…"],
)
def test_what_the_scanner_would_pass_over_behind_an_archive_is_not_let_through(
    content: bytes, reason: str
) -> None:
    assert refused(content) == f"0.bin {reason}"


def zip64() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a", "w", force_zip64=True) as file:
        file.write(b"a")
    return buffer.getvalue()


@pytest.mark.parametrize("field", ["method", "packed size", "size"])
def test_a_zip_that_says_two_things_of_one_file_is_not_let_through(field: str) -> None:
    packed = bytearray(A_ZIP)
    offset = {"method": 8, "packed size": 18, "size": 22}[field]
    struct.pack_into("<H", packed, offset, 5)
    assert refused(bytes(packed)) == "0.bin says two things of one file"
    assert refused(zip64()) == "0.bin says two things of one file"


def test_a_size_that_both_places_lie_about_is_not_believed() -> None:
    packed = bytearray(zip_of({"a": b"\0" * 3_000_000}))
    central = packed.index(b"PK\x01\x02")
    struct.pack_into("<L", packed, 22, 10)
    struct.pack_into("<L", packed, central + 24, 10)
    assert refused(bytes(packed), limits=replace(LIMITS, ratio=2000)) == "0.bin is damaged"
    assert refused(bytes(packed), limits=replace(LIMITS, total_bytes=2_000_000)).startswith("0.bin ")


@pytest.mark.parametrize(
    "whole",
    [A_ZIP, gzip.compress(NOISE), bz2.compress(NOISE), lzma.compress(NOISE), tar_of({"a": NOISE})],
    ids=["zip", "gzip", "bzip2", "xz", "tar"],
)
def test_half_an_archive_is_not_let_through(whole: bytes) -> None:
    assert isinstance(measured(whole[: len(whole) // 2]), TooMuch)


def test_a_sparse_tar_that_claims_an_exabyte_is_not_let_through() -> None:
    header = bytearray(tar_of({"a": b""})[:512])
    header[156:157] = b"S"
    struct.pack_into(">BxxxQ", header, 483, 0x80, 2**60)  # GNU: the real size, in base 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert isinstance(measured(bytes(header) + bytes(1024)), TooMuch)


SMALL = st.binary(max_size=300)
ARCHIVES = st.recursive(
    SMALL,
    lambda inner: st.one_of(
        st.dictionaries(st.text("abc", min_size=1), inner, max_size=4).map(zip_of),
        st.dictionaries(st.text("abc", min_size=1), inner, max_size=4).map(tar_of),
        inner.map(gzip.compress),
        inner.map(bz2.compress),
        inner.map(lzma.compress),
    ),
    max_leaves=8,
)


@given(
    content=ARCHIVES,
    limits=st.builds(
        Limits,
        file_bytes=st.integers(1, 5000),
        total_bytes=st.integers(1, 20_000),
        ratio=st.integers(1, 50),
        files=st.integers(1, 8),
        depth=st.integers(1, 4),
    ),
)
def test_nothing_is_let_through_beyond_a_limit(content: bytes, limits: Limits) -> None:
    found = measured(content, limits=limits)
    if isinstance(found, Measured):
        assert found.total_bytes <= limits.total_bytes
        assert found.files <= limits.files
        assert everything(content, 0) == (found.files - 1, found.total_bytes - len(content))


def everything(content: bytes, depth: int) -> tuple[int, int]:
    """Count without any limit."""
    files = total = 0
    for inner in naively_opened(content):
        more_files, more_bytes = everything(inner, depth + 1)
        files, total = files + 1 + more_files, total + len(inner) + more_bytes
    return files, total


def naively_opened(content: bytes) -> list[bytes]:
    members = open_archive(content, 10**6)
    return [] if members is None else [b"".join(member) for member in members]


BOMBS = {
    "zip": zip_of({"a": b"\0" * 50_000_000}),
    "zip of bzip2": zip_of({"a": b"\0" * 50_000_000}, zipfile.ZIP_BZIP2),
    "gzip": gzip.compress(b"\0" * 50_000_000),
    "bzip2": bz2.compress(b"\0" * 50_000_000),
    "xz": lzma.compress(b"\0" * 50_000_000),
}


@given(bomb=st.sampled_from(list(BOMBS)), limit=st.integers(1, 4_000_000))
@settings(max_examples=40, deadline=None)
def test_no_more_than_one_piece_is_unpacked_beyond_a_limit(bomb: str, limit: int) -> None:
    limits = Limits(file_bytes=10**9, total_bytes=len(BOMBS[bomb]) + limit, ratio=10**9, files=10, depth=5)
    unpacked = 0

    def counting(content: bytes, most_files: int) -> Iterator[Iterator[bytes]] | None:
        members = open_archive(content, most_files)
        return None if members is None else (counted(member) for member in members)

    def counted(member: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal unpacked
        for piece in member:
            unpacked += len(piece)
            yield piece

    tracemalloc.start()
    with patch.object(measuring, "open_archive", counting):
        assert refused(BOMBS[bomb], limits=limits).startswith("0.bin unpacks, with the rest, to more than")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert limit < unpacked <= limit + PIECE
    assert peak < 2 * unpacked + 9 * MEGABYTE  # xz needs the 8 MB that its file asks for


@given(
    content=ARCHIVES.filter(bool),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_archives_never_raise(content: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(content)
    for where, byte in changes:
        damaged[where % len(damaged)] = byte
    assert isinstance(measured(bytes(damaged)), Measured | TooMuch)
