"""All commands that there are."""

from collections.abc import Iterator

from contracts.commands import AnyCommand, Command


def _leaves(kind: type[Command]) -> Iterator[type[Command]]:
    children = kind.__subclasses__()
    for child in children:
        yield from _leaves(child)
    if not children:
        yield kind


def test_every_command_is_in_the_reference() -> None:
    assert set(AnyCommand.__args__) == set(_leaves(Command))
