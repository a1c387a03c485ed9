"""How much a client may ask for."""

from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.smtp import replies
from services.ingest.smtp.limits import Bucket, Limiter, Limits, address_of, origin, take

LIMITS = Limits(
    connections=5, client_connections=3, client_connections_per_minute=4, client_messages_per_minute=10
)
KIM = "192.0.2.1"


def taken(per_minute: int, times: list[float]) -> list[float]:
    """At which of these times there was a token."""
    bucket: Bucket | None = None
    found = []
    for now in times:
        bucket, may = take(bucket, per_minute, now)
        if may:
            found.append(now)
    return found


_TIMES = st.lists(st.floats(0, 600), max_size=200).map(sorted)


@settings(deadline=None)
@given(st.integers(1, 20), _TIMES, st.floats(0, 600), st.floats(0.01, 600))
def test_in_any_span_no_more_are_taken_than_a_full_bucket_and_what_came_in_meanwhile(
    per_minute: int, times: list[float], begin: float, seconds: float
) -> None:
    inside = [now for now in taken(per_minute, times) if begin <= now <= begin + seconds]
    assert len(inside) <= per_minute + seconds * per_minute / 60 + 1e-6


@settings(deadline=None)
@given(st.integers(1, 600), st.floats(0, 1e9), st.integers(1, 100))
def test_a_client_that_keeps_to_the_rate_is_never_refused(per_minute: int, begin: float, number: int) -> None:
    times = [begin + each * 60.001 / per_minute for each in range(number)]
    assert taken(per_minute, times) == times


@settings(deadline=None)
@given(st.integers(1, 20), _TIMES)
def test_a_client_that_was_refused_may_send_again_after_a_token_has_come_in(
    per_minute: int, times: list[float]
) -> None:
    later = (times[-1] if times else 0.0) + 60.001 / per_minute
    assert later in taken(per_minute, [*times, later])


def test_after_a_long_silence_a_minutes_worth_may_come_at_once_and_no_more() -> None:
    assert taken(5, [0.0, *[1000.0] * 20]) == [0.0, *[1000.0] * 5]


def entered(limiter: Limiter, client: str, now: float) -> replies.Reply | None:
    limiter.enter()
    return limiter.connect(client, now)


def left(limiter: Limiter, client: str) -> None:
    limiter.leave()
    limiter.disconnect(client)


def test_one_client_has_a_few_connections_at_the_same_time_and_others_have_theirs() -> None:
    limiter = Limiter(LIMITS)
    assert [entered(limiter, KIM, 0.0) for _ in range(4)] == [None, None, None, replies.TOO_MANY_OF_CLIENT]
    left(limiter, KIM)
    assert entered(limiter, "192.0.2.2", 0.0) is None


def test_when_one_has_gone_the_next_may_come() -> None:
    limiter = Limiter(LIMITS)
    for _ in range(3):
        entered(limiter, KIM, 0.0)
    left(limiter, KIM)
    assert entered(limiter, KIM, 0.0) is None


def test_one_client_makes_a_few_connections_a_minute() -> None:
    limiter = Limiter(LIMITS)
    said = []
    for now in (0.0, 1.0, 2.0, 3.0, 4.0, 20.0):
        said.append(entered(limiter, KIM, now))
        left(limiter, KIM)
    assert said == [None, None, None, None, replies.TOO_FAST, None]


def test_the_server_has_an_end_too() -> None:
    limiter = Limiter(LIMITS)
    said = [entered(limiter, f"192.0.2.{number}", 0.0) for number in range(6)]
    assert said == [None] * 5 + [replies.TOO_MANY_CONNECTIONS]


def test_messages_are_counted_over_all_connections_of_a_client() -> None:
    limiter = Limiter(LIMITS)
    entered(limiter, KIM, 0.0)
    entered(limiter, KIM, 0.0)
    said = [limiter.send(KIM, 0.0) for _ in range(11)]
    assert said == [replies.SENDER_OK] * 10 + [replies.TOO_MANY_MESSAGES]
    assert limiter.send(KIM, 6.0) is replies.SENDER_OK


def test_clients_are_forgotten_when_it_makes_no_difference() -> None:
    limiter = Limiter(LIMITS)
    entered(limiter, "192.0.2.9", 1.0)
    for number in range(1000):
        client = f"198.51.{number // 256}.{number % 256}"
        entered(limiter, client, 1.0)
        left(limiter, client)
    entered(limiter, KIM, 100.0)
    assert set(limiter._clients) == {KIM, "192.0.2.9"}
    left(limiter, "192.0.2.9")


def test_a_customer_of_ipv6_is_one_client_with_all_addresses() -> None:
    """RFC 6177: a site has a /64 at least."""
    one, other, elsewhere = map(ip_address, ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"))
    assert origin(one) == origin(other) != origin(elsewhere)


def test_an_ipv4_client_is_the_same_by_an_ipv6_socket() -> None:
    assert address_of("::ffff:192.0.2.1") == address_of("192.0.2.1")
    assert str(address_of("fe80::1%eth0")) == "fe80::1%eth0"
