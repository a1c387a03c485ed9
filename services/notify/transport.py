"""What a way out of here must be able to do; there are two, `smtp` and `maildir`."""

from dataclasses import dataclass
from typing import Literal, Protocol

from services.notify.delivery import Result


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message with the envelope of one try (RFC 5321)."""

    name: str
    """The same for every try of the same delivery, and for no other: fit for a file's name."""
    sender: str
    """Empty for the null return path."""
    recipients: tuple[str, ...]
    smtputf8: bool
    message: bytes


class Transport(Protocol):
    """A way out. Its methods answer with a result; what they raise is a mistake of ours."""

    @property
    def kind(self) -> Literal["smtp", "maildir"]: ...

    @property
    def target(self) -> str:
        """For people: `host:port` without credentials, or the folder."""

    async def send(self, parcel: Parcel) -> Result:
        """Try once to hand the parcel over."""

    async def look_for(self, parcel: Parcel) -> Result:
        """What became of a parcel whose sender was killed while it may have been handing it over."""

    async def rest(self) -> None:
        """There is nothing to send for now: give back what was kept for the next parcel."""

    def hurry(self, seconds: float) -> None:
        """End every try within so many seconds, those that are under way and those that come."""
