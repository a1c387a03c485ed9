"""A file of sources is read, or says what to change."""

from pathlib import Path

import pytest

from services.ingest.sources.settings import (
    ImapSource,
    Move,
    Pop3Source,
    WrongSources,
    location_of,
    port_of,
    read_sources,
)

GOOD = """
[support]
kind = "imap"
host = "imap.example.com"
user = "support@example.com"
password = { file = "SECRET" }
address = "support@example.com"
after = { move = "Taken" }

[old-shop]
kind = "pop3"
host = "pop.example.com"
user = "shop"
address = "shop@example.com"
security = "starttls"

[old-shop.oauth]
token_url = "https://login.example/token"
client_id = "postroom"
refresh_token = "abc"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "secret").write_text("not in the file\n")
    path = folder / "sources.toml"
    path.write_text(text.replace("SECRET", str(folder / "secret")))
    return path


def test_sources_are_read_with_their_secrets(tmp_path: Path) -> None:
    support, shop = read_sources(write(tmp_path, GOOD))
    assert isinstance(support, ImapSource)
    assert support.password is not None
    assert support.password.get_secret_value() == "not in the file"
    assert (support.begin, support.after, port_of(support)) == ("now", Move(move="Taken"), 993)
    assert isinstance(shop, Pop3Source)
    assert (port_of(shop), location_of(shop)) == (110, "pop3://shop@pop.example.com:110")
    assert "not in the file" not in repr(support)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('kind = "imap"', 'kind = "imp"', "support"),
        ('kind = "imap"', 'kind = "imap"\npasswrd = "x"', "passwrd"),
        ('host = "imap.example.com"', "", "host"),
        ("SECRET", "/does/not/exist", "cannot read the secret"),
        ('move = "Taken"', 'move = "INBOX"', "into the folder that they are taken from"),
        ("[support]", "['Support Box']", "name"),
        ('refresh_token = "abc"', "", "needs a refresh_token"),
        ('security = "starttls"', 'password = "x"', "either a password or oauth"),
        ('security = "starttls"', "after = { mark = 'x' }", "after"),
        ("[support]", "[support", "sources.toml"),
    ],
)
def test_a_wrong_description_says_what_is_wrong(tmp_path: Path, before: str, after: str, words: str) -> None:
    with pytest.raises(WrongSources, match=words) as caught:
        read_sources(write(tmp_path, GOOD.replace(before, after)))
    assert "not in the file" not in str(caught.value)
