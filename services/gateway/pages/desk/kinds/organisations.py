"""The form of organisations."""

from services.gateway.pages.desk.fields import Field, Group
from services.gateway.pages.desk.kinds.page import NAME, Page

ORGANISATION = Page(
    "Organisations",
    "organisation",
    "Customers who belong together.",
    (
        Group(
            "",
            (
                NAME,
                Field(
                    "domains",
                    "Domains",
                    "lines",
                    "One a line. Whose address is in one of them belongs to it.",
                ),
                Field("note", "Note", "text", "For colleagues."),
            ),
        ),
    ),
)
