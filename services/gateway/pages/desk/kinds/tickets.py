"""The forms of what tickets are described, found and answered with: fields, categories, views, templates."""

from contracts.desk import FieldType
from services.gateway.pages.desk.fields import Field, Group
from services.gateway.pages.desk.kinds.page import NAME, Page, order, words

CUSTOM_FIELD = Page(
    "Fields",
    "field",
    "Fields of tickets.",
    (
        Group(
            "",
            (
                NAME,
                Field(
                    "key",
                    "Key",
                    help="What programs and files know it by.",
                    required=True,
                    wrong="Write it in small letters, digits and _, such as order_number.",
                ),
                Field("type", "Type", "choice", options=words(FieldType), required=True),
                Field("choices", "Choices", "lines", "One a line, if its type is choice."),
                Field("ticketbox_ids", "Only in", "things", of="ticketboxes"),
            ),
        ),
    ),
)
CATEGORY = Page(
    "Categories",
    "category",
    "What a matter is about.",
    (Group("", (NAME, Field("parent_id", "Below", "thing", of="categories", empty="Nothing"))),),
)
VIEW = Page(
    "Views",
    "view",
    "Saved lists of tickets. Make one from the list itself: choose what to see, then “Save this list”.",
    (
        Group(
            "",
            (
                NAME,
                Field("parameters", "Shows", "query", "What is behind /tickets? in the address of the list."),
                Field("owner_id", "Whose", "thing", of="people", empty="Everyone's"),
                order("The lowest comes first."),
            ),
        ),
    ),
)
TEMPLATE = Page(
    "Templates",
    "template",
    "Answers that people begin with and adapt: key i on a ticket, or Ctrl and . while writing.",
    (
        Group(
            "",
            (
                NAME,
                Field(
                    "text",
                    "Text",
                    "text",
                    "{customer}, {agent}, {number} and {subject} are filled in when somebody answers with it.",
                    required=True,
                    wrong="Write what it says, in at most 50,000 characters.",
                ),
                Field(
                    "language",
                    "Language",
                    help="Such as de: customers who speak it get it first. Empty: any.",
                    wrong="Write a language as in de or pt-BR, or leave it empty.",
                    leave_out=True,
                ),
                Field("ticketbox_ids", "Ticketboxes", "things", "None chosen: all.", of="ticketboxes"),
            ),
        ),
    ),
)
