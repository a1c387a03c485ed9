"""Command lines as clients write them (RFC 5321 §4.1). Read tolerantly where nothing can be mistaken."""

import re
from dataclasses import dataclass

from services.ingest.smtp.replies import BAD_ARGUMENT, UNKNOWN_PARAMETER, Reply

LONGEST_LINE = 2048
"""Octets of a command with its CR LF. RFC 5321 §4.5.3.1.4 asks for 512, and its extensions for some more."""

_PATH = re.compile(
    r"""(?P<keyword>FROM|TO):\s*
        (?: <(?P<path> (?: "(?:\\.|[^"\\])*" | [^>"] )* )>    # as it should be
          | (?P<bare> [^\s<>]+ ) )                            # without the brackets, as some machines do
        (?P<parameters> (?:\s.*)? )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SOURCE_ROUTE = re.compile(r"@[^:]*:")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\s=]+))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAILBOX = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^\s@"]+)@[^\s@]+', re.DOTALL)


class Refused(Exception):
    """A command that is not obeyed, with what is said to it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Command:
    """A verb in upper case, and the rest of the line."""

    verb: str
    argument: str


@dataclass(frozen=True, slots=True)
class Path:
    """An address from between the brackets (RFC 5321 §4.1.2); empty: the null sender."""

    address: str
    parameters: dict[str, str]
    """By name in upper case; the value is empty where there is none."""

    def allow(self, *names: str) -> None:
        """Raises: Refused: it has another parameter."""
        if unknown := self.parameters.keys() - set(names):
            raise Refused(UNKNOWN_PARAMETER.about(", ".join(sorted(unknown))))


def command(line: bytes) -> Command:
    """Read a line without its line end; what is not UTF-8 in it stays as surrogates."""
    verb, _, argument = line.decode("utf-8", "surrogateescape").partition(" ")
    return Command(verb.upper(), argument.strip())


def path(argument: str, keyword: str) -> Path:
    """Read what follows MAIL (`FROM:<…>`) or RCPT (`TO:<…>`). A source route is passed over (RFC 5321 §4.1.1.3).

    Raises:
        Refused: there is no path in it.
    """
    found = _PATH.fullmatch(argument)
    if found is None or found["keyword"].upper() != keyword:
        raise Refused(BAD_ARGUMENT.about(f"{keyword}:<address>"))
    address = found["bare"] if found["path"] is None else found["path"].strip()
    return Path(
        _SOURCE_ROUTE.sub("", address, count=1) if address.startswith("@") else address,
        dict(map(_parameter, found["parameters"].split())),
    )


def _parameter(word: str) -> tuple[str, str]:
    found = _PARAMETER.fullmatch(word)
    if found is None:
        raise Refused(BAD_ARGUMENT.about("NAME=VALUE"))
    return found[1].upper(), found[2] or ""


def is_sender(address: str) -> bool:
    """Nothing is sent to it, so it may be almost anything."""
    return _CONTROL.search(address) is None


def is_recipient(address: str) -> bool:
    """Whether it is `local@domain`, or the one address that needs no domain (RFC 5321 §4.1.1.3)."""
    if address.lower() == "postmaster":
        return True
    return _MAILBOX.fullmatch(address) is not None and address.isprintable()
