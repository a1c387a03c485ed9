"""The form of automations."""

from contracts.router import Priority
from services.gateway.desk.automations import MOMENTS
from services.gateway.pages.desk.fields import Field, Group
from services.gateway.pages.desk.kinds.page import NAME, Page, order, words

_RUN_MINUTES = "Write whole minutes, such as 90, and 0 for at once."

AUTOMATION = Page(
    "Automations",
    "automation",
    "What happens to tickets by itself: after a time in a state or without an answer, and around deadlines.",
    (
        Group(
            "",
            (
                NAME,
                Field("active", "It is switched on", "checkbox"),
                order("Of several whose time comes at once, the lowest runs first."),
            ),
        ),
        Group(
            "When",
            (
                Field("when.minutes", "It runs", "number", required=True, unit="minutes", wrong=_RUN_MINUTES),
                Field(
                    "when.clock",
                    "of",
                    "choice",
                    options=(("business", "business time"), ("wall", "the wall clock")),
                    required=True,
                ),
                Field(
                    "when.moment",
                    "counted",
                    "choice",
                    options=tuple((moment.value, words) for moment, words in MOMENTS.items()),
                    required=True,
                ),
            ),
            "Business time is that of the ticket's ticketbox. It runs once each time that this comes about.",
            sentence=True,
        ),
        Group(
            "For which tickets",
            (
                Field("tickets.ticketbox_ids", "in", "things", of="ticketboxes"),
                Field("tickets.priorities", "with the priority", "choices", options=words(Priority)),
                Field(
                    "tickets.tags", "with a tag", "lines", "One a line; one is enough.", suggestions="tags"
                ),
                Field("tickets.category_ids", "about", "things", of="categories"),
                Field("tickets.organisation_ids", "of", "things", of="organisations"),
                Field(
                    "tickets.owner",
                    "owned by",
                    "choice",
                    options=(
                        ("anyone", "anyone or nobody"),
                        ("somebody", "somebody"),
                        ("nobody", "nobody"),
                    ),
                    required=True,
                ),
            ),
            "Where nothing is chosen, it is for any.",
        ),
        Group(
            "Then",
            (
                Field(
                    "then.raise_to",
                    "raise the priority to",
                    "choice",
                    options=words(Priority)[1:],
                    empty="(leave it)",
                ),
                Field("then.move_to", "move it to", "thing", of="ticketboxes", empty="(leave it)"),
                Field("then.assign_to", "give it to", "thing", of="people", empty="(leave it)"),
                Field("then.give_back", "give it back, for distribution to find an owner", "checkbox"),
                Field(
                    "then.state",
                    "and",
                    "choice",
                    options=(("solved", "solve it"), ("closed", "close it")),
                    empty="(leave it)",
                ),
            ),
            sentence=True,
        ),
        Group(
            "Tags",
            (
                Field("then.add_tags", "add the tags", "lines", "One a line.", suggestions="tags"),
                Field("then.remove_tags", "remove the tags", "lines", "One a line.", suggestions="tags"),
            ),
        ),
        Group(
            "Tell colleagues, by mail",
            (
                Field(
                    "then.tell",
                    "whoever is",
                    "choices",
                    options=(
                        ("owner", "its owner"),
                        ("watchers", "its watchers"),
                        ("supervisors", "a supervisor of its ticketbox"),
                    ),
                ),
                Field("then.tell_ids", "and always", "things", of="people teams"),
                Field("then.words", "What they are told beside the facts of the ticket", "text"),
            ),
        ),
        Group(
            "Remind the customer",
            (
                Field(
                    "then.remind",
                    "with these words",
                    "text",
                    "{number} and {subject} are those of the ticket. Empty: no reminder. Machines get none, and a "
                    "customer no more than one automatic letter a day for a ticket.",
                    leave_out=True,
                ),
            ),
        ),
    ),
)
