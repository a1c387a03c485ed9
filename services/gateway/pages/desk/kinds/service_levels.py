"""The forms of calendars and policies."""

from contracts.router import Priority
from contracts.service_levels import Target, Weekday
from contracts.tickets import State
from services.gateway.pages.desk.fields import Field, Group
from services.gateway.pages.desk.kinds.page import NAME, Page, minutes, order, words

_HOURS = "As 09:00-12:30, 13:30-18:00. Empty: closed. 24:00 is the end of the day."
_WRONG_HOURS = "Write hours as 09:00-12:30, one span after the other, each with an end behind its beginning."
CALENDAR = Page(
    "Calendars",
    "calendar",
    "Business hours: service levels count in them.",
    (
        Group(
            "",
            (NAME, Field("time_zone", "Time zone", help="Such as Europe/Berlin.", required=True)),
        ),
        Group(
            "Week",
            tuple(
                Field(f"week.{day}", day.capitalize(), "spans", wrong=_WRONG_HOURS, leave_out=True)
                for day in Weekday
            ),
            _HOURS,
        ),
        Group(
            "Other days",
            (
                Field(
                    "holidays.country", "Public holidays of", help="A country, such as DE.", leave_out=True
                ),
                Field("holidays.subdivision", "and its part", help="Such as BE.", leave_out=True),
                Field(
                    "days",
                    "Days of your own",
                    "days",
                    "One a line: 2026-12-24 Christmas Eve 09:00-12:00. Without hours it is closed.",
                    wrong="Write each as 2026-12-24, a name, and hours if it is open.",
                ),
            ),
        ),
    ),
)
POLICY = Page(
    "Service levels",
    "policy",
    "Targets in business time. The first policy that applies to a ticket counts.",
    (
        Group(
            "",
            (
                NAME,
                order("The lowest is asked first."),
                Field(
                    "calendar_id", "Business hours", "thing", of="calendars", empty="Those of the ticketbox"
                ),
            ),
        ),
        Group(
            "Applies to",
            (
                Field("priorities", "Priorities", "choices", options=words(Priority)),
                Field("ticketbox_ids", "Ticketboxes", "things", of="ticketboxes"),
                Field("organisation_ids", "Organisations", "things", of="organisations"),
                Field("tags", "Tags", "lines", "One a line; one is enough.", suggestions="tags"),
            ),
            "Where nothing is chosen, it applies to any.",
        ),
        Group(
            "Targets",
            (
                *(
                    minutes(
                        f"targets.{target}",
                        f"{target.replace('_', ' ').capitalize()} in minutes",
                        leave_out=True,
                    )
                    for target in Target
                ),
                minutes(
                    "warn_minutes_before",
                    "Warn minutes before",
                    "The deadline stands out, and the owner gets a mail.",
                ),
                Field(
                    "pause_in",
                    "The clocks stand still while",
                    "choices",
                    options=words(State)[:3],
                ),
            ),
        ),
    ),
)
