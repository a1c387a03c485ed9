"""Whom a note mentions."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from services.gateway.desk import desk
from services.gateway.tickets.choices import choices


async def mentionable(db: Connection, now: datetime) -> dict[str, UUID]:
    """People and teams by their names."""
    people = {person.name: person.id for person in await desk.people(db, now)}
    return {team.name: team.id for team in (await choices(db)).teams} | people


def mentioned(text: str, known: Mapping[str, UUID]) -> list[UUID]:
    """Whom `@Name` mentions, whatever its case; of two names that fit it is the longer one."""
    names = sorted((name for name in known if name), key=len, reverse=True)
    if not names:
        return []
    pattern = re.compile(rf"(?<!\w)@({'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
    by_name = {name.casefold(): identity for name, identity in known.items()}
    return list(dict.fromkeys(by_name[found.casefold()] for found in pattern.findall(text)))
