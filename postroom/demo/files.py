"""Small files that customers attach, made here: a picture, a document, a table, an appointment."""

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    name: str
    maintype: str
    subtype: str
    content: bytes


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture that fades from a colour to black (PNG, RFC 2083)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(
        b"\x00" + bytes(part * (height - y) // height for part in colour) * width for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def pdf(line: str) -> bytes:
    """A page with one line of ASCII text (PDF 1.4)."""
    text = f"BT /F1 18 Tf 60 760 Td ({line}) Tj ET".encode("ascii")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    document, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(document))
        document += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return document + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(document))
    )


def photograph(number: int) -> File:
    colour = (60 + number * 37 % 190, 60 + number * 53 % 190, 60 + number * 71 % 190)
    return File(f"IMG_{2000 + number}.png", "image", "png", png(96, 72, colour))


def order_form(order: str) -> File:
    return File(f"Bestellung Nr. {order} - Übersicht.pdf", "application", "pdf", pdf(f"Order {order}"))


def table(order: str) -> File:
    content = f"order;article;quantity\r\n{order};lamp;2\r\n{order};bulb;4\r\n".encode()
    return File("order.csv", "text", "csv", content)


def appointment(day: str) -> File:
    content = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Calendar//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:delivery-{day}@customers.example\r\nDTSTAMP:{day}T080000Z\r\nDTSTART:{day}T090000Z\r\n"
        "SUMMARY:Delivery of the bookcase\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
    return File("delivery.ics", "text", "calendar", content)
