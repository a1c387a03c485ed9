"""ISO-2022-JP as Japanese mail really writes it: with the characters that Windows added to JIS X 0208 (CP50221)."""

import re

_ESCAPE = re.compile(rb"\x1b(\$[@AB]|\$\([@BD]|\([BJIH]|&@\x1b\$B)")
_DOUBLE = {b"$@", b"$B", b"$(@", b"$(B", b"&@\x1b$B"}


def from_iso_2022_jp(data: bytes) -> str | None:
    """Decode it, or say None where it is something else."""
    try:
        return data.decode("iso2022_jp_ext")
    except UnicodeDecodeError:
        pass
    pieces: list[bytes] = []
    mode, position = b"(B", 0
    for escape in _ESCAPE.finditer(data):
        pieces.append(_shift_jis(data[position : escape.start()], mode))
        mode, position = escape[1], escape.end()
    pieces.append(_shift_jis(data[position:], mode))
    try:
        return b"".join(pieces).decode("cp932")
    except UnicodeDecodeError:
        return None


def _shift_jis(data: bytes, mode: bytes) -> bytes:
    """Bytes of one mode as Shift JIS. A line's end is outside of any mode, whatever was forgotten before it."""
    if mode == b"(I":
        return data.translate(_KATAKANA)
    if mode not in _DOUBLE:
        return data
    return b"\n".join(_pairs(line) for line in data.split(b"\n"))


def _pairs(data: bytes) -> bytes:
    """JIS X 0208 to Shift JIS, all pairs at once: the second byte depends on whether the first is odd."""
    ending = data[len(data) // 2 * 2 :]
    rows, cells = data[: len(data) - len(ending) : 2], data[1::2]
    odd = int.from_bytes(rows.translate(_IS_ODD), "big")
    from_odd = int.from_bytes(cells.translate(_CELL_OF_ODD), "big")
    from_even = int.from_bytes(cells.translate(_CELL_OF_EVEN), "big")
    every = (1 << 8 * len(rows)) - 1
    pairs = bytearray(2 * len(rows))
    pairs[0::2] = rows.translate(_ROW)
    pairs[1::2] = ((from_odd & odd) | (from_even & (odd ^ every))).to_bytes(len(rows), "big")
    return bytes(pairs) + ending


_KATAKANA = bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in range(256))
_IS_ODD = bytes(0xFF if byte % 2 else 0 for byte in range(256))
_ROW = bytes(((byte + 1) // 2 + (0x70 if byte < 0x5F else 0xB0)) % 256 for byte in range(256))
_CELL_OF_ODD = bytes((byte + (0x1F if byte < 0x60 else 0x20)) % 256 for byte in range(256))
_CELL_OF_EVEN = bytes((byte + 0x7E) % 256 for byte in range(256))
