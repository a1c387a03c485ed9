"""What is left of an event when a person's data goes out of it (GDPR Art. 17). Pure.

An event keeps its type and its shape, its ids, times and numbers, so that whoever read it before can read it after.
Fields marked `Personal` go where they belong to the person: in a letter that the person wrote, in an answer to the
person, on the person's card, in all that we wrote in a ticket that the person opened. Everywhere else only the
person's addresses go, save in what other people wrote: their letters stay as they wrote them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from contracts.contacts import Card
from contracts.correspondence import Quote
from contracts.erasures import Subject
from contracts.event import Data
from contracts.mail import Address
from contracts.model import Personal, is_erased
from contracts.streams import EVENTS


@dataclass(frozen=True)
class Eraser:
    """Takes a person out of events, in whatever version they were written."""

    subject: Subject

    @cached_property
    def _mine(self) -> dict[str, frozenset[str]]:
        subject = self.subject
        return {
            "message_id": frozenset(map(str, subject.message_ids)),
            "reply_id": frozenset(map(str, subject.reply_ids)),
            "ticket_id": frozenset(map(str, subject.ticket_ids)),
            "contact_id": frozenset(map(str, subject.contact_ids)),
        }

    @cached_property
    def _who(self) -> frozenset[str]:
        return frozenset((*self.subject.addresses, *(name.casefold() for name in self.subject.names)))

    @cached_property
    def _mentioned(self) -> re.Pattern[str]:
        """Addresses and Message-IDs of the person, each whole."""
        wanted = (*self.subject.addresses, *self.subject.internet_message_ids)
        return re.compile(
            r"(?<![\w.+-])(?:" + "|".join(map(re.escape, wanted)) + r")(?![\w-]|\.\w)", re.IGNORECASE
        )

    def text(self, text: str) -> str:
        """A text of ours without the person's addresses."""
        return self._mentioned.sub(self.subject.alias, text)

    def event(self, type_name: str, data: Data) -> Data:
        """An event's content without the person; the same where the event has nothing of that person."""
        return self._object(EVENTS.get(type_name), data, theirs=False, others=False)

    def _is_later(self, data: Data) -> bool:
        """Whether it is of a letter that the person wrote after the erasure began: that is no part of it."""
        letter = data.get("letter", data)
        if not isinstance(letter, dict) or "message_id" not in letter:
            return False
        writer = (letter.get("from_") or {}).get("address", "").lower()
        return writer in self.subject.addresses and not self._is_mine("message_id", letter["message_id"])

    def _is_mine(self, key: str, value: object) -> bool:
        return value in self._mine[key]

    def _object(self, kind: type[BaseModel] | None, data: Data, *, theirs: bool, others: bool) -> Data:
        if self._is_later(data):
            return data
        theirs, others = self._whose(kind, data, theirs=theirs, others=others)
        fields = kind.model_fields if kind is not None else {}
        result: Data = {}
        for name, value in data.items():
            field = fields.get(name)
            mark = next((one for one in field.metadata if isinstance(one, Personal)), None) if field else None
            if mark is not None and theirs:
                result[name] = self._instead(mark, value)
            else:
                inner = _model_in(field.annotation) if field is not None else None
                key = self._value(None, name, theirs=theirs, others=others)
                result[key] = self._value(inner, value, theirs=theirs, others=others)
        return result

    def _whose(
        self, kind: type[BaseModel] | None, data: Data, *, theirs: bool, others: bool
    ) -> tuple[bool, bool]:
        """Whether an object belongs to the person, or is a letter that someone else wrote; else it is as around it."""
        if kind is Card:
            return self._is_mine("contact_id", data["id"]), False
        if "notice_id" in data and "ticket_id" in data:  # words of ours about the ticket, whoever wrote last
            mine = self._is_mine("ticket_id", data["ticket_id"])
            return mine or self._is_mine("message_id", data["message_id"]), False
        letter = data.get("letter")
        message_id = data.get("message_id") or (
            letter.get("message_id") if isinstance(letter, dict) else None
        )
        if message_id is not None:
            mine = self._is_mine("message_id", message_id)
            return mine, not mine
        if "reply_id" in data:
            mine = self._is_mine("reply_id", data["reply_id"])
            return mine or self._is_mine("ticket_id", data.get("ticket_id")), False
        if "ticket_id" in data:
            return self._is_mine("ticket_id", data["ticket_id"]), False
        if kind is Quote:
            return theirs or data["author"].casefold() in self._who, others
        return theirs, others

    def _value(self, kind: type[BaseModel] | None, value: Any, *, theirs: bool, others: bool) -> Any:
        match value:
            case {"address": str(address)} if address.lower() in self.subject.addresses:
                return self._object(kind, value, theirs=theirs, others=others) | self._alias_of(value)
            case dict():
                return self._object(kind, value, theirs=theirs, others=others)
            case list():
                return [self._value(kind, one, theirs=theirs, others=others) for one in value]
            case str() if not others or value.lower() in self.subject.addresses:
                return self.text(value)
            case _:
                return value

    def _instead(self, mark: Personal, value: Any) -> Any:
        match value:
            case {"address": str(address)}:
                return value if is_erased(address) else self._alias_of(value)
            case dict() if mark.instead == ():
                return {}
            case dict():
                return {name: mark.instead if isinstance(one, str) else one for name, one in value.items()}
            case None | "":
                return value
            case _:
                return [] if mark.instead == () else mark.instead

    def _alias_of(self, address: Mapping[str, object]) -> Data:
        return {name: "" if name == "name" else self.subject.alias for name in address if name in _ADDRESS}


_ADDRESS = frozenset(Address.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, alone or in a collection; None if it holds none, or one of several."""
    found = list(dict.fromkeys(_models_in(annotation)))
    return found[0] if len(found) == 1 else None


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not get_origin(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None or isinstance(annotation, UnionType) or annotation is Union:
        for one in get_args(annotation):
            yield from _models_in(one)
