"""Letters with files in them."""

from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart


def letter_with(*files: tuple[str, bytes], text: str = "Hello", number: int = 1) -> bytes:
    return message_with(*files, text=text, number=number).as_bytes()


def message_with(*files: tuple[str, bytes], text: str = "Hello", number: int = 1) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Kim Customer <kim@customers.example>"
    message["To"] = "support@example.com"
    message["Subject"] = f"Letter {number}"
    message["Message-ID"] = f"<{number}@customers.example>"
    message["Date"] = "Mon, 2 Mar 2026 13:00:00 +0000"
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    if files:
        message.set_boundary("between-the-parts")  # else each copy had another one, and were another message
    return message


def forwarded(message: Message, times: int = 1) -> Message:
    """As an attachment of another message."""
    for _ in range(times):
        outer = MIMEMultipart()
        outer["From"] = "Kim Customer <kim@customers.example>"
        outer["Subject"] = "Fwd"
        outer["Message-ID"] = "<fwd@customers.example>"
        outer.attach(MIMEMessage(message))
        message = outer
    return message
