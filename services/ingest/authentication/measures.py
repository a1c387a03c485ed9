"""Metrics of authentication."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = Histogram(
    "postroom_authentication_seconds",
    "From a message to its authentication results.",
    buckets=(0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RESULTS = Counter("postroom_authentication_results_total", "Authentication results.", ["method", "result"])
DNS_LOOK_UPS = Counter("postroom_dns_look_ups_total", "Questions to the name servers.", ["outcome"])
DNS_DOWN = Gauge(
    "postroom_dns_down", "1 while no name server answers: results are temperror, and nobody waits for them."
)
