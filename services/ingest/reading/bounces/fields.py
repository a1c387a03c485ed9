"""Delivery status fields (RFC 3464, RFC 6533), as servers write them."""

import re
from collections.abc import Iterator, Mapping

from services.ingest.reading.bounces.address import ADDRESS, MOST_RECIPIENTS, whole
from services.ingest.reading.bounces.codes import code_in, status_in
from services.ingest.reading.bounces.failure import LONGEST_WORDS, Action, Failure
from services.ingest.reading.message_ids import message_id
from services.ingest.reading.repairs import Repairs

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)")
_ANY_ADDRESS = re.compile(ADDRESS)
_UNICODE_IN_XTEXT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_TYPED = re.compile(r"^\s*[A-Za-z][\w+-]{0,30}\s*;\s*")

Group = Mapping[str, str]


def groups_in(text: str) -> Iterator[Group]:
    """The groups of fields, separated by empty lines; names are in lower case, folded lines joined.

    Some servers forget the empty line between recipients: a second Final-Recipient begins a group of its own.
    """
    group: dict[str, str] = {}
    last = None
    for line in text.splitlines():
        if not line.strip():
            if group:
                yield group
            group, last = {}, None
        elif line[0] in " \t" and last is not None:
            group[last] = f"{group[last]} {line.strip()}"[:2000]
        elif found := _FIELD.match(line):
            last = found.group(1).lower()
            if last == "final-recipient" and last in group:
                yield group
                group = {}
            group[last] = found.group(2).strip()[:2000]
    if group:
        yield group


def failures_in(text: str) -> tuple[Failure, ...]:
    """What the fields say of each recipient. Groups without a recipient and an action say nothing."""
    found = []
    for group in groups_in(text):
        if "final-recipient" not in group and "original-recipient" not in group and "action" not in group:
            continue
        found.append(_failure(group))
        if len(found) == MOST_RECIPIENTS:
            break
    return tuple(found)


def original_message_id(text: str) -> str | None:
    """Some servers name the message itself, among the fields about all recipients."""
    for group in groups_in(text):
        for name in ("x-original-message-id", "original-message-id"):
            if name in group:
                return message_id(group[name], Repairs())
    return None


def _failure(group: Group) -> Failure:
    words = _bare(group.get("diagnostic-code", ""))
    return Failure(
        # The one that we wrote to, before the one that it was forwarded to.
        recipient=address_of(group.get("original-recipient", ""))
        or address_of(group.get("final-recipient", "")),
        action=_action(group.get("action", "")),
        status=status_in(group.get("status", "")) or status_in(words),
        code=code_in(words),
        words=words or None,
    )


def _action(text: str) -> Action | None:
    word = text.strip().casefold().split(" ")[0].strip(";,.")
    if word in {"failure", "fail"}:
        return Action.FAILED
    if word == "delay":
        return Action.DELAYED
    return next((action for action in Action if action.value == word), None)


def address_of(text: str) -> str | None:
    """The address of a typed field (`rfc822; x@y`), without angle brackets; RFC 6533 §3 may spell its characters."""
    bare = _TYPED.sub("", text).strip()
    bare = _UNICODE_IN_XTEXT.sub(lambda found: _character(found.group(1)), bare)
    found = _ANY_ADDRESS.search(bare)
    return whole(found.group()) if found else None


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 and number else ""


def _bare(diagnostic: str) -> str:
    """A diagnostic without the type in front of it."""
    return " ".join(_TYPED.sub("", diagnostic).split())[:LONGEST_WORDS]
