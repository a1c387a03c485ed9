"""What stands in the headers of a message, as nats-py reads it and as the services do."""

import pytest
from nats.aio.client import Client

from chassis import wire

BLOCKS = (
    b"",
    b"ce-id: 1\r\nce-type: TicketOpened\r\n\r\n",
    b"ce-time: 2026-11-26T03:00:00+00:00\r\nPostroom-Actor:kim\r\nNats-Msg-Id:\t7 \r\n\r\n",
    "ce-subject: Größe, ü\r\nEmpty:\r\nno header\r\n\r\n".encode(),
    b"ce-subject: \xff\xfe\r\n\r\n",
)


@pytest.mark.parametrize("block", BLOCKS)
def test_headers_are_read_as_the_client_reads_them(block: bytes) -> None:
    assert wire.parse_headers(block) == Client._parse_header_lines(block)
