"""Settings of router: those that every service has."""

from chassis.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    """Nothing beyond the common ones."""
