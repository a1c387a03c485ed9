"""The list of tickets that an address asks for."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ValidationError

from contracts.tickets import State
from services.gateway.contacts.organisations import Organisations
from services.gateway.problems import BadRequest
from services.gateway.tickets.ticket_lists import Filter
from services.gateway.tickets.ticket_query import TicketQuery

View = Literal["mine", "watched", "unassigned", "open", "pending", "on_hold", "solved", "closed", "all"]
TITLES: dict[View, str] = {
    "mine": "My open tickets",
    "watched": "Tickets I watch",
    "unassigned": "Nobody's tickets",
    "open": "All open tickets",
    "pending": "Waiting for customers",
    "on_hold": "On hold",
    "solved": "Solved tickets",
    "closed": "Closed tickets",
    "all": "All tickets",
}
_VIEWS: dict[View, dict[str, str]] = {
    "mine": {"state": State.OPEN, "assignee": "me"},
    "watched": {"watcher": "me"},
    "unassigned": {"state": State.OPEN, "assignee": "none"},
    "open": {"state": State.OPEN},
    "pending": {"state": State.PENDING},
    "on_hold": {"state": State.ON_HOLD},
    "solved": {"state": State.SOLVED},
    "closed": {"state": State.CLOSED},
    "all": {},
}


class ListQuery(TicketQuery):
    """A view, and what narrows it."""

    view: View = "open"

    @property
    def title(self) -> str:
        return TITLES[self.view]

    @property
    def parameters(self) -> dict[str, str]:
        """What is not as usual, as an address has it."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        return {"view": self.view} | {name: str(value) for name, value in said.items()}

    def address(self, **other: object) -> str:
        """The list with other parameters; None or an empty one leaves it out."""
        wanted = self.parameters | {name: str(value) if value else "" for name, value in other.items()}
        return f"/tickets?{urlencode({name: value for name, value in wanted.items() if value})}"

    def filter(self, person_id: UUID, known: Organisations) -> Filter:
        """What it asks for itself counts before its view."""
        own = self.model_dump(exclude_defaults=True, exclude={"view"})
        return TicketQuery.model_validate(_VIEWS[self.view] | own).filter(person_id, known)


_NOT_ITS_OWN = frozenset({"cursor", "csrf_token", "name", "shared"})
"""Parameters of an address, or fields of a form, that are about something else."""


def query_of(parameters: Mapping[str, object]) -> ListQuery:
    """What the parameters of an address ask for; empty ones ask for nothing.

    Raises:
        BadRequest: one of them cannot be understood.
    """
    wanted = {name: value for name, value in parameters.items() if value and name not in _NOT_ITS_OWN}
    # A search looks everywhere, as does who asks for a customer's tickets, unless someone says otherwise.
    everywhere = wanted.keys() & {"q", "contact", "organisation"}
    wanted = {"view": "all" if everywhere else "open"} | wanted
    try:
        return ListQuery.model_validate(wanted)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False)[0]
        raise BadRequest(f"This list cannot be understood: {wrong['loc'][0]}: {wrong['msg']}.") from None
