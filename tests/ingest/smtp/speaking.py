"""A conversation without a network: what a client sends, and what comes of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from services.ingest.smtp import replies
from services.ingest.smtp.conversation import (
    Conversation,
    Finished,
    HangUp,
    MaySend,
    Named,
    Say,
    StartTls,
    Terms,
)
from services.ingest.smtp.replies import Reply

TERMS = Terms("smtp", "mx.example.com", most_bytes=1000, most_recipients=100, most_errors=20, tls=True)
LMTP = replace(TERMS, protocol="lmtp")
BEGIN = (
    b"EHLO client.example\r\nMAIL FROM:<kim@customers.example>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n"
)
MANY_ERRORS = replace(TERMS, most_errors=10_000)


@dataclass
class Heard:
    """What the server said, in bytes and by code, and the messages that it took."""

    words: bytes = b""
    messages: list[Finished] = field(default_factory=list)
    hung_up: bool = False

    @property
    def codes(self) -> list[str]:
        """The code of each reply with its enhanced one, without the greeting."""
        lines = self.words.decode().split("\r\n")[1:-1]
        return [
            " ".join(line.split(" ")[:2]) if line[:1] in "245" else line for line in lines if line[3] == " "
        ]


def speak(
    *pieces: bytes,
    terms: Terms = TERMS,
    unknown: Iterable[str] = (),
    stored: Reply = replies.OK,
    may_send: Reply = replies.SENDER_OK,
) -> Heard:
    """Let a client say these pieces, one arriving after the other."""
    conversation, heard = Conversation(terms), Heard()
    conversation.greet()
    for piece in (b"", *pieces):
        if heard.hung_up:
            break
        conversation.receive(piece)
        while (step := conversation.next_step()) is not None:
            match step:
                case Say(words):
                    heard.words += words
                case MaySend():
                    conversation.answer(step, may_send)
                case Named(address):
                    known = address not in unknown
                    conversation.answer(step, replies.RECIPIENT_OK if known else replies.UNKNOWN_RECIPIENT)
                case Finished():
                    heard.messages.append(step)
                    conversation.answer(step, stored)
                case StartTls():
                    conversation.forget()
                case HangUp():
                    heard.hung_up = True
                    break
    return heard


def last(*pieces: bytes, terms: Terms = TERMS) -> str:
    """The last reply."""
    return speak(*pieces, terms=terms).words.decode().split("\r\n")[-2]
