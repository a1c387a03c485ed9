"""Metrics that every service has, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS_PUBLISHED = Counter("postroom_events_published_total", "Events that the relay has published.")
RELAY_CAUGHT_UP = Gauge(
    "postroom_relay_caught_up_timestamp_seconds",
    "When this process last had published all of its log; 0: another one does it, or none.",
    ["stream"],
)
HANDLED = Counter("postroom_consumer_handled_total", "Events handled.", ["consumer"])
PARKED = Counter("postroom_consumer_parked_total", "Events parked after all retries.", ["consumer"])
UNSETTLED = Counter(
    "postroom_consumer_unsettled_total",
    "Events, or batches of them, that could be neither handled nor parked and are delivered again.",
    ["consumer"],
)
BATCH_SECONDS = Histogram(
    "postroom_consumer_batch_seconds",
    "From a batch's arrival to its commit.",
    ["consumer"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
LAST_FETCH = Gauge(
    "postroom_consumer_last_fetch_timestamp_seconds",
    "When the server last answered a fetch: it gave messages, or said that there are none.",
    ["consumer"],
)
REQUESTS = Counter("postroom_requests_total", "Commands and queries answered.", ["subject", "outcome"])
