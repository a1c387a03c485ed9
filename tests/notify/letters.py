"""Lifelike outgoing letters, so that a test shows only what matters to it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.correspondence import OutgoingLetter, Quote
from contracts.mail import Address

REPLY_ID = UUID("7d9c1f7e-3c39-4a0e-9d0b-5a51c2f00a01")


def letter(**changes: Any) -> OutgoingLetter:
    return OutgoingLetter.model_validate(
        {
            "internet_message_id": "<reply-1@example.com>",
            "in_reply_to": "<question-1@customer.example>",
            "references": ("<question-1@customer.example>",),
            "date": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
            "from_": Address(name="Support", address="support@example.com"),
            "to": (Address(name="Ann Smith", address="ann@customer.example"),),
            "subject": "Re: My parcel has not arrived",
            "text": "Dear Ann,\n\nit is on its way, see https://example.com/track?id=7&n=1.\nKind regards",
            **changes,
        }
    )


def quote(text: str, author: str = "Ann Smith") -> Quote:
    return Quote(author=author, sent_at=datetime(2026, 3, 1, 8, 5, tzinfo=UTC), text=text)
