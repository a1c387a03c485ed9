"""What the server says (RFC 5321 §4.2), with enhanced status codes (RFC 2034, RFC 3463)."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `reason` names a refusal in the metrics."""

    code: int
    status: str
    """The enhanced status code; empty where RFC 2034 §3 wants none: in greetings, and with 354."""
    text: str
    """Several lines where it has line feeds."""
    reason: str = ""

    @property
    def positive(self) -> bool:
        return self.code < 400

    @property
    def final(self) -> bool:
        """The connection ends with it (RFC 5321 §3.8)."""
        return self.code in {221, 421}

    def __bytes__(self) -> bytes:
        *first, last = self.text.split("\n")
        status = f"{self.status} " if self.status else ""
        lines = [*(f"{self.code}-{status}{line}" for line in first), f"{self.code} {status}{last}"]
        return "".join(f"{line}\r\n" for line in lines).encode(errors="replace")

    def about(self, detail: str) -> "Reply":
        return replace(self, text=f"{self.text}: {detail}")


OK = Reply(250, "2.0.0", "OK")
SENDER_OK = Reply(250, "2.1.0", "OK")
RECIPIENT_OK = Reply(250, "2.1.5", "OK")
CANNOT_VERIFY = Reply(252, "2.1.5", "Send a message and see")
HELP = Reply(214, "2.0.0", "RFC 5321 says it all")
BYE = Reply(221, "2.0.0", "Bye")
TLS_READY = Reply(220, "2.0.0", "Ready to start TLS")
GO_ON = Reply(354, "", "End the message with <CRLF>.<CRLF>")

BARE_LINE_FEED = Reply(500, "5.5.2", "Lines end with CR LF", "syntax")
LINE_TOO_LONG = Reply(500, "5.5.2", "The line is too long", "syntax")
UNKNOWN_COMMAND = Reply(500, "5.5.1", "Unknown command", "syntax")
BAD_ARGUMENT = Reply(501, "5.5.4", "The command reads", "syntax")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Not implemented", "syntax")
WRONG_ORDER = Reply(503, "5.5.1", "Wrong order", "syntax")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Unknown parameter", "syntax")
BAD_SENDER = Reply(553, "5.1.7", "Not a sender's address", "syntax")
BAD_RECIPIENT = Reply(553, "5.1.3", "Not a recipient's address", "syntax")
UNKNOWN_RECIPIENT = Reply(550, "5.1.1", "Nobody has this address here", "unknown_recipient")
TOO_LARGE = Reply(552, "5.3.4", "The message is larger than what SIZE says", "size")
TOO_MANY_RECIPIENTS = Reply(
    452, "4.5.3", "Too many recipients, send the rest in another transaction", "recipients"
)
RECIPIENT_UNCERTAIN = Reply(451, "4.3.0", "Addresses cannot be looked up, try again later", "desk_unknown")
NOT_STORED = Reply(451, "4.3.0", "The message could not be stored, try again later", "not_stored")
TOO_MANY_MESSAGES = Reply(
    450, "4.7.1", "Too many messages from your address, try again later", "message_rate"
)

TOO_MANY_CONNECTIONS = Reply(421, "4.3.2", "Too many connections, try again later", "connections")
TOO_MANY_OF_CLIENT = Reply(421, "4.7.0", "Too many connections from your address", "client_connections")
TOO_FAST = Reply(421, "4.7.0", "Too many new connections from your address", "connection_rate")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors", "errors")
TOO_IDLE = Reply(421, "4.7.0", "Too many commands without a message", "errors")
NOT_MAIL = Reply(421, "4.7.0", "This server speaks no HTTP", "not_mail")
NO_PROXY_HEADER = Reply(421, "4.7.0", "A PROXY header comes first from your address", "proxy")
PROXY_HEADER = Reply(421, "4.7.0", "PROXY headers are not taken from your address", "proxy")
TIMEOUT = Reply(421, "4.4.2", "Waited for too long", "timeout")
STOPPING = Reply(421, "4.3.2", "The server stops, try again later", "stopping")
FAULT = Reply(421, "4.3.0", "Something failed here, try again later", "fault")
