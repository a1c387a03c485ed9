"""A letter as a program describes it in JSON."""

from base64 import b64decode
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    WithJsonSchema,
    model_validator,
)

from contracts.mail import Address
from contracts.model import Text
from services.gateway.bodies import Body
from services.gateway.intake.composing import File, NewLetter

MOST = 100
"""Of each sort of thing that a letter may have several of."""


def _one_line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise ValueError("must not contain a line break")
    return text


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return b64decode("".join(value.split()), validate=True)
    except ValueError as error:
        raise ValueError(f"must be base64: {error}") from error


def _free(name: str) -> str:
    if name.lower().startswith("x-postroom-"):
        raise ValueError("is Postroom's own")
    return name


Line = Annotated[Text, AfterValidator(_one_line)]
Content = Annotated[
    bytes, BeforeValidator(_decoded), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]
HeaderName = Annotated[str, Field(pattern=r"^[Xx]-[A-Za-z0-9-]{1,60}$"), AfterValidator(_free)]
ContentId = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]{1,200}$")]


class Mailbox(Body):
    name: Line = ""
    address: Line

    def as_address(self) -> Address:
        return Address(name=self.name, address=self.address)


class NewFile(Body):
    name: Line
    type: Line = "application/octet-stream"
    content: Content
    content_id: ContentId | None = Field(
        default=None, description="Of an image that the HTML shows by `cid:`."
    )


class NewMessage(Body):
    """A letter to be written. `to` is an address of a ticketbox; or `box` is its id."""

    from_: Mailbox = Field(alias="from")
    to: Line | None = None
    box: UUID | None = None
    subject: Line = ""
    text: Text | None = None
    html: Text | None = None
    cc: tuple[Mailbox, ...] = Field(default=(), max_length=MOST)
    reply_to: tuple[Mailbox, ...] = Field(default=(), max_length=MOST)
    message_id: Line | None = Field(
        default=None, description="Of the letter, where it has one elsewhere already."
    )
    in_reply_to: Line | None = None
    references: tuple[Line, ...] = Field(default=(), max_length=MOST)
    date: AwareDatetime | None = Field(
        default=None, description="When it was written; now, if it is not said."
    )
    headers: dict[HeaderName, Line] = Field(default={}, max_length=MOST, description="Such as `X-Order`.")
    attachments: tuple[NewFile, ...] = Field(default=(), max_length=MOST)

    @model_validator(mode="after")
    def _says_something(self) -> "NewMessage":
        if not (self.text or self.html or self.attachments):
            raise ValueError("one of text, html and attachments is needed")
        return self

    def letter(self, recipient: str, message_id: str, now: datetime) -> NewLetter:
        """What is to be written; `message_id` and `now` are for a letter that says neither itself."""
        return NewLetter(
            message_id=self.message_id or message_id,
            date=self.date or now,
            from_=self.from_.as_address(),
            to=Address(address=recipient),
            subject=self.subject,
            text=self.text or None,
            html=self.html or None,
            cc=tuple(one.as_address() for one in self.cc),
            reply_to=tuple(one.as_address() for one in self.reply_to),
            in_reply_to=self.in_reply_to,
            references=self.references,
            more=tuple(self.headers.items()),
            files=tuple(File(one.name, one.type, one.content, one.content_id) for one in self.attachments),
        )


EXAMPLE = {
    "from": {"name": "Kim Customer", "address": "kim@customers.example"},
    "to": "support@example.com",
    "subject": "Where is my order?",
    "text": "Hello,\n\nI ordered two lamps a week ago. Where are they?\n\nKim\n",
    "attachments": [{"name": "order.txt", "type": "text/plain", "content": "MiBsYW1wcwo="}],
}
