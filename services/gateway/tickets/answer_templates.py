"""Templates of answers, filled in for one ticket and whoever answers it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.database import Connection
from contracts.desk import Placeholder, Template
from contracts.model import Text
from contracts.people import Right
from services.gateway.access.accounts import Person
from services.gateway.contacts import contacts
from services.gateway.desk import desk
from services.gateway.problems import Forbidden, NotFound
from services.gateway.representations.tickets import AnswerTemplate

MOST_OFFERED = 30
"""Whoever has more searches."""
Sought = Annotated[Text, Query(max_length=200, description="Words of the name or the text.")]
_PLACEHOLDER = re.compile("{(" + "|".join(Placeholder) + ")}")


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers whom, about what."""

    customer: str
    agent: str
    number: int
    subject: str
    language: str
    """Of the customer, as a tag (BCP 47); empty: unknown."""


def fill(text: str, answering: Answering) -> str:
    """A template's text with its placeholders filled; what the customer wrote there is not looked through again."""
    values = {
        Placeholder.CUSTOMER: answering.customer,
        Placeholder.AGENT: answering.agent,
        Placeholder.NUMBER: str(answering.number),
        Placeholder.SUBJECT: answering.subject,
    }
    return _PLACEHOLDER.sub(lambda place: values[Placeholder(place[1])], text)


def found(templates: Iterable[Template], q: str, language: str) -> list[Template]:
    """Those that have every word in name or text: in the customer's language first, then those with it in the name."""
    words = q.casefold().split()

    def has(text: str) -> bool:
        return all(word in text.casefold() for word in words)

    def order(one: Template) -> tuple[int, bool, str]:
        return _distance(one.language, language), not has(one.name), one.name.casefold()

    return sorted((one for one in templates if has(f"{one.name} {one.text}")), key=order)


def _distance(language: str | None, spoken: str) -> int:
    if not spoken or language is None:
        return 1
    return 0 if _primary(language) == _primary(spoken) else 2


def _primary(language: str) -> str:
    return language.lower().partition("-")[0]


async def offered(db: Connection, person: Person, number: int, q: str) -> list[AnswerTemplate]:
    """The templates for an answer of somebody to a ticket, filled in.

    Raises:
        NotFound: there is no such ticket, or it is out of sight.
        Forbidden: the person may not answer it.
    """
    ticketbox_id, answering = await _answering(db, person, number)
    templates = [
        one
        for one in await desk.every(db, Template)
        if not one.ticketbox_ids or ticketbox_id in one.ticketbox_ids
    ]
    return [
        AnswerTemplate(id=one.id, name=one.name, language=one.language, text=fill(one.text, answering))
        for one in found(templates, q, answering.language)[:MOST_OFFERED]
    ]


_TICKET = "SELECT ticketbox_id, subject, contact_name, contact_address FROM ticket WHERE number = $1"


async def _answering(db: Connection, person: Person, number: int) -> tuple[UUID, Answering]:
    row = await db.fetchrow(_TICKET, number)
    if row is None or not person.sight.sees(row["ticketbox_id"]):
        raise NotFound(f"There is no ticket {number}.")
    if not person.may(Right.ANSWER, row["ticketbox_id"]):
        raise Forbidden("You can look at this ticket, and not answer it.")
    contact = await contacts.of_address(db, person.sight, row["contact_address"])
    name = (contact.name if contact else "") or row["contact_name"]
    return row["ticketbox_id"], Answering(
        customer=name or row["contact_address"],
        agent=person.name,
        number=number,
        subject=row["subject"],
        language=contact.language if contact else "",
    )
