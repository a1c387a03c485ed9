"""Categories are known by their paths."""

from uuid import uuid4

from contracts.desk import Category
from services.gateway.desk.categories import paths

PAYMENT = Category(id=uuid4(), name="payment")
DELIVERY = Category(id=uuid4(), name="Delivery")
LATE_PAYMENT = Category(id=uuid4(), name="Late", parent_id=PAYMENT.id)
LATE_DELIVERY = Category(id=uuid4(), name="Late", parent_id=DELIVERY.id)
VERY_LATE = Category(id=uuid4(), name="Very", parent_id=LATE_DELIVERY.id)


def test_those_of_the_same_name_are_told_apart_by_what_they_are_below_and_are_in_that_order() -> None:
    found = paths([LATE_PAYMENT, LATE_DELIVERY, PAYMENT, VERY_LATE, DELIVERY])
    assert [*found.values()] == [
        "Delivery",
        "Delivery / Late",
        "Delivery / Late / Very",
        "payment",
        "payment / Late",
    ]
    assert found[LATE_PAYMENT.id] == "payment / Late"


def test_one_below_something_that_is_not_there_has_its_name_only() -> None:
    assert paths([LATE_PAYMENT]) == {LATE_PAYMENT.id: "Late"}
