"""Mail to many: mailing lists (RFC 2919, RFC 2369) and newsletters, told from a customer's letter that came through one."""

import re
from collections.abc import Mapping

from services.ingest.reading.words import folded, phrases

ROLES = frozenset(phrases("lists", "roles"))
SENDERS_OF_MANY = phrases("lists", "senders_of_many")


_POSTING_ADDRESS = re.compile(r"mailto:([^\s<>?,@]{1,128})@", re.IGNORECASE)
_LIST_NAME = re.compile(r"<\s*([^\s<>.]{1,128})\.")
_MAILING_LIST = re.compile(r"list\s+([^\s@;]{1,128})@", re.IGNORECASE)


def is_list_mail(headers: Mapping[str, str]) -> bool:
    """Whether a message went to the members of a list, or to the readers of a newsletter.

    `headers` are by name in lower case. A list says what it is in List-Id or its older equals; a newsletter offers to
    unsubscribe and shows by a second sign that it was sent to many. What comes through a list that is named as a
    customer service's mailbox was written to us.
    """
    if _mailbox_with_readers(headers):
        return False
    precedence = folded(headers.get("precedence", "")[:100])
    many = precedence in {"bulk", "list", "junk"}
    named = any(name in headers for name in ("list-id", "list-post", "mailing-list", "x-mailing-list", "x-beenthere"))
    if named or precedence == "list":
        return True
    if "in-reply-to" in headers:
        return False
    offers = "list-unsubscribe" in headers
    return offers and (many or "list-unsubscribe-post" in headers or any(name in headers for name in SENDERS_OF_MANY))


def _mailbox_with_readers(headers: Mapping[str, str]) -> bool:
    for name, pattern in (("list-post", _POSTING_ADDRESS), ("mailing-list", _MAILING_LIST), ("list-id", _LIST_NAME)):
        if found := pattern.search(headers.get(name, "")[:2000]):
            return found.group(1).casefold() in ROLES
    return False
