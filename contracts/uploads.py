"""How a service hands a message over to ingest: in pieces, for it may be larger than what NATS carries at once."""

from typing import ClassVar
from uuid import UUID

from pydantic import ConfigDict

from contracts.model import Model, Text
from contracts.requests import Errand

PIECE = 512 * 1024
"""Bytes of a message in one request: less than any NATS carries (1 MB unless it is set otherwise), even in base64."""


class UploadRequest(Errand):
    """Asks ingest to keep something."""

    service: ClassVar[str] = "ingest"


class StoreUpload(UploadRequest):
    """Keep the piece `number` (from 0) of a message for an hour. Answer: `Stored`."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    upload_id: UUID
    number: int
    content: bytes


class Stored(Model):
    upload_id: UUID
    number: int


class AcceptUpload(UploadRequest):
    """Take the message that the pieces make, for good. Answer: `UploadAccepted`, or `Refused` if pieces are missing.

    A repeat with the same `command_id` gets the first answer again, whatever its pieces are.
    """

    command_id: UUID
    upload_id: UUID
    sha256: str
    """Of the whole message."""
    source: Text
    """`api`, or `form:TICKETBOX`."""
    recipient: Text
    """An address of the ticketbox that it is for."""
    client_address: Text
    actor_id: UUID | None
    """Who handed it in; None: a stranger."""


class UploadAccepted(Model):
    """The message is committed, in the ledger and in the log."""

    message_id: UUID
    duplicate: bool
    """It had been taken before, by this way or another."""
    position: int
    """Of its event in the log of ingest: wait for it to see the message in a projection."""
