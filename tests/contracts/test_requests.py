from contracts.queries import GetTransport, ReplayParked


def test_a_request_goes_to_the_service_that_answers_it() -> None:
    assert GetTransport.subject("router") == "postroom.notify.query.get_transport"


def test_what_each_service_answers_goes_to_the_one_that_is_named() -> None:
    assert ReplayParked.subject("router") == "postroom.router.command.replay_parked"
