"""The words of an invitation (RFC 5545), for a message that has no others."""

import re

_EVENT = re.compile(
    r"^BEGIN:(?:VEVENT|VTODO|VJOURNAL)$(.*?)(?:^END:(?:VEVENT|VTODO|VJOURNAL)$|\Z)", re.MULTILINE | re.DOTALL
)
_FIELD = re.compile(r"^([A-Z-]{1,40})(?:;[^:\n]*)?:(.*)$", re.MULTILINE)
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?\Z")
_ESCAPED = re.compile(r"\\(.)")


def calendar_to_text(calendar: str) -> str:
    """Title, time, place and description of the first event; all of it where there is none."""
    event = _EVENT.search(calendar.replace("\n ", "").replace("\n\t", ""))
    if event is None:
        return calendar
    fields = {name: _plain(value) for name, value in reversed(_FIELD.findall(event[1]))}
    times = " - ".join(_time(fields[name]) for name in ("DTSTART", "DTEND") if name in fields)
    lines = (fields.get("SUMMARY"), times, fields.get("LOCATION"), fields.get("DESCRIPTION"))
    return "\n".join(line for line in lines if line)


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda escape: "\n" if escape[1] in "nN" else escape[1], value)


def _time(value: str) -> str:
    found = _MOMENT.match(value)
    if found is None:
        return value
    year, month, day, hour, minute, zulu = found.groups()
    time = f" {hour}:{minute}" if hour else ""
    return f"{year}-{month}-{day}{time}{' UTC' if zulu else ''}"
