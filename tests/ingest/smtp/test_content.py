"""Where a message ends, and what cannot make it end earlier."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.smtp.content import Content
from tests.ingest.smtp.speaking import BEGIN, speak

COMMANDS = b"MAIL FROM:<eve@elsewhere.example>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nSmuggled\r\n"


def stuffed(message: bytes) -> bytes:
    """A message as a client sends it (RFC 5321 §4.5.2)."""
    lines = message.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\r.\n",
        b"\n.\r",
        b"\r\n\x00.\r\n",
        b"\r\n.\x00\r\n",
        b"\r\n\x00.\x00\r\n",
        b"\r\n .\r\n",
        b"\r\n. \r\n",
        b"\r\n.\r\r\n",
        b"\r\r\n.\r\r\n",
        b"\n\n.\n\n",
        b"\r\n..\r\n",
        b"\n..\r\n",
        b"\r\n\xff.\r\n",
    ],
    ids=repr,
)
def test_nothing_but_cr_lf_dot_cr_lf_ends_a_message_and_no_smuggled_command_is_run(end: bytes) -> None:
    content = b"Subject: Hi\r\n\r\nHello" + end + COMMANDS
    heard = speak(BEGIN, content + b".\r\n", b"QUIT\r\n")
    (message,) = heard.messages
    assert message.mail_from == "kim@customers.example"
    assert message.content == content.replace(b"\r\n.", b"\r\n")
    assert [code[:3] for code in heard.codes][-3:] == ["354", "250", "221"]


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\r\n", b"\n\r"])
def test_line_ends_of_other_kinds_stay_as_they_came(line_end: bytes) -> None:
    """A message is kept as it was received; reading evens them out."""
    content = line_end.join([b"Subject: Hi", b"", b"Hello", b".", b"Kim"]) + b"\r\n"
    (message,) = speak(BEGIN, stuffed(content) + b".\r\n").messages
    assert message.content == content


def test_a_message_may_be_empty() -> None:
    assert speak(BEGIN, b".\r\n").messages[0].content == b""


def test_a_dot_that_was_doubled_is_one_dot() -> None:
    """RFC 5321 §4.5.2, also in the first line."""
    (message,) = speak(BEGIN, b"..\r\n...x\r\nx..\r\n.y\r\n.\r\n").messages
    assert message.content == b".\r\n..x\r\nx..\r\ny\r\n"


def test_lines_may_be_longer_than_rfc_5321_allows() -> None:
    """§4.5.3.1.6 asks for 1,000 octets; a message of a program that does not fold is not lost for it."""
    content = Content(most_bytes=100_000)
    assert content.feed(b"x" * 90_000 + b"\r\n.\r\n") == b""
    assert len(content.octets) == 90_002


def test_neither_doubled_dots_nor_the_end_count_as_size() -> None:
    """RFC 1870 §3."""
    for most_bytes, too_large in ((6, False), (5, True)):
        content = Content(most_bytes)
        assert content.feed(b"..\r\n..\r\n.\r\n") == b""
        assert content.too_large is too_large


_PIECES = st.lists(
    st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"x", b"..", b"\r\n.", b"\x00"]), max_size=30
)


@settings(deadline=None)
@given(_PIECES.map(b"".join), st.binary(max_size=10), st.integers(1, 7), st.integers(0, 60))
def test_any_message_comes_out_as_it_was_and_what_follows_is_kept(
    message: bytes, after: bytes, step: int, most_bytes: int
) -> None:
    message += b"" if not message or message.endswith(b"\r\n") else b"\r\n"
    sent = stuffed(message) + b".\r\n" + after
    content = Content(most_bytes)
    for at in range(0, len(sent), step):
        rest = content.feed(sent[at : at + step])
        if rest is not None:
            rest += sent[at + step :]
            break
    assert rest == after
    assert content.too_large is (len(message) > most_bytes)
    if not content.too_large:
        assert content.octets == message
