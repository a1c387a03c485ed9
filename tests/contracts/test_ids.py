"""Ids that sort by time, and that follow from others."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import derived, fresh, timed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
moments = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


def when(identity: UUID) -> datetime:
    """The time that RFC 9562 lays out in the first 48 bits."""
    return datetime.fromtimestamp((identity.int >> 80) / 1000, UTC)


@given(moments, moments, st.uuids(), st.uuids())
def test_what_began_later_has_the_greater_id(
    one: datetime, other: datetime, chance: UUID, more: UUID
) -> None:
    if abs(one - other) >= timedelta(milliseconds=2):
        assert (one < other) == (timed(one, chance) < timed(other, more))


@given(moments, st.uuids())
def test_it_is_a_uuid_of_version_8_with_the_chance_of_another(at: datetime, chance: UUID) -> None:
    identity = timed(at, chance)
    assert (identity.version, identity.variant) == (8, "specified in RFC 4122")
    assert identity.int & (1 << 62) - 1 == chance.int & (1 << 62) - 1
    assert abs(when(identity) - at) < timedelta(milliseconds=2)


def test_what_is_fresh_is_of_now_and_another_each_time() -> None:
    before = datetime.now(UTC)
    assert abs(when(fresh()) - before) < timedelta(minutes=1)
    assert fresh() != fresh()


@given(moments, st.uuids())
def test_what_follows_from_an_id_has_its_time_and_is_always_the_same(at: datetime, chance: UUID) -> None:
    parent = timed(at, chance)
    child = derived(parent, "ticket")
    assert when(child) == when(parent)
    assert child == derived(parent, "ticket")
    assert len({parent, child, derived(parent, "reply"), derived(child, "ticket")}) == 4


@pytest.mark.parametrize("parent", [uuid4(), uuid5(uuid4(), "it")], ids=["random", "named"])
def test_what_follows_from_an_id_without_time_is_what_it_was_before_ids_told_it(parent: UUID) -> None:
    """Logs were written then: what was answered must be known again."""
    assert derived(parent, "ticket") == uuid5(parent, "ticket")


@pytest.mark.parametrize("at", [datetime(1969, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)])
def test_before_1970_an_id_tells_no_time(at: datetime) -> None:
    chance = uuid4()
    assert timed(at, chance) == chance


def test_the_same_for_ever() -> None:
    """These ids are in logs: they must never change."""
    identity = timed(NOON, UUID("3364de34-5553-5eb1-88ee-29c38c164622"))
    assert str(identity) == "019cae6b-6600-8eb1-88ee-29c38c164622"
    assert str(derived(identity, "ticket")) == "019cae6b-6600-8c38-a062-de1d9ac24adc"
