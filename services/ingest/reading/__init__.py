"""Reading mail: bytes in, a letter out."""

from services.ingest.reading.letter import Letter
from services.ingest.reading.read import read

__all__ = ["Letter", "read"]
