"""The forms of people and teams."""

from contracts.people import Role
from services.gateway.pages.desk.fields import Field, Group
from services.gateway.pages.desk.kinds.page import NAME, Page, words

TEAM = Page(
    "Teams",
    "team",
    "People who are addressed together, as watchers and in mentions.",
    (Group("", (NAME, Field("member_ids", "Members", "things", of="people"))),),
)
PERSON = Page(
    "People",
    "person",
    "Who works here, and what they may do.",
    (
        Group(
            "",
            (
                Field("name", "Name", required=True, help="As customers see it.", wrong=NAME.wrong),
                Field(
                    "email",
                    "E-mail address",
                    required=True,
                    help="To sign in with. The command postroom user password gives a password.",
                ),
                Field("role", "Role", "choice", options=words(Role), required=True),
                Field(
                    "active",
                    "Works here",
                    "checkbox",
                    "If not: signed out at once, tokens are dead for good.",
                ),
            ),
        ),
        Group(
            "Rights",
            (Field("rights", "Rights", "rights"),),
            "None at all: what the role may do, in every ticketbox. Otherwise these, and nothing in the others.",
        ),
        Group(
            "Distribution",
            (
                Field("skills", "Skills", "lines", "One a line.", suggestions="tags"),
                Field("languages", "Languages", "lines", "Their codes, one a line, such as de."),
                Field(
                    "capacity",
                    "Capacity",
                    "number",
                    "Open tickets that distribution may give at a time. Empty: no limit, so that all that "
                    "wait may come at once.",
                    wrong="Write a whole number, or leave it empty.",
                ),
            ),
        ),
    ),
)
