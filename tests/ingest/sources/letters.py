"""Mail as a server holds it, and sources as an administrator writes them down."""

from tests.ingest.sources.dovecot import PASSWORD


def mail(number: int, size: int = 0) -> bytes:
    """A letter with the traces of its way."""
    return (
        f"Return-Path: <kim{number}@customers.example>\r\n"
        f"Received: from mx.example by imap.example; Mon, 2 Mar 2026 13:00:{number % 60:02} +0000\r\n"
        f"From: Kim <kim{number}@customers.example>\r\nTo: support@example.com\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@customers.example>\r\nDate: Mon, 2 Mar 2026 13:00:00 +0000\r\n\r\n"
        f"Where is order {number}?\r\n" + ("x" * 70 + "\r\n") * (size // 72)
    ).encode()


def source(
    kind: str, port: int, user: str, more: str = "", *, begin: str = "everything", poll_seconds: float = 2
) -> str:
    """A table of the file of sources; it signs in by password unless `more` says how."""
    password = "" if "oauth" in more else f'password = "{PASSWORD}"'
    return f"""
[support]
kind = "{kind}"
host = "127.0.0.1"
port = {port}
security = "none"
user = "{user}"
address = "support@example.com"
begin = "{begin}"
poll_seconds = {poll_seconds}
{password}
{more}
"""
