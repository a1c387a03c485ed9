"""The page of a trial: how far it is, its sums, and piece by piece what it found."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.access.accounts import SignedIn
from services.gateway.pages.rendering import is_partial, page
from services.gateway.trials.trials import C, R, TrialView


def trial_page(
    request: Request, who: SignedIn, template: str, found: TrialView[R, C], kind: str | None, **data: Any
) -> Response:
    """A template with a trial; the piece of it that changes meanwhile has the same name with `_` before it."""
    return page(
        request,
        f"_{template}" if is_partial(request) else template,
        who,
        run=found.run,
        changes=found.changes.items,
        next=found.changes.next,
        kind=kind,
        **data,
    )
