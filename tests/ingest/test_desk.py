"""To whom an address belongs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.desk import canonical, desk_of
from tests.ingest.desks import box_id

SUPPORT, ORDERS = box_id("Support"), box_id("Orders")
DESK = desk_of(
    [
        (ORDERS, ["orders@example.com", "bestellung@bücher.example"]),
        (SUPPORT, ["support@example.com", "support+vip@example.com", "abuse@bücher.example"]),
    ],
    SUPPORT,
)
ONE_BOX = desk_of([(SUPPORT, ["support@example.com"])], SUPPORT)


@pytest.mark.parametrize(
    ("address", "box"),
    [
        ("orders@example.com", ORDERS),
        ("Orders@EXAMPLE.com", ORDERS),
        ('"orders"@example.com', ORDERS),
        ('"\\orders"@example.com', ORDERS),
        ("orders@example.com.", ORDERS),
        ("orders+3f9a.token@example.com", ORDERS),
        ("bestellung@bücher.example", ORDERS),
        ("Bestellung@BÜCHER.example", ORDERS),
        ("bestellung@xn--bcher-kva.example", ORDERS),
        ("bestellung@bu\u0308cher.example", ORDERS),
        ("support+vip@example.com", SUPPORT),
        ("nobody@example.com", None),
        ("orders@elsewhere.example", None),
        ("orders", None),
        ("+orders@example.com", None),
    ],
)
def test_an_address_belongs_to_the_ticketbox_that_has_it_however_it_is_written(
    address: str, box: object
) -> None:
    """RFC 5321 §2.4 leaves the case of local parts to us; by RFC 5890 §2.3.2.4 U-labels equal A-labels."""
    assert DESK.box_of(address) == box


@pytest.mark.parametrize(
    "address",
    ["postmaster", "Postmaster@example.com", "abuse@example.com", "postmaster@xn--bcher-kva.example"],
)
def test_every_domain_of_ours_has_a_postmaster(address: str) -> None:
    """RFC 5321 §4.5.1, RFC 2142 §4."""
    assert DESK.box_of(address) == SUPPORT


def test_other_domains_have_their_own() -> None:
    assert DESK.box_of("postmaster@elsewhere.example") is None


def test_while_there_is_one_ticketbox_it_takes_the_mail_to_every_address() -> None:
    for address in ("support@example.com", "anything@anywhere.example", "postmaster"):
        assert ONE_BOX.box_of(address) == SUPPORT


def test_the_recipients_of_a_message_are_sorted_by_ticketbox() -> None:
    recipients = ["orders@example.com", "support@example.com", "nobody@example.com", "orders+x@example.com"]
    assert DESK.sort(recipients) == {
        ORDERS: ("orders@example.com", "orders+x@example.com"),
        SUPPORT: ("support@example.com", "nobody@example.com"),
    }


@settings(deadline=None)
@given(st.text(max_size=40).filter(lambda text: '"' not in text))
def test_any_text_has_a_canonical_form_and_that_is_its_own(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
