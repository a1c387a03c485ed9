"""The form of ticketboxes."""

from services.gateway.pages.desk.fields import Field, Group
from services.gateway.pages.desk.kinds.page import NAME, Page, minutes

TICKETBOX = Page(
    "Ticketboxes",
    "ticketbox",
    "Queues of tickets with addresses, hours and rules of their own.",
    (
        Group(
            "Mail",
            (
                NAME,
                Field(
                    "addresses",
                    "Addresses",
                    "lines",
                    "One a line. The first is the sender of answers.",
                    required=True,
                    wrong="Write at least one address, such as orders@example.com.",
                ),
                Field("calendar_id", "Business hours", "thing", of="calendars", empty="The wall clock"),
                Field(
                    "acknowledgement",
                    "Acknowledgement",
                    "text",
                    "What a customer is told at once; {number} and {subject} are those of the ticket. Empty: nothing.",
                    leave_out=True,
                ),
                Field(
                    "signature",
                    "Signature",
                    "text",
                    "Below each answer; {agent} and {ticketbox} are filled in.",
                ),
                Field(
                    "signed_reply_address",
                    "Answers are asked for at a signed address, so that they find their ticket",
                    "checkbox",
                    "Turn it off where mail to box+token@ does not arrive.",
                ),
            ),
        ),
        Group(
            "Who gets a ticket",
            (
                Field(
                    "distribution.method",
                    "Distribution",
                    "choice",
                    options=(
                        ("round_robin", "In turn"),
                        ("least_loaded", "Who has the most capacity free"),
                        ("skills", "By skill and language"),
                        ("pull", "Nobody: “next ticket” gives the most urgent one"),
                        ("manual", "Nobody: people take what they want"),
                    ),
                    required=True,
                ),
                Field(
                    "distribution.last_agent_first", "Who answered this customer last comes first", "checkbox"
                ),
                minutes(
                    "distribution.overflow_after_minutes", "Overflow after minutes", "When nobody took it."
                ),
                Field("distribution.overflow_to", "Overflow to", "thing", of="ticketboxes", empty="Nowhere"),
                minutes("distribution.tell_after_minutes", "Tell supervisors after minutes"),
                minutes(
                    "distribution.take_back_after_minutes",
                    "Take back after minutes",
                    "Unanswered tickets of owners who are away or off.",
                ),
            ),
        ),
        Group(
            "When it is done",
            (
                Field(
                    "follow_up.reopen_within_days",
                    "A letter opens it again within days",
                    "number",
                    "A later one opens a new ticket. Empty: always the old one.",
                    wrong="Write whole days, or leave it empty.",
                ),
                Field(
                    "follow_up.close_after_days",
                    "It closes after days",
                    "number",
                    "Empty: never.",
                    wrong="Write whole days, or leave it empty.",
                ),
                Field(
                    "required_fields",
                    "Fields to fill before solving",
                    "things",
                    of="fields",
                ),
                Field(
                    "first_response_seconds",
                    "First response within seconds",
                    "number",
                    "By the wall clock, where no policy applies. Empty: no target.",
                    wrong="Write whole seconds, or leave it empty.",
                ),
            ),
        ),
    ),
)
