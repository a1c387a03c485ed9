"""A lifelike day of customer mail: 300 messages by 120 customers. Same seed, same day."""

import itertools
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from unicodedata import combining, normalize

from postroom.demo import files
from postroom.demo.texts import CUSTOMERS, LANGUAGES, Language, Matter

MESSAGES = 300
NAMELESS = 30
"""The opening without a Message-ID, which no letter can refer to."""
_DOMAINS = ("customers.example", "mail.example.net", "post.example.org", "home.example")
_BOXES = ("support@example.com",) * 6 + ("orders@example.com", "info@example.com")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message with its envelope; an empty sender is that of machines (RFC 5321 §4.5.5)."""

    sender: str
    recipient: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Customer:
    name: str
    address: str
    language: Language
    signature: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """A message that a later one may answer."""

    customer: Customer
    matter: Matter
    subject: str
    text: str
    message_id: str
    references: tuple[str, ...]
    recipient: str


def day(now: datetime, seed: int) -> list[Parcel]:
    """The mail of the 24 hours before `now`, in order. Message-IDs hold the seed: another seed, other messages."""
    chance = random.Random(seed)  # noqa: S311 - a day, not a secret
    people = customers(chance)
    times = sorted(now - timedelta(seconds=chance.uniform(0, 86_400)) for _ in range(MESSAGES))
    machines = iter((_vacation, _bounce, _newsletter, _vacation, _newsletter, _bounce))
    newcomers = iter(people)
    openings = itertools.count()
    written: list[Written] = []
    parcels: list[Parcel] = []
    for number, at in enumerate(times):
        stamp = f"{seed}.{number}"
        if number % 50 == 49:
            parcels.append(next(machines)(chance.choice(people), stamp, at))
            continue
        # Everyone writes once, and some go on with their matter; then some open another one.
        newcomer = None if written and chance.random() < 0.35 else next(newcomers, None)
        if newcomer is None and written and chance.random() < 0.7:
            earlier = written.pop(chance.randrange(len(written)))
            parcels.append(_follow_up(chance, earlier, stamp, at))
        else:
            customer = newcomer or chance.choice(people)
            opening = next(openings)
            parcel, letter = _opening(chance, customer, stamp, at, opening)
            parcels.append(parcel)
            if opening != NAMELESS:
                written.append(letter)
    return parcels


def customers(chance: random.Random) -> list[Customer]:
    """120 people, each with an address of their own."""
    people = []
    for language in LANGUAGES:
        for number in range(CUSTOMERS[language.code]):
            first, last = chance.choice(language.first_names), chance.choice(language.last_names)
            japanese = language.code == "ja"
            name = f"{last} {first}" if japanese else f"{first} {last}"
            local = f"kyaku{number}" if japanese else f"{_ascii(first)}.{_ascii(last)}{number}"
            signature = f"{name}\n{chance.choice(language.towns)}" if chance.random() < 0.3 else None
            address = f"{local}.{language.code}@{chance.choice(_DOMAINS)}"
            people.append(Customer(name, address, language, signature))
    chance.shuffle(people)
    return people


def _ascii(name: str) -> str:
    plain = "".join(letter for letter in normalize("NFKD", name) if not combining(letter))
    return plain.replace("ß", "ss").replace("Ł", "L").replace("ł", "l").replace(" ", "").lower()


def _opening(
    chance: random.Random, customer: Customer, stamp: str, at: datetime, number: int
) -> tuple[Parcel, Written]:
    language = customer.language
    matter = chance.choice(language.matters)
    filled = {
        "order": str(chance.randint(48_000, 59_999)),
        "product": chance.choice(language.products),
        "lamp": chance.choice(language.lamps),
        "town": chance.choice(language.towns),
    }
    subject = matter.subject.format(**filled)
    subject = subject[:1].upper() + subject[1:]
    text = _letter_text(customer, matter.body.format(**filled))
    written = Written(
        customer,
        Matter(subject, matter.body, matter.again.format(**filled)),
        subject,
        text,
        f"<{stamp}@{customer.address.rpartition('@')[2]}>",
        (),
        chance.choice(_BOXES),
    )
    message = _message(written, at)
    if number == NAMELESS:
        del message["Message-ID"]
    if number == 60:
        del message["Subject"]
    _fill(message, customer, text, html=_designed(text, number) if number % 3 == 0 else None)
    if number % 90 == 5:
        long = "\n\n".join([text, *(f"{line}. {matter.body.format(**filled)}" for line in range(1, 80))])
        message.set_content(long, charset="utf-8", cte="base64")
    for file in _files(number, filled["order"], at):
        message.add_attachment(file.content, maintype=file.maintype, subtype=file.subtype, filename=file.name)
    return _parcel(written, message), written


def _files(number: int, order: str, at: datetime) -> list[files.File]:
    match number % 24:
        case 4:
            return [files.photograph(number)]
        case 10:
            return [files.order_form(order)]
        case 16:
            return [files.photograph(number), files.photograph(number + 1)]
        case 20:
            return [files.table(order)]
        case 22:
            return [files.appointment(f"{at:%Y%m%d}")]
        case _:
            return []


def _follow_up(chance: random.Random, earlier: Written, stamp: str, at: datetime) -> Parcel:
    customer = earlier.customer
    text = _letter_text(customer, earlier.matter.again)
    prefix = "AW: " if customer.language.code == "de" else "Re: "
    subject = earlier.subject if earlier.subject.startswith(prefix) else prefix + earlier.subject
    written = Written(
        customer,
        earlier.matter,
        subject,
        text,
        f"<{stamp}@{customer.address.rpartition('@')[2]}>",
        (*earlier.references, earlier.message_id),
        earlier.recipient,
    )
    message = _message(written, at)
    message["In-Reply-To"] = earlier.message_id
    message["References"] = " ".join(written.references)
    _fill(message, customer, text + _quotation(chance, earlier), html=None)
    return _parcel(written, message)


def _quotation(chance: random.Random, earlier: Written) -> str:
    """What the mail program puts below: quoted lines, quoted lines with a head, or the older message as a block."""
    lines = earlier.text.splitlines()
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    match chance.randrange(3):
        case 0:
            return f"\n\n{earlier.customer.language.quoted.format(name=earlier.customer.name)}\n{quoted}\n"
        case 1:
            return f"\n\n{quoted}\n"
        case _:
            head = f"From: {earlier.customer.name} <{earlier.customer.address}>\nSubject: {earlier.subject}"
            return f"\n\n-----Original Message-----\n{head}\n\n{earlier.text}\n"


def _letter_text(customer: Customer, body: str) -> str:
    language = customer.language
    signature = f"\n\n-- \n{customer.signature}" if customer.signature else ""
    name = "" if language.code == "ja" else f"\n{customer.name}"
    return f"{language.greeting}\n\n{body}\n\n{language.farewell}{name}{signature}\n"


def _message(written: Written, at: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    local, _, domain = written.customer.address.rpartition("@")
    message["From"] = Address(written.customer.name, local, domain)
    message["To"] = written.recipient
    message["Subject"] = written.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = written.message_id
    return message


def _fill(message: EmailMessage, customer: Customer, text: str, html: str | None) -> None:
    charset = customer.language.charset
    cte = {"iso-8859-1": "quoted-printable", "iso-2022-jp": "7bit", "windows-1252": "8bit"}.get(
        charset, "base64"
    )
    flowed = customer.language.code == "es"
    if cte == "7bit":
        # The standard library cannot write this charset as it is on the wire.
        message.set_payload(text.encode(charset))
        message["MIME-Version"] = "1.0"
        message["Content-Type"] = f"text/plain; charset={charset}"
        message["Content-Transfer-Encoding"] = "7bit"
        return
    message.set_content(
        text.replace("\n\n", " \n\n") if flowed else text,
        charset=charset,
        cte=cte,
        params={"format": "flowed"} if flowed else None,
    )
    if html is not None:
        message.add_alternative(html, subtype="html", charset=charset, cte="quoted-printable")
        if "cid:" in html:
            designed = message.get_body(("html",))
            assert isinstance(designed, EmailMessage | MIMEPart)  # noqa: S101 - added two lines before
            designed.add_related(
                files.png(48, 48, (200, 120, 40)), "image", "png", cid="<logo@customers.example>"
            )


def _designed(text: str, number: int) -> str:
    """The same as HTML, as mail programs write it; some with a picture, and one with what must not be shown."""
    paragraphs = "".join(
        f'<p style="margin:0 0 1em;font-family:Calibri,sans-serif;color:#1f2937">{escape(part)}</p>'
        for part in text.strip().split("\n\n")
    )
    logo = (
        '<p><img src="cid:logo@customers.example" alt="logo" width="48" height="48"></p>'
        if number % 12 == 0
        else ""
    )
    spy = (
        '<img src="https://tracker.example/open.gif" width="1" height="1"><script>alert("no")</script>'
        '<a href="javascript:alert(1)">press here</a>'
        if number % 60 == 33
        else ""
    )
    return (
        f"<html><head><style>p{{line-height:1.4}}</style></head><body>{paragraphs}{logo}{spy}</body></html>"
    )


def _parcel(written: Written, message: EmailMessage) -> Parcel:
    return Parcel(written.customer.address, written.recipient, message.as_bytes())


def _vacation(customer: Customer, stamp: str, at: datetime) -> Parcel:
    """An automatic answer of someone who is away (RFC 3834)."""
    written = Written(
        customer, customer.language.matters[0], "Out of office", "", f"<{stamp}@auto.example>", (), _BOXES[0]
    )
    message = _message(written, at)
    message["Auto-Submitted"] = "auto-replied"
    message["Precedence"] = "bulk"
    message.set_content("I am away until Monday and do not read mail.\n", charset="utf-8", cte="7bit")
    return Parcel("", _BOXES[0], message.as_bytes())


def _bounce(customer: Customer, stamp: str, at: datetime) -> Parcel:
    """A message that could not be delivered (RFC 3464)."""
    boundary = f"=_{stamp}"
    message = f"""From: Mail Delivery System <mailer-daemon@mx.example.net>
To: support@example.com
Subject: Undelivered Mail Returned to Sender
Date: {format_datetime(at)}
Message-ID: <{stamp}@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=us-ascii

Your message to {customer.address} could not be delivered: the mailbox is full.

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {customer.address}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--{boundary}
Content-Type: message/rfc822

From: support@example.com
To: {customer.address}
Subject: Your order
Message-ID: <{stamp}.original@example.com>

Thank you for your order.

--{boundary}--
"""
    return Parcel("", "support@example.com", message.replace("\n", "\r\n").encode("ascii"))


def _newsletter(customer: Customer, stamp: str, at: datetime) -> Parcel:
    """Mail to a list that a ticketbox once joined (RFC 2369)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "The Lighting Trade <news@lists.example.org>"
    message["To"] = "info@example.com"
    message["Subject"] = "This month: the return of the paper lantern"
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{stamp}@lists.example.org>"
    message["List-Id"] = "The Lighting Trade <trade.lists.example.org>"
    message["List-Unsubscribe"] = "<https://lists.example.org/unsubscribe>"
    message["Precedence"] = "list"
    text = f"Twelve pages on paper lanterns, and a visit to a workshop in {customer.language.towns[0]}.\n"
    message.set_content(text, charset="utf-8", cte="quoted-printable")
    return Parcel("news-bounces@lists.example.org", "info@example.com", message.as_bytes())
