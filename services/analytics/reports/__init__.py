"""Every report by its name, as in `/api/v1/reports/{name}`."""

from typing import Any

from services.analytics.definition import Definition
from services.analytics.reports.automatic_answers import AUTOMATIC_ANSWERS
from services.analytics.reports.busiest_day_of_the_week import BUSIEST_DAY_OF_THE_WEEK
from services.analytics.reports.first_response_time_by_agent import FIRST_RESPONSE_TIME_BY_AGENT
from services.analytics.reports.inbound_messages_by_ticketbox import INBOUND_MESSAGES_BY_TICKETBOX
from services.analytics.reports.misrouting_by_rule import MISROUTING_BY_RULE

REPORTS: dict[str, Definition[Any]] = {
    report.description.name: report
    for report in (
        INBOUND_MESSAGES_BY_TICKETBOX,
        FIRST_RESPONSE_TIME_BY_AGENT,
        BUSIEST_DAY_OF_THE_WEEK,
        MISROUTING_BY_RULE,
        AUTOMATIC_ANSWERS,
    )
}
