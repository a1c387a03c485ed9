"""One client's session: bytes in, steps out. It knows no socket, no clock and no database."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from services.ingest.smtp import proxy, replies, syntax
from services.ingest.smtp.content import Content
from services.ingest.smtp.replies import Reply
from services.ingest.smtp.syntax import LONGEST_LINE, Command, Refused

MOST_IDLE_COMMANDS = 100
"""Commands between two messages that bring none nearer."""

Protocol = Literal["smtp", "lmtp"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a client is told of the server, and what it may do."""

    protocol: Protocol
    hostname: str
    most_bytes: int
    most_recipients: int
    most_errors: int
    tls: bool
    """Whether STARTTLS is offered."""


@dataclass(frozen=True, slots=True)
class Say:
    """Send these bytes; they refuse something if there is a reason."""

    words: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MaySend:
    """Whether this client may begin another message: `answer` it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A recipient: `answer` whether we have it."""

    address: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A whole message: take it for good, then `answer`."""

    helo: str
    mail_from: str
    """Empty: the null sender."""
    recipients: tuple[str, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class StartTls:
    """Call `forget`, then shake hands."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """It is over; what may still have been received is not for us."""


Step = Say | MaySend | Named | Finished | StartTls | HangUp


class Conversation:
    """Commands may come in one piece with those after them (RFC 2920), or a byte at a time: it makes no difference."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._buffer = bytearray()
        self._steps: deque[Step] = deque()
        self._content: Content | None = None
        self._skipping = False
        """In a line that is too long, up to its end."""
        self._heard = False
        self._helo = ""
        self._secured = False
        self._mail_from: str | None = None
        self._recipients: list[str] = []
        self._errors = 0
        self._idle_commands = 0
        self.trusted = False
        """Errors are not counted: one of our own relays may name many recipients that do not exist."""

    def receive(self, data: bytes) -> None:
        self._buffer += data

    @property
    def unread(self) -> bytearray:
        """What was received and not looked at yet."""
        return self._buffer

    @property
    def in_content(self) -> bool:
        """Whether a message is on its way."""
        return self._content is not None

    def greet(self) -> None:
        name = "LMTP" if self._terms.protocol == "lmtp" else "ESMTP"
        self.say(Reply(220, "", f"{self._terms.hostname} {name} Postroom"))

    def next_step(self) -> Step | None:
        """What is to be done; None: nothing before more bytes come. A question is answered before the next step."""
        while not self._steps:
            if self._content is not None:
                if not self._read_content(self._content):
                    return None
            elif not self._read_line():
                return None
        return self._steps.popleft()

    def answer(self, question: MaySend | Named | Finished, reply: Reply) -> None:
        """What became of a question that was a step."""
        match question:
            case Named(address) if reply.positive:
                self._recipients.append(address)
            case MaySend() if not reply.positive:
                self._mail_from = None
            case Finished():
                self._end_message(reply)
                return
            case _:
                pass
        self.say(reply)

    def forget(self) -> None:
        """TLS begins: all that was said before counts for nothing (RFC 3207 §4.2).

        That includes commands that came after STARTTLS in the clear: anyone on the way may have put them there.
        """
        self._secured = True
        self._buffer.clear()
        self._helo = ""
        self._reset()

    def say(self, reply: Reply) -> None:
        """Send a reply; one that is final ends the conversation, and so do too many refusals for good."""
        self._steps.append(Say(bytes(reply), reply.reason))
        if reply.code >= 500:
            self._errors += 1
            if self._errors >= self._terms.most_errors and not self.trusted:
                self.say(replies.TOO_MANY_ERRORS)
                return
        if reply.final:
            self._steps.append(HangUp())

    def _read_content(self, content: Content) -> bool:
        data = bytes(self._buffer)
        self._buffer.clear()
        rest = content.feed(data)
        if rest is None:
            return False
        self._buffer += rest
        self._content = None
        if content.too_large:
            self._end_message(replies.TOO_LARGE)
        else:
            assert self._mail_from is not None  # noqa: S101 - DATA is refused without it
            self._steps.append(Finished(self._helo, self._mail_from, tuple(self._recipients), content.octets))
        return True

    def _end_message(self, reply: Reply) -> None:
        """LMTP answers for each recipient (RFC 2033 §4.2): all of them were committed together, or none."""
        times = len(self._recipients) if self._terms.protocol == "lmtp" else 1
        self._reset()
        self._idle_commands = 0
        self._steps.extend([Say(bytes(reply))] * (times - 1))
        self.say(reply)

    def _read_line(self) -> bool:
        if not self._heard and proxy.is_header(self._buffer):
            self.say(replies.PROXY_HEADER)
            return True
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > LONGEST_LINE:
                self._skipping = True
                self._buffer.clear()
            return False
        self._heard = True
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        if self._skipping or len(line) > LONGEST_LINE:
            self._skipping = False
            self.say(replies.LINE_TOO_LONG)
        elif not line.endswith(b"\r\n"):
            self.say(replies.BARE_LINE_FEED)
        else:
            try:
                self._obey(syntax.command(line[:-2]))
            except Refused as refused:
                self.say(refused.reply)
        return True

    def _obey(self, command: Command) -> None:
        argument = command.argument
        match command.verb:
            case "MAIL":
                self._mail(argument)
            case "RCPT":
                self._rcpt(argument)
            case "DATA":
                self._data(argument)
            case "EHLO" | "HELO" | "LHLO":
                self._hello(command.verb, argument)
            case "STARTTLS":
                self._starttls(argument)
            case "QUIT":
                self.say(replies.BYE)
            case "RSET":
                self._reset()
                self._idle(replies.OK)
            case "NOOP":
                self._idle(replies.OK)
            case "VRFY":
                self._idle(replies.CANNOT_VERIFY)
            case "HELP":
                self._idle(replies.HELP)
            case "EXPN" | "TURN" | "ETRN" | "AUTH" | "BDAT":
                self.say(replies.NOT_IMPLEMENTED)
            case "GET" | "POST" | "PUT" | "HEAD" | "OPTIONS" | "CONNECT":
                self.say(replies.NOT_MAIL)  # a browser that was led here must not get as far as MAIL
            case _:
                self.say(replies.UNKNOWN_COMMAND)

    def _hello(self, verb: str, name: str) -> None:
        if (verb == "LHLO") != (self._terms.protocol == "lmtp"):
            raise Refused(replies.UNKNOWN_COMMAND)
        if not name:
            raise Refused(replies.BAD_ARGUMENT.about(f"{verb} name"))
        self._reset()
        self._helo = name
        if verb == "HELO":
            self._idle(Reply(250, "", self._terms.hostname))
            return
        lines = [
            self._terms.hostname,
            "PIPELINING",
            f"SIZE {self._terms.most_bytes}",
            *(["STARTTLS"] if self._terms.tls and not self._secured else []),
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "SMTPUTF8",
        ]
        self._idle(Reply(250, "", "\n".join(lines)))

    def _starttls(self, argument: str) -> None:
        if not self._terms.tls:
            raise Refused(replies.NOT_IMPLEMENTED)
        if argument:
            raise Refused(replies.BAD_ARGUMENT.about("STARTTLS"))
        if self._secured:
            raise Refused(replies.WRONG_ORDER.about("TLS has begun"))
        self.say(replies.TLS_READY)
        self._steps.append(StartTls())

    def _mail(self, argument: str) -> None:
        if not self._helo:
            raise Refused(replies.WRONG_ORDER.about("greet first"))
        if self._mail_from is not None:
            raise Refused(replies.WRONG_ORDER.about("MAIL was given"))
        path = syntax.path(argument, "FROM")
        path.allow("SIZE", "BODY", "SMTPUTF8")
        if not syntax.is_sender(path.address):
            raise Refused(replies.BAD_SENDER)
        if path.parameters.get("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
            raise Refused(replies.BAD_ARGUMENT.about("BODY=7BIT or BODY=8BITMIME"))
        size = path.parameters.get("SIZE", "0")
        if not (size.isascii() and size.isdecimal() and len(size) <= 20):  # RFC 1870 §5
            raise Refused(replies.BAD_ARGUMENT.about("SIZE=octets"))
        if int(size) > self._terms.most_bytes:
            raise Refused(replies.TOO_LARGE)
        self._mail_from = path.address
        self._steps.append(MaySend())

    def _rcpt(self, argument: str) -> None:
        if self._mail_from is None:
            raise Refused(replies.WRONG_ORDER.about("MAIL comes first"))
        path = syntax.path(argument, "TO")
        path.allow()
        if not syntax.is_recipient(path.address):
            raise Refused(replies.BAD_RECIPIENT)
        if len(self._recipients) >= self._terms.most_recipients:
            raise Refused(replies.TOO_MANY_RECIPIENTS)
        self._steps.append(Named(path.address))

    def _data(self, argument: str) -> None:
        if argument:
            raise Refused(replies.BAD_ARGUMENT.about("DATA"))
        if not self._recipients:
            raise Refused(replies.WRONG_ORDER.about("no recipient was accepted"))
        self._content = Content(self._terms.most_bytes)
        self.say(replies.GO_ON)

    def _reset(self) -> None:
        self._mail_from = None
        self._recipients = []

    def _idle(self, reply: Reply) -> None:
        """Answer a command that brings no message nearer."""
        self._idle_commands += 1
        too_many = self._idle_commands > MOST_IDLE_COMMANDS and not self.trusted
        self.say(replies.TOO_IDLE if too_many else reply)
