"""The reference pages say what the code says."""

import json

import pytest

from contracts.streams import EVENTS
from postroom.reference import DOCS, pages


@pytest.mark.parametrize("name", list(pages()))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == pages()[name], "run: make docs"


def test_every_event_is_described_for_machines() -> None:
    document = json.loads(pages()["asyncapi.json"])
    assert set(EVENTS) <= set(document["channels"])
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            assert message["payload"]["$ref"].rpartition("/")[2] in document["components"]["schemas"]
