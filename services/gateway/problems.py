"""What goes wrong on the way of a request, as people and programs are told it (RFC 9457)."""

from collections.abc import Awaitable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

T = TypeVar("T")


class Problem(Exception):
    """Base of all: `code` is stable, the text says what to do."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "error"

    def __init__(self, detail: str, **more: object) -> None:
        self.detail = detail
        self.more = more
        super().__init__(detail)

    def document(self) -> dict[str, Any]:
        """The problem as JSON."""
        return {
            "type": f"urn:postroom:problem:{self.code}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }


class BadRequest(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "bad_request"


class NotSignedIn(Problem):
    status = HTTPStatus.UNAUTHORIZED
    code = "not_signed_in"


class Forbidden(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class Withheld(Forbidden):
    """Bytes that the virus scanner does not call clean."""

    code = "withheld"


class NotFound(Problem):
    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class NotAllowed(Problem):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "not_allowed"


class Conflict(Problem):
    """Something changed after what the asker saw; `more` says what."""

    status = HTTPStatus.CONFLICT
    code = "conflict"

    def __init__(self, code: str, detail: str, **more: object) -> None:
        self.code = code
        super().__init__(detail, **more)


class Unprocessable(Problem):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"


class TooLarge(Problem):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"A message may have {most_bytes} bytes, and this one has more.", most_bytes=most_bytes
        )


class UnsupportedMediaType(Problem):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class TooManyTries(Problem):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_tries"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Too many failed tries. Wait {seconds} s, then try again.")


class Unanswered(Problem):
    """A service that was asked gave no answer: for a page that can do without."""


class Unavailable(Unanswered):
    """It is away: the same may be asked again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"


class Failed(Unanswered):
    """It failed, and would again."""

    code = "failed"


async def if_answered(asked: Awaitable[Sequence[T]]) -> Sequence[T]:
    """What a service has; nothing if it gave no answer."""
    try:
        return await asked
    except Unanswered:
        return ()
