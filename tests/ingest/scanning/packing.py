"""Archives as people and attackers make them."""

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

Files = Mapping[str, bytes]


def zip_of(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(files: Files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def nested(content: bytes, levels: int) -> bytes:
    """A zip in a zip in a zip."""
    for level in range(levels):
        content = zip_of({f"{level}.zip": content})
    return content


def encrypted(files: Files) -> bytes:
    """As `zip --encrypt` writes it: only the flag matters, since nobody has the key."""
    packed = bytearray(zip_of(files))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def overlapping(kernel: bytes, files: int) -> bytes:
    """A bomb whose files all share the same packed bytes, each listed by the directory on its own."""
    name = b"same"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(kernel) + packer.flush()
    facts = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 0x21, zlib.crc32(kernel), len(packed), len(kernel), 4, 0)
    local = b"PK\x03\x04" + facts + name + packed
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + facts + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, files, files, len(entry) * files, len(local), 0)
    return local + entry * files + end
