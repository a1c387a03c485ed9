"""Categories by their paths: what is below different ones may have the same name. Pure."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from contracts.desk import PATH_SEPARATOR, Category
from contracts.things import Thing


def paths(categories: Iterable[Category]) -> dict[UUID, str]:
    """`Delivery / Late` for each, in the order of the paths."""
    by_id = {one.id: one for one in categories}
    found = {one.id: path_of(one, by_id) for one in by_id.values()}
    return dict(sorted(found.items(), key=lambda one: (one[1].casefold(), one[0])))


def path_of(category: Category, things: Mapping[UUID, Thing]) -> str:
    """The name of a category, behind the names of those above it."""
    above = things.get(category.parent_id) if category.parent_id else None
    before = f"{path_of(above, things)}{PATH_SEPARATOR}" if isinstance(above, Category) else ""
    return f"{before}{category.name}"
