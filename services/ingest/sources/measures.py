"""Metrics of sources."""

from prometheus_client import Counter, Gauge

LAST_SUCCESS = Gauge(
    "postroom_source_last_success_timestamp_seconds",
    "When a source last gave messages, or said that there are no new ones.",
    ["source"],
)
TAKEN = Counter("postroom_source_messages_taken_total", "Messages taken for the first time.", ["source"])
ERRORS = Counter("postroom_source_errors_total", "Connections that ended with an error.", ["source", "state"])
