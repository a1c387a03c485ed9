"""Messages that somebody made to hurt a parser, or that a broken program made by accident, of any size."""

import base64
import random
import struct
import zlib
from collections.abc import Callable

HEAD = b"From: a@b.example\nTo: c@d.example\nSubject: x\nDate: Mon, 2 Mar 2026 13:00:00 +0100\nMIME-Version: 1.0\n"


def _filled(unit: bytes, size: int, before: bytes = b"", after: bytes = b"") -> bytes:
    count = max((size - len(before) - len(after)) // len(unit), 1)
    return before + unit * count + after


def _plain(
    unit: bytes, kind: bytes = b"text/plain; charset=utf-8", encoding: bytes = b"8bit"
) -> Callable[[int], bytes]:
    head = HEAD + b"Content-Type: " + kind + b"\nContent-Transfer-Encoding: " + encoding + b"\n\n"
    return lambda size: _filled(unit, size, head)


def _header(unit: bytes, name: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: _filled(unit, size, HEAD + name, after + b"\n\nbody\n")


def _multipart(unit: bytes, kind: bytes = b"mixed") -> Callable[[int], bytes]:
    return lambda size: _filled(unit, size, HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\n\n")


def nested(size: int, *, closed: bool = False) -> bytes:
    """Multiparts in multiparts, each with a boundary of its own, and the rest of the size as the text inside."""
    depth = min(size // 200, 20_000)
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(depth)
    )
    closing = b"".join(b"\n--b%d--" % level for level in reversed(range(depth))) if closed else b""
    return _filled(b"the text\n", size, HEAD + opening + b"\n", closing)


def _messages_in_messages(size: int) -> bytes:
    return _filled(b"Content-Type: message/rfc822\n\n", size, HEAD)


def _encoded_messages(size: int) -> bytes:
    inner = b"Subject: in\n\nthe text\n"
    while len(inner) < size // 2:
        inner = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(
            inner
        )
    return HEAD + inner


def _quoted_messages(size: int) -> bytes:
    """Messages that nothing gets smaller by unwrapping."""
    head = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n"
    return HEAD + head * (size // 200) + _filled(b"the text\n", size // 2)


def _signed_messages(size: int) -> bytes:
    entity = b"\n" + b"the text\n" * (size // 20)
    for _ in range(100):
        inner = _der(0x30, bytes.fromhex("06092a864886f70d010701") + _der(0xA0, _der(0x04, entity)))
        body = _der(0x30, b"\x02\x01\x01" + _der(0x31, b"") + inner)
        content = _der(0x30, bytes.fromhex("06092a864886f70d010702") + _der(0xA0, body))
        entity = b"Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: binary\n\n" + content
    return HEAD + entity


def _tnef_in_tnef(size: int) -> bytes:
    content = b"a" * (size // 2)
    for _ in range(100):
        properties = struct.pack("<IHHII", 1, 0x000D, 0x3701, 1, len(content) + 16) + bytes(16) + content
        begins = struct.pack("<BHHI", 2, 0x9002, 6, 0) + b"\x00\x00"
        file = struct.pack("<BHHI", 2, 0x9005, 6, len(properties)) + properties + b"\x00\x00"
        content = struct.pack("<IH", 0x223E9F78, 1) + begins + file
    return HEAD + b"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: binary\n\n" + content


def _same_boundary(size: int) -> bytes:
    return _filled(
        b"--b\nContent-Type: multipart/mixed; boundary=b\n\n",
        size,
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n",
    )


def _noise(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def _tnef(size: int) -> bytes:
    attribute = struct.pack("<BHHI", 2, 0x9002, 6, 0) + b"\x00\x00"
    content = struct.pack("<IH", 0x223E9F78, 1)
    content += attribute * (size * 3 // 4 // len(attribute))
    return (
        HEAD
        + b"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(content)
    )


def _with_rtf(kind: bytes, body: bytes) -> bytes:
    compressed = struct.pack("<II4sI", len(body) + 12, 1 << 31, kind, 0) + body
    properties = struct.pack("<IHHII", 1, 0x0102, 0x1009, 1, len(compressed)) + compressed
    attribute = struct.pack("<BHHI", 1, 0x9003, 6, len(properties)) + properties + b"\x00\x00"
    content = base64.encodebytes(struct.pack("<IH", 0x223E9F78, 1) + attribute)
    return HEAD + b"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n" + content


def _rtf_that_grows(size: int) -> bytes:
    """Rich text of which two bytes become seventeen; its references never point to where it is written."""
    references = struct.pack(">HH", 100 << 4 | 15, 101 << 4 | 15) * 4
    return _with_rtf(b"LZFu", (b"\xff" + references) * (size * 3 // 4 // 17))


def _rtf_of_groups(size: int) -> bytes:
    return _with_rtf(b"MELA", b"{" * (size * 3 // 4))


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x84]) + struct.pack(">I", len(content)) + content


def _compressed(size: int) -> bytes:
    """S/MIME that grows a thousand times when it is unpacked."""
    packed = zlib.compress(b"\n\n" + b"a" * size * 10, 9)
    inner = _der(0x30, bytes.fromhex("06092a864886f70d010701") + _der(0xA0, _der(0x04, packed)))
    body = _der(0x30, b"\x02\x01\x00" + _der(0x30, b"") + inner)
    content = _der(0x30, bytes.fromhex("060b2a864886f70d0109100109") + _der(0xA0, body))
    head = (
        HEAD
        + b"Content-Type: application/pkcs7-mime; smime-type=compressed-data\nContent-Transfer-Encoding: base64\n\n"
    )
    return head + base64.encodebytes(content)


def _attachment(size: int) -> bytes:
    line = base64.b64encode(bytes(57)) + b"\n"
    head = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/zip; name=a.zip\n"
    )
    return _filled(line, size, head + b"Content-Transfer-Encoding: base64\n\n", b"--b--\n")


def _types(size: int) -> bytes:
    types = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n" % number for number in range(1000))
    return _filled(b"--a\n", size, HEAD + types + b"\n")


def _picture(size: int) -> bytes:
    head = HEAD + b"Content-Type: text/html\n\n<img src='data:image/png;base64,"
    return _filled(b"A", size, head, b"'>the text")


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "a file in base64": _attachment,
    "plain text": _plain(b"The quick brown fox jumps over the lazy dog.\n"),
    "text with one emoji": lambda size: _plain(b"The quick brown fox.\n")(size) + "😀".encode(),
    "text of emoji": _plain("😀 ".encode()),
    "text without a line end": _plain(b"a"),
    "text of line ends": _plain(b"\n"),
    "text of bare CR": _plain(b"a\r"),
    "text of CR CR LF": _plain(b"a\r\r\n"),
    "text of quotation marks": _plain(b">"),
    "text that flows": _plain(b"> a \n", b"text/plain; format=flowed; delsp=yes"),
    "text of blanks": _plain(b" "),
    "text in base64": _plain(base64.b64encode("😀 ".encode() * 9) + b"\n", encoding=b"base64"),
    "base64 of padding": _plain(b"QQ==\n", encoding=b"base64"),
    "quoted-printable": _plain(b"=41=\n", encoding=b"quoted-printable"),
    "quoted-printable of equal signs": _plain(b"=", encoding=b"quoted-printable"),
    "quoted-printable of blanks": _plain(b"= ", encoding=b"quoted-printable"),
    "UTF-7": _plain(b"+AGE-", b"text/plain; charset=utf-7"),
    "UTF-16": _plain(b"a\x00", b"text/plain; charset=utf-16"),
    "ISO-2022-JP": _plain(b"\x1b$B-!\x1b(B\n", b"text/plain; charset=iso-2022-jp"),
    "a charset to detect": _plain("Привет, мир. ".encode("koi8-r"), b"text/plain"),
    "a wrong charset": _plain(b"\xe9t\xe9 ", b"text/plain; charset=utf-8"),
    "uuencoded lines": _plain(b"M" + b"A" * 60 + b"\n"),
    "uuencoded files": _plain(b"begin 644 a\n#0V%T\n`\nend\n"),
    "uuencode that begins only": _plain(b"begin 644 a\nM\n"),
    "PGP that begins only": _plain(b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\n"),
    "HTML": _plain(b"<p>The quick <b>brown</b> fox</p>\n", b"text/html"),
    "HTML of tags": _plain(b"<b>", b"text/html"),
    "HTML of open brackets": _plain(b"<", b"text/html"),
    "HTML of broken attributes": _plain(b"<a href=\"'", b"text/html"),
    "HTML of comments": _plain(b"<!--", b"text/html"),
    "HTML of styles": _plain(b"<style>", b"text/html"),
    "HTML of entities": _plain(b"&#1", b"text/html"),
    "HTML of quotations": _plain(b"<blockquote>x", b"text/html"),
    "HTML that hides": _plain(b"<div style='display:none'>", b"text/html"),
    "HTML with a picture in it": _picture,
    "enriched text": _plain(b"<", b"text/enriched"),
    "a header of one field": _header(b"a", b"Subject: "),
    "a header of folds": _header(b"a\n ", b"Subject: "),
    "a header of empty folds": _header(b"\n ", b"Subject: "),
    "a header of fields": _header(b"a:\n"),
    "a header of types": _types,
    "a header of one colon": _header(b"a"),
    "a header of lines that are none": _header(b"a b\n"),
    "a header of mbox lines": _header(b">From a\n"),
    "a header of 8-bit bytes": _header(b"\xe9t\xe9 ", b"Subject: "),
    "encoded words": _header(b"=?utf-8?q?=c3=a9?=\n ", b"Subject: "),
    "encoded words of base64": _header(b"=?utf-8?b?w6k=?= ", b"Subject: "),
    "encoded words of no whole groups": _header(b"=?utf-8?b?w6nD?= ", b"Subject: =?utf-8?b?w?= "),
    "encoded words without an end": _header(b"=?utf-8?q?a ", b"Subject: "),
    "encoded words that only begin": _header(b"=?", b"Subject: "),
    "addresses": _header(b"a@b.example, ", b"Cc: "),
    "addresses with names": _header(b'"Doe, John" <a@b.example>,\n ', b"Cc: "),
    "addresses of brackets": _header(b"<", b"Cc: "),
    "addresses of comments": _header(b"(", b"Cc: "),
    "addresses of quotes": _header(b'"\\', b"Cc: "),
    "addresses without brackets": _header(b"a ", b"Cc: ", b"@b"),
    "addresses of at signs": _header(b"@", b"Cc: "),
    "addresses of groups": _header(b"a:;", b"Cc: "),
    "references": _header(b"<a@b.example>\n ", b"References: "),
    "a date": _header(b"1 ", b"Date: "),
    "parameters": _header(b";a=b", b"Content-Type: text/plain"),
    "parameters of sections": _header(b"".join(b";a*%d*=b" % n for n in range(1000)), b"Content-Type: text/plain"),
    "parameters of quotes": _header(b';a="b"c', b"Content-Type: text/plain"),
    "parameters without a value": _header(b"; ", b"Content-Type: text/plain"),
    "empty parts": _multipart(b"--b\n\n"),
    "small parts": _multipart(b"--b\n\nx\n"),
    "parts with a header": _multipart(b"--b\nContent-Type: text/plain\n\nx\n"),
    "parts of HTML": _multipart(b"--b\nContent-Type: text/html\n\n<p>x\n", b"alternative"),
    "files": _multipart(b"--b\nContent-Type: image/png; name=a.png\n\nx\n"),
    "delimiters that are none": _multipart(b"--bb\n"),
    "delimiters within lines": _multipart(b" --b"),
    "closing delimiters": _multipart(b"--b--\nx\n"),
    "multiparts that do not open": _multipart(b"--b\nContent-Type: multipart/mixed; boundary=c\n\nx\n"),
    "a boundary that is missing": _multipart(b"--\n"),
    "nested multiparts": nested,
    "nested multiparts, closed": lambda size: nested(size, closed=True),
    "multiparts with one boundary": _same_boundary,
    "messages in messages": _messages_in_messages,
    "encoded messages in messages": _encoded_messages,
    "quoted messages in messages": _quoted_messages,
    "signed messages in messages": _signed_messages,
    "TNEF in TNEF": _tnef_in_tnef,
    "TNEF of attributes": _tnef,
    "TNEF with rich text that grows": _rtf_that_grows,
    "TNEF with rich text of groups": _rtf_of_groups,
    "compressed S/MIME": _compressed,
    "noise": _noise,
    "zeros": bytes,
    "line ends": lambda size: b"\n" * size,
    "bare CR": lambda size: b"\r" * size,
    "blanks": lambda size: b" " * size,
    "colons": lambda size: b":" * size,
    "dashes": lambda size: b"--\n" * (size // 3),
}  # fmt: skip
