"""Settings of tickets: those that every service has."""

from chassis.settings import ServiceSettings


class TicketsSettings(ServiceSettings):
    """Nothing beyond the common ones."""
