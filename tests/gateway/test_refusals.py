"""What services refuse, as HTTP says it."""

from collections.abc import Iterator
from importlib import import_module

from chassis.commands import Forbidden, Invalid, Refusal, UnknownThing
from contracts.commands import Refused
from contracts.services import SERVICES
from services.gateway import gateway, problems


def refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every way in which a service says no; what tests made up is none."""
    for one in kind.__subclasses__():
        if not one.__module__.startswith("tests."):
            yield one
        yield from refusals(one)


def test_every_refusal_is_a_conflict_or_one_of_the_three_that_all_services_have() -> None:
    for service in SERVICES:
        import_module(f"services.{service}.app")
    told = {one.code: type(gateway.refusal(Refused(code=one.code, detail="No."))) for one in refusals()}
    assert told == dict.fromkeys(gateway._CONFLICTS, problems.Conflict) | {
        UnknownThing.code: problems.NotFound,
        Forbidden.code: problems.Forbidden,
        Invalid.code: problems.Unprocessable,
    }
