"""Addresses as they stand in the words of servers."""

import re

MOST_RECIPIENTS = 200
ADDRESS = r"[^\s<>,;:\"'()\[\]|=@]{1,128}@[^\s<>,;:\"'()\[\]|=/\\@]{1,253}"
"""A pattern that is sure to end: what it may pass over is bounded."""

# Scripts without spaces join an address to the words around it: "收件人joe@x.org的邮箱".
_UNSPACED = "[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]"
_WORDS_BEFORE = re.compile(rf"^.*{_UNSPACED}(?=[A-Za-z0-9])")
_WORDS_AFTER = re.compile(rf"^([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+){_UNSPACED}.*$")


def whole(address: str) -> str | None:
    """An address without what a sentence puts around it; None where an archive has masked it ("joe...@x.org")."""
    local, _, domain = address.partition("@")
    local = _WORDS_BEFORE.sub("", local).lstrip(".'*_-")
    domain = _WORDS_AFTER.sub(r"\1", domain).split("..")[0].rstrip(".'*_-")
    return f"{local}@{domain}" if local and domain and not local.endswith("...") else None
