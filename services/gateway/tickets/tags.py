"""Reads the tags that are in use, so that people write the same word for the same thing."""

from collections import Counter

from chassis.database import Connection
from contracts.automations import Automation
from contracts.people import Person
from contracts.service_levels import Policy
from contracts.tags import tag_of
from services.gateway.access.sight import Sight
from services.gateway.desk import desk
from services.gateway.representations.tickets import TagItem

_IN_USE = """
SELECT tag, count(*) AS tickets
FROM ticket
CROSS JOIN unnest(tags) AS tag
WHERE $1::uuid[] IS NULL
   OR ticketbox_id = ANY($1)
GROUP BY tag
"""


async def in_use(db: Connection, sight: Sight) -> list[TagItem]:
    """Tags of tickets in sight, and those that service levels, automations and skills wait for; most used first."""
    counted = Counter({row["tag"]: row["tickets"] for row in await db.fetch(_IN_USE, sight.in_order)})
    counted.update(dict.fromkeys(await _asked_for(db), 0))
    return [
        TagItem(tag=tag, tickets=tickets)
        for tag, tickets in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]


async def _asked_for(db: Connection) -> set[str]:
    policies, automations = await desk.every(db, Policy), await desk.every(db, Automation)
    return {
        *(tag for policy in policies for tag in policy.tags),
        *(tag for one in automations for tag in (*one.tickets.tags, *one.then.add_tags)),
        *(tag_of(skill) for person in await desk.every(db, Person) for skill in person.skills),
    }
