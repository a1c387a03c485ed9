"""Which tickets a list shows: what people and programs may ask for, and its words."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from contracts.model import Text
from contracts.router import Priority
from contracts.tags import tag_of
from contracts.tickets import State
from services.gateway.contacts.organisations import Organisations
from services.gateway.tickets.ticket_lists import Filter, Sort

Due = Literal["overdue", "soon", "today"]
DUE_WITHIN: dict[str, timedelta] = {
    "overdue": timedelta(),
    "soon": timedelta(hours=4),
    "today": timedelta(days=1),
}


def owner_said(text: str) -> str:
    """An id, `me` or `none`.

    Raises:
        ValueError.
    """
    return text if text == "none" else _watcher(text)


def _watcher(text: str) -> str:
    if text != "me":
        UUID(text)
    return text


Contact = Annotated[
    UUID | Annotated[Text, StringConstraints(strip_whitespace=True)], Field(union_mode="left_to_right")
]


class TicketQuery(BaseModel):
    """What is left out may be anything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: UUID | None = None
    state: State | None = None
    assignee: Annotated[
        Annotated[Text, AfterValidator(owner_said)] | None,
        Field(description="A person's id, `me`, or `none`."),
    ] = None
    watcher: Annotated[
        Annotated[Text, AfterValidator(_watcher)] | None,
        Field(description="Who watches it, also as one of a team: a person's or a team's id, or `me`."),
    ] = None
    contact: Annotated[
        Contact | None, Field(description="A contact's id, or one of its addresses: those of all of them.")
    ] = None
    organisation: Annotated[UUID | None, Field(description="An organisation's id.")] = None
    tag: Text | None = None
    priority: Priority | None = None
    category: UUID | None = None
    due: Annotated[
        Due | None,
        Field(description="Deadlines that were missed, or come within 4 hours (`soon`) or a day (`today`)."),
    ] = None
    merged: Annotated[bool, Field(description="Also those that go on in another ticket.")] = False
    q: Annotated[Text | None, Field(max_length=1000, description="Words, a number or an address.")] = None
    sort: Annotated[
        Sort,
        Field(
            description="The last changed or opened first; or what is due next, or who waits longest: then only those."
        ),
    ] = "changed"

    def filter(self, person_id: UUID, known: Organisations) -> Filter:
        """The same for the read model; `me` is `person_id`.

        Raises:
            NotFound: there is no such organisation.
        """
        return Filter(
            box=self.box,
            state=self.state,
            assignee=person_id if self.assignee == "me" else self._owner,
            unassigned=self.assignee == "none",
            watcher=person_id if self.watcher == "me" else self._watcher,
            contact=self.contact,
            organisation=known.membership(self.organisation) if self.organisation else None,
            tag=self.tag and tag_of(self.tag),
            priority=self.priority,
            category=self.category,
            due_within=DUE_WITHIN[self.due] if self.due else None,
            merged=self.merged,
            q=self.q or None,
            sort=self.sort,
        )

    @property
    def _owner(self) -> UUID | None:
        return None if self.assignee in {None, "me", "none"} else UUID(self.assignee)

    @property
    def _watcher(self) -> UUID | None:
        return None if self.watcher in {None, "me"} else UUID(self.watcher)

    def _contact(self, names: Mapping[UUID, str]) -> str | None:
        return names.get(self.contact, "a customer") if isinstance(self.contact, UUID) else self.contact

    def words(self, names: Mapping[UUID, str]) -> dict[str, str]:
        """What it asks for, by parameter, as people say it."""
        owner = {"me": "mine", "none": "nobody's"}.get(self.assignee or "")
        said = {
            "state": self.state.replace("_", " ") if self.state else None,
            "box": self.box and f"in {names.get(self.box, 'a ticketbox that was removed')}",
            "assignee": owner or (self._owner and f"of {names.get(self._owner, 'somebody')}"),
            "watcher": self.watcher
            and f"watched by {names.get(self._watcher, 'somebody') if self._watcher else 'me'}",
            "priority": self.priority and f"priority {self.priority}",
            "tag": self.tag and f"tag {self.tag}",
            "category": self.category and f"about {names.get(self.category, 'a category that was removed')}",
            "organisation": self.organisation
            and f"from {names.get(self.organisation, 'an organisation that was removed')}",
            "contact": self.contact and f"from {self._contact(names)}",
            "due": self.due
            and {"overdue": "overdue", "soon": "due within 4 hours", "today": "due within a day"}[self.due],
            "q": self.q and f"“{self.q}”",
        }
        return {name: str(words) for name, words in said.items() if words}
