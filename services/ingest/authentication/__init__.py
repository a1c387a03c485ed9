"""Whether the sender of a message is who he says he is: SPF, DKIM, DMARC and ARC, or the word of an upstream."""

from services.ingest.authentication.authenticator import Authenticator

__all__ = ["Authenticator"]
