"""Real mail, where there is some: nothing in it may raise, and no text may get lost."""

import os
from pathlib import Path

import pytest

from services.ingest.reading import read

CORPUS = os.environ.get("POSTROOM_CORPUS")
pytestmark = pytest.mark.skipif(CORPUS is None, reason="POSTROOM_CORPUS names no folder with real mail")


def test_every_message_of_the_corpus_is_read() -> None:
    files = [
        path
        for path in Path(CORPUS or "").rglob("*")
        if path.suffix in {".eml", ".msg", ".txt", ""} and path.is_file()
    ]
    assert files
    for path in files:
        letter = read(path.read_bytes())
        assert letter.kind
