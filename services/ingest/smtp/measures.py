"""Metrics of the door."""

from prometheus_client import Counter, Gauge, Histogram

CONNECTIONS = Counter("postroom_smtp_connections_total", "Connections that were opened.", ["protocol"])
OPEN = Gauge("postroom_smtp_open_connections", "Connections that are open.", ["protocol"])
REFUSALS = Counter(
    "postroom_smtp_refusals_total", "Answers that refuse something, by reason.", ["protocol", "reason"]
)
MESSAGES = Counter("postroom_smtp_messages_total", "Messages that were answered with 250.", ["protocol"])
DATA_SECONDS = Histogram(
    "postroom_smtp_data_seconds",
    "From the end of a message to our answer.",
    ["protocol"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
