"""Metrics of scanning."""

from prometheus_client import Counter, Gauge, Histogram

SCANS = Counter("postroom_message_scans_total", "Messages scanned for viruses, by verdict.", ["verdict"])
SECONDS = Histogram(
    "postroom_message_scan_seconds",
    "From asking for a scan to the verdict, or to knowing that the scanner is away.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
HELD = Gauge("postroom_messages_held", "Accepted messages that wait for the virus scanner.")
