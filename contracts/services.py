"""The services by name, in the order in which they start and in which their administrative ports count."""

SERVICES = ("ingest", "router", "tickets", "notify", "analytics", "gateway")
