"""Settings of ingest."""

from pydantic import Field

from chassis.settings import Listen, ListenAddress, ServiceSettings


class IngestSettings(ServiceSettings):
    """Where and how mail comes in."""

    smtp_listen: Listen = Field(default=ListenAddress("127.0.0.1", 2525), description="Where mail comes in.")
    smtp_hostname: str = Field(default="localhost", description="The name that the SMTP server says.")
    max_message_size: int = Field(
        default=25 * 1024 * 1024, gt=0, description="Bytes; announced by SIZE, and larger messages get 552."
    )
