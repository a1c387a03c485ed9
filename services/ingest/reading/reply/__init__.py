"""What the author of a message newly wrote."""

from services.ingest.reading.reply.author import new_text

__all__ = ["new_text"]
