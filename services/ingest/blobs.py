"""Gives out stored bytes, a piece at a time."""

from chassis.database import Pool
from chassis.requests import SIZE
from contracts.queries import GetBlob

PIECE = 512 * 1024

_PIECE = """
SELECT substring(content FROM $2 FOR $3) AS piece, octet_length(content) AS size
FROM blob
WHERE sha256 = $1
"""


async def piece_of(pool: Pool, query: GetBlob) -> tuple[bytes, dict[str, str]]:
    """The piece that begins at the offset, and the whole size; no size if there is no such blob."""
    try:
        digest = bytes.fromhex(query.sha256)
    except ValueError:
        return b"", {}
    row = await pool.fetchrow(_PIECE, digest, query.offset + 1, PIECE)
    return (b"", {}) if row is None else (row["piece"], {SIZE: str(row["size"])})
