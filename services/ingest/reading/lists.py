"""Mail to many: mailing lists (RFC 2919, RFC 2369) and newsletters, told from a customer's mail through a list."""

import re
from collections.abc import Mapping

from services.ingest.reading.words import folded, phrases

ROLES = frozenset(phrases("lists", "roles"))
SENDERS_OF_MANY = phrases("lists", "senders_of_many")


_LIST_HEADERS = ("list-post", "mailing-list", "x-mailing-list", "x-beenthere")
_DISTRIBUTOR = re.compile(r"\bowner-[^\s@]{1,100}@|-(?:owner|bounces|admin|request)(?:\+[^\s@]{1,100})?@")
_POSTING_ADDRESS = re.compile(r"mailto:([^\s<>?,@]{1,128})@", re.IGNORECASE)
_LIST_NAME = re.compile(r"<\s{0,4}([^<>.]{1,128})[.>]")
"""An identifier stands in angle brackets (RFC 2919 §3)."""
_MAILING_LIST = re.compile(r"list\s+([^\s@;]{1,128})@", re.IGNORECASE)


def is_list_mail(headers: Mapping[str, str]) -> bool:
    """Whether a message went to the members of a list, or to the readers of a newsletter.

    `headers` are by name in lower case. A list says what it is in List-Id or its older equals; a newsletter offers to
    unsubscribe and shows by a second sign that it was sent to many. What comes through a list that is named as a
    customer service's mailbox was written to us.
    """
    if _is_mailbox_with_readers(headers):
        return False
    precedence = folded(headers.get("precedence", "")[:100])
    many = precedence in {"bulk", "list", "junk"}
    if precedence == "list" or any(name in headers for name in _LIST_HEADERS):
        return True
    if _LIST_NAME.search(headers.get("list-id", "")[:2000]) or (many and _was_distributed(headers)):
        return True
    if "list-unsubscribe" not in headers or headers.get("in-reply-to"):
        return False
    return many or "list-unsubscribe-post" in headers or any(name in headers for name in SENDERS_OF_MANY)


def _is_mailbox_with_readers(headers: Mapping[str, str]) -> bool:
    for name, pattern in (
        ("list-post", _POSTING_ADDRESS),
        ("mailing-list", _MAILING_LIST),
        ("list-id", _LIST_NAME),
    ):
        if found := pattern.search(headers.get(name, "")[:2000]):
            return found.group(1).casefold() in ROLES
    return False


def _was_distributed(headers: Mapping[str, str]) -> bool:
    """By a list manager of before RFC 2369, or one that has a List-Id without an identifier."""
    sender = folded(headers.get("sender", "")[:1000])
    return "list-id" in headers or "x-loop" in headers or _DISTRIBUTOR.search(sender) is not None
