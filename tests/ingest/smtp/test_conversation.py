"""The protocol, a clause at a time: RFC 5321 unless another is named."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.smtp import replies
from tests.ingest.smtp.speaking import BEGIN, LMTP, MANY_ERRORS, TERMS, last, speak

HELLO = b"EHLO client.example\r\n"
MAIL = HELLO + b"MAIL FROM:<kim@customers.example>\r\n"
RCPT = MAIL + b"RCPT TO:<support@example.com>\r\n"


def test_it_greets_with_its_name() -> None:
    """§4.2: 220, its domain, and ESMTP to say that EHLO is understood."""
    assert speak().words == b"220 mx.example.com ESMTP Postroom\r\n"


def test_ehlo_names_what_it_can() -> None:
    """§4.1.1.1, RFC 1870, 2034, 2920, 3207, 6152, 6531."""
    lines = speak(HELLO).words.decode().split("\r\n")[1:-1]
    assert lines[0] == "250-mx.example.com"
    assert {line[4:] for line in lines[1:]} == {
        "PIPELINING", "SIZE 1000", "STARTTLS", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"
    }  # fmt: skip
    assert [line[3] for line in lines] == ["-"] * (len(lines) - 1) + [" "]


def test_starttls_is_offered_only_where_there_is_a_certificate() -> None:
    assert b"STARTTLS" not in speak(HELLO, terms=replace(TERMS, tls=False)).words
    assert last(b"STARTTLS\r\n", terms=replace(TERMS, tls=False)) == "502 5.5.1 Not implemented"


def test_helo_is_answered_in_one_line() -> None:
    """§4.1.1.1."""
    assert speak(b"HELO client.example\r\n").words.endswith(b"Postroom\r\n250 mx.example.com\r\n")


def test_a_message_is_taken_with_its_envelope() -> None:
    """§3.3."""
    heard = speak(RCPT, b"RCPT TO:<orders@example.com>\r\nDATA\r\n", b"Subject: Hi\r\n\r\nHello\r\n.\r\n")
    (message,) = heard.messages
    assert (message.helo, message.mail_from) == ("client.example", "kim@customers.example")
    assert message.recipients == ("support@example.com", "orders@example.com")
    assert message.content == b"Subject: Hi\r\n\r\nHello\r\n"
    assert heard.codes[-3:] == ["250 2.1.5", "354 End the message with <CRLF>.<CRLF>", "250 2.0.0"]


def test_after_a_message_the_next_one_begins_anew() -> None:
    """§4.1.1.4: the buffers are empty after DATA, whatever came of it."""
    for stored in (replies.OK, replies.NOT_STORED):
        heard = speak(BEGIN, b".\r\n", b"RCPT TO:<support@example.com>\r\n", stored=stored)
        assert heard.codes[-1] == "503 5.5.1"


def test_a_message_that_could_not_be_stored_is_the_clients_still() -> None:
    heard = speak(BEGIN, b"Hello\r\n.\r\n", stored=replies.NOT_STORED)
    assert heard.codes[-1] == "451 4.3.0"
    assert not heard.hung_up


def test_the_null_sender_is_taken() -> None:
    """§4.5.5: bounces must come in."""
    (message,) = speak(
        HELLO, b"MAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nBounced\r\n.\r\n"
    ).messages
    assert message.mail_from == ""


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (b"MAIL FROM:<kim@customers.example>\r\n", "503 5.5.1"),
        (HELLO + b"RCPT TO:<support@example.com>\r\n", "503 5.5.1"),
        (MAIL + b"MAIL FROM:<tim@customers.example>\r\n", "503 5.5.1"),
        (MAIL + b"DATA\r\n", "503 5.5.1"),
        (RCPT + b"RSET\r\nDATA\r\n", "503 5.5.1"),
        (RCPT + HELLO + b"DATA\r\n", "503 5.5.1"),
    ],
    ids=["MAIL first", "RCPT first", "MAIL twice", "DATA without RCPT", "DATA after RSET", "DATA after EHLO"],
)
def test_commands_come_in_order(lines: bytes, code: str) -> None:
    """§4.1.4."""
    assert last(lines).startswith(code)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"NOOP\r\n", "250 2.0.0"),
        (b"NOOP and a word\r\n", "250 2.0.0"),
        (b"RSET\r\n", "250 2.0.0"),
        (b"noop\r\n", "250 2.0.0"),
        (b"VRFY kim\r\n", "252 2.1.5"),
        (b"HELP\r\n", "214 2.0.0"),
        (b"EXPN list\r\n", "502 5.5.1"),
        (b"AUTH PLAIN AGtpbQBzZWNyZXQ=\r\n", "502 5.5.1"),
        (b"BDAT 10 LAST\r\n", "502 5.5.1"),
        (b"LHLO client.example\r\n", "500 5.5.1"),
        (b"EHLO\r\n", "501 5.5.4"),
        (b"WHAT\r\n", "500 5.5.1"),
        (b"\r\n", "500 5.5.1"),
        (b"\xff\xfe\x00\r\n", "500 5.5.1"),
        (HELLO + b"MAIL kim@customers.example\r\n", "501 5.5.4"),
        (HELLO + b"MAIL FROM:\r\n", "501 5.5.4"),
        (HELLO + b"MAIL TO:<kim@customers.example>\r\n", "501 5.5.4"),
        (HELLO + b"MAIL FROM:<kim\x07@customers.example>\r\n", "553 5.1.7"),
        (HELLO + b"MAIL FROM:<kim@customers.example> RET=FULL\r\n", "555 5.5.4"),
        (HELLO + b"MAIL FROM:<kim@customers.example> BODY=BINARYMIME\r\n", "501 5.5.4"),
        (HELLO + b"MAIL FROM:<kim@customers.example> SIZE=many\r\n", "501 5.5.4"),
        (HELLO + b"MAIL FROM:<kim@customers.example> SIZE=1=2\r\n", "501 5.5.4"),
        (MAIL + b"RCPT TO:<support@example.com> NOTIFY=NEVER\r\n", "555 5.5.4"),
        (MAIL + b"RCPT TO:<support>\r\n", "553 5.1.3"),
        (MAIL + b"RCPT TO:<>\r\n", "553 5.1.3"),
        (MAIL + b"RCPT TO:<a b@example.com>\r\n", "553 5.1.3"),
        (MAIL + b"RCPT TO:<a@b@example.com>\r\n", "553 5.1.3"),
        (MAIL + b"RCPT TO:<\xff@example.com>\r\n", "553 5.1.3"),
        (RCPT + b"DATA now\r\n", "501 5.5.4"),
    ],
)  # fmt: skip
def test_each_command_has_its_answer(line: bytes, reply: str) -> None:
    """§4.2.3 and RFC 3463."""
    assert last(line).startswith(reply)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (b"<kim@customers.example>", "kim@customers.example"),
        (b" <kim@customers.example>", "kim@customers.example"),
        (b"kim@customers.example", "kim@customers.example"),
        (b"<@one.example,@two.example:kim@customers.example>", "kim@customers.example"),
        (b'<"kim > tim"@customers.example>', '"kim > tim"@customers.example'),
        (b'<"kim\\"tim"@customers.example>', '"kim\\"tim"@customers.example'),
        ("<grüße@bücher.example>".encode(), "grüße@bücher.example"),
        (b"<kim@[192.0.2.1]>", "kim@[192.0.2.1]"),
        (b"<root>", "root"),
        (b"<kim@customers.example> size=10 body=8bitmime smtputf8", "kim@customers.example"),
    ],
)
def test_senders_are_read_tolerantly(path: bytes, address: str) -> None:
    """§4.1.1.3 and appendix C, RFC 6531: source routes are passed over, brackets may be missing."""
    (message,) = speak(
        HELLO, b"mail from:" + path + b"\r\nRCPT TO:<support@example.com>\r\nDATA\r\n.\r\n"
    ).messages
    assert message.mail_from == address


@pytest.mark.parametrize(
    "address", ["postmaster", "Postmaster", "postmaster@example.com", "grüße@bücher.example"]
)
def test_recipients_may_be_postmaster_alone_and_in_any_script(address: str) -> None:
    """§4.5.1, RFC 6531 §3.3."""
    assert last(MAIL, f"RCPT TO:<{address}>\r\n".encode()).startswith("250 2.1.5")


def test_an_unknown_recipient_is_refused_and_the_others_get_the_message() -> None:
    """§3.3."""
    heard = speak(
        MAIL, b"RCPT TO:<nobody@example.com>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n.\r\n",
        unknown=["nobody@example.com"],
    )  # fmt: skip
    assert "550 5.1.1" in heard.codes
    assert [message.recipients for message in heard.messages] == [("support@example.com",)]


def test_a_size_that_is_too_large_is_refused_before_it_is_sent() -> None:
    """RFC 1870 §6.1."""
    assert last(HELLO, b"MAIL FROM:<kim@customers.example> SIZE=1000\r\n").startswith("250 2.1.0")
    assert last(HELLO, b"MAIL FROM:<kim@customers.example> SIZE=1001\r\n").startswith("552 5.3.4")
    assert last(HELLO, b"MAIL FROM:<kim@customers.example> SIZE=" + b"9" * 21 + b"\r\n").startswith("501")


def test_a_message_that_turns_out_too_large_is_read_to_its_end_and_refused() -> None:
    """RFC 1870 §6.3, §4.2.5: what follows are commands again, not the rest of the message."""
    heard = speak(BEGIN, b"QUIT\r\n" * 1000, b".\r\nNOOP\r\n")
    assert heard.codes[-2:] == ["552 5.3.4", "250 2.0.0"]
    assert not heard.messages


def test_beyond_the_recipients_of_one_message_the_client_is_asked_for_another() -> None:
    """§4.5.3.1.10."""
    terms = replace(TERMS, most_recipients=2)
    heard = speak(MAIL, b"RCPT TO:<support@example.com>\r\n" * 3, b"DATA\r\n.\r\n", terms=terms)
    assert heard.codes[-5:-2] == ["250 2.1.5", "250 2.1.5", "452 4.5.3"]
    assert len(heard.messages) == 1


def test_a_client_that_sends_too_much_is_asked_to_come_again_and_its_message_is_not_begun() -> None:
    heard = speak(MAIL, b"RCPT TO:<support@example.com>\r\n", may_send=replies.TOO_MANY_MESSAGES)
    assert heard.codes[-2:] == ["450 4.7.1", "503 5.5.1"]


def test_too_many_errors_end_the_conversation() -> None:
    heard = speak(b"WHAT\r\n" * 30, terms=replace(TERMS, most_errors=3))
    assert heard.codes == ["500 5.5.1", "500 5.5.1", "500 5.5.1", "421 4.7.0"]
    assert heard.hung_up


def test_commands_that_come_with_the_last_error_are_not_run() -> None:
    heard = speak(b"WHAT\r\n" * 3 + BEGIN + b"Hello\r\n.\r\n", terms=replace(TERMS, most_errors=3))
    assert not heard.messages


def test_commands_that_bring_no_message_nearer_come_to_an_end() -> None:
    assert not speak(b"NOOP\r\n" * 100).hung_up
    assert speak(b"NOOP\r\n" * 101).hung_up


def test_after_a_message_a_client_may_idle_again() -> None:
    assert not speak(b"NOOP\r\n" * 99, BEGIN, b".\r\n", b"RSET\r\n" * 100).hung_up


def test_a_line_that_is_too_long_is_one_error() -> None:
    """§4.5.3.1.4, however it arrives."""
    for piece in (10, 100, 5000):
        line = b"NOOP " + b"x" * 10_000 + b"\r\nNOOP\r\n"
        heard = speak(*(line[at : at + piece] for at in range(0, len(line), piece)))
        assert heard.codes == ["500 5.5.2", "250 2.0.0"]


def test_a_command_that_ends_in_a_bare_line_feed_is_not_run() -> None:
    """§2.3.8: only CR LF ends a line."""
    assert speak(b"NOOP\nNOOP\r\n").codes == ["500 5.5.2", "250 2.0.0"]


def test_quit_is_answered_and_nothing_after_it() -> None:
    """§4.1.1.10."""
    heard = speak(b"QUIT\r\nNOOP\r\n")
    assert heard.codes == ["221 2.0.0"]
    assert heard.hung_up


def test_a_browser_is_sent_away_at_once() -> None:
    request = b"POST / HTTP/1.1\r\nHost: mx.example.com:25\r\n\r\n" + BEGIN + b"Hello\r\n.\r\n"
    heard = speak(request)
    assert heard.hung_up
    assert not heard.messages


@pytest.mark.parametrize(
    "header",
    [b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12)],
)
def test_a_proxy_header_from_someone_who_may_not_send_one_ends_the_connection(header: bytes) -> None:
    heard = speak(header + BEGIN)
    assert heard.codes == ["421 4.7.0"]
    assert heard.hung_up


class TestStartTls:
    """RFC 3207."""

    def test_it_begins_after_220(self) -> None:
        assert last(HELLO, b"STARTTLS\r\n") == "220 2.0.0 Ready to start TLS"

    def test_it_has_no_parameter_and_begins_once(self) -> None:
        assert last(HELLO, b"STARTTLS now\r\n").startswith("501 5.5.4")
        assert last(HELLO, b"STARTTLS\r\n", HELLO, b"STARTTLS\r\n").startswith("503 5.5.1")

    def test_it_is_not_offered_again_inside(self) -> None:
        heard = speak(HELLO, b"STARTTLS\r\n", HELLO)
        assert heard.words.count(b"STARTTLS") == 1

    def test_what_was_said_before_is_forgotten(self) -> None:
        """§4.2: the client must greet again."""
        assert last(MAIL, b"STARTTLS\r\n", b"RCPT TO:<support@example.com>\r\n").startswith("503")
        assert last(HELLO, b"STARTTLS\r\n", b"MAIL FROM:<kim@customers.example>\r\n").startswith("503")

    def test_commands_that_came_with_it_in_the_clear_are_never_run(self) -> None:
        """CVE-2011-0411: someone on the way may have put them there."""
        heard = speak(HELLO + b"STARTTLS\r\n" + BEGIN + b"Injected\r\n.\r\n", b"NOOP\r\n")
        assert heard.codes[-2:] == ["220 2.0.0", "250 2.0.0"]
        assert not heard.messages


class TestLmtp:
    """RFC 2033."""

    def test_it_greets_with_its_name_and_is_greeted_by_lhlo(self) -> None:
        """§4.1."""
        heard = speak(b"LHLO relay.example\r\n", terms=LMTP)
        assert heard.words.startswith(b"220 mx.example.com LMTP Postroom\r\n250-mx.example.com\r\n")
        for verb in (b"EHLO", b"HELO"):
            assert last(verb + b" relay.example\r\n", terms=LMTP).startswith("500 5.5.1")

    def test_it_has_the_extensions_that_it_must(self) -> None:
        """§5."""
        words = speak(b"LHLO relay.example\r\n", terms=LMTP).words
        assert b"PIPELINING" in words
        assert b"ENHANCEDSTATUSCODES" in words

    @pytest.mark.parametrize("stored", [replies.OK, replies.NOT_STORED])
    def test_after_the_dot_there_is_an_answer_for_each_accepted_recipient(
        self, stored: replies.Reply
    ) -> None:
        """§4.2; also where one is named twice."""
        recipients = [b"support", b"nobody", b"orders", b"support"]
        heard = speak(
            b"LHLO relay.example\r\nMAIL FROM:<kim@customers.example>\r\n",
            *(b"RCPT TO:<" + recipient + b"@example.com>\r\n" for recipient in recipients),
            b"DATA\r\n", b"Hello\r\n.\r\n",
            terms=LMTP, unknown=["nobody@example.com"], stored=stored,
        )  # fmt: skip
        assert heard.codes[-4:] == [heard.codes[-4], *[f"{stored.code} {stored.status}"] * 3]
        assert heard.codes[-4].startswith("354")

    def test_a_message_that_is_too_large_is_refused_for_each_recipient(self) -> None:
        begin = BEGIN.replace(b"EHLO", b"LHLO").replace(b"DATA", b"RCPT TO:<orders@example.com>\r\nDATA")
        assert speak(begin, b"x" * 2000 + b"\r\n.\r\n", terms=LMTP).codes[-2:] == ["552 5.3.4"] * 2

    def test_without_an_accepted_recipient_there_is_no_data(self) -> None:
        """§4.2."""
        lines = b"LHLO relay.example\r\nMAIL FROM:<kim@customers.example>\r\nDATA\r\n"
        assert last(lines, terms=LMTP).startswith("503 5.5.1")


WHOLE = (
    BEGIN
    + b"Subject: Hi\r\n\r\n..\r\nHello\n.\r\nMAIL FROM:<eve@elsewhere.example>\r\n.\r\n"
    + b"RSET\r\nNOOP x\nWHAT\r\nMAIL FROM:<tim@customers.example> SIZE=99\r\nRCPT TO:<nobody@example.com>\r\n"
    + b"RCPT TO:<orders@example.com>\r\nDATA\r\n"
    + b"x" * 1000
    + b"\r\n.\r\nVRFY kim\r\nQUIT\r\n"
)


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=len(WHOLE)), max_size=40))
def test_it_makes_no_difference_in_which_pieces_commands_and_content_arrive(cuts: list[int]) -> None:
    """RFC 2920."""
    marks = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[begin:end] for begin, end in pairwise(marks)]
    assert speak(*pieces, unknown=["nobody@example.com"]) == speak(WHOLE, unknown=["nobody@example.com"])


def test_pipelined_commands_have_their_answers_in_order() -> None:
    """RFC 2920 §3.2."""
    heard = speak(WHOLE, unknown=["nobody@example.com"])
    assert [code[:3] for code in heard.codes] == [
        "250", "250", "250", "354", "250", "250", "500", "500", "250", "550", "250", "354", "552", "252", "221"
    ]  # fmt: skip
    assert len(heard.messages) == 1


_WORDS = st.sampled_from(
    [
        b"EHLO c\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<a@example.com>\r\n", b"DATA\r\n", b".\r\n", b"\r\n", b"\n",
        b"\r", b".", b"STARTTLS\r\n", b"RSET\r\n", b"\x00", b"\xff", b'MAIL FROM:<"', b"@:,", b"=", b" ",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(_WORDS | st.binary(max_size=8), max_size=60))
def test_whatever_a_client_says_each_line_of_the_answer_is_well_formed(words: list[bytes]) -> None:
    heard = speak(b"".join(words), terms=MANY_ERRORS)
    for line in heard.words.decode().split("\r\n")[:-1]:
        assert line[:3].isdecimal()
        assert line[3] in " -"
        assert line.isprintable()
