"""Mail that is signed or encrypted: S/MIME and PGP, kept and marked, and readable as far as it can be."""

import zlib
from base64 import encodebytes
from collections.abc import Callable

import pytest

from services.ingest.reading import Letter
from services.ingest.reading.cms import DamagedError, Sort, open_envelope
from services.ingest.reading.wrapped import unwrapped
from tests.ingest.reading.writing import file, message, multipart, part, sent

SIGNED = "06092a864886f70d010702"
ENVELOPED = "06092a864886f70d010703"
COMPRESSED = "060b2a864886f70d0109100109"
DATA = bytes.fromhex("06092a864886f70d010701")
ENTITY = multipart(b"mixed", part(b"signed text"), part(b"x", b"image/png; name=a.png"), boundary=b"i")


def der(tag: int, content: bytes) -> bytes:
    size = len(content).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + content


def ber(tag: int, content: bytes) -> bytes:
    """Of indefinite length, as programs write that do not know it beforehand."""
    return bytes([tag | 0x20, 0x80]) + content + b"\0\0"


def signed(content: bytes) -> bytes:
    inner = der(0x30, DATA + der(0xA0, der(0x04, content)))
    return der(0x30, bytes.fromhex(SIGNED) + der(0xA0, der(0x30, b"\x02\x01\x01" + der(0x31, b"") + inner)))


def signed_in_pieces(content: bytes) -> bytes:
    pieces = b"".join(der(0x04, content[begin : begin + 20]) for begin in range(0, len(content), 20))
    inner = ber(0x30, DATA + ber(0xA0, ber(0x04, pieces)))
    return ber(0x30, bytes.fromhex(SIGNED) + ber(0xA0, ber(0x30, b"\x02\x01\x01" + der(0x31, b"") + inner)))


def smime(content: bytes, kind: bytes = b"application/pkcs7-mime; name=smime.p7m") -> Letter:
    return sent(part(encodebytes(content), kind, b"Content-Transfer-Encoding: base64"))


@pytest.mark.parametrize("wrap", [signed, signed_in_pieces], ids=["DER", "BER"])
def test_what_smime_signed_can_be_read(wrap: Callable[[bytes], bytes]) -> None:
    letter = smime(wrap(ENTITY))
    assert letter.text == "signed text"
    assert [one.name for one in letter.attachments] == ["smime.p7m", "a.png"]
    assert (letter.signed, letter.encrypted) == ("smime", None)


def test_smime_is_known_by_its_name_too() -> None:
    assert smime(signed(b"\r\nHello"), b"application/octet-stream; name=smime.p7m").text == "Hello"


def test_compressed_smime_can_be_read() -> None:
    inner = der(0x30, DATA + der(0xA0, der(0x04, zlib.compress(b"\r\nHello"))))
    body = der(0x30, b"\x02\x01\x00" + der(0x30, b"") + inner)
    assert smime(der(0x30, bytes.fromhex(COMPRESSED) + der(0xA0, body))).text == "Hello"


def test_what_smime_encrypted_is_kept_and_marked() -> None:
    content = der(0x30, bytes.fromhex(ENVELOPED) + der(0xA0, der(0x30, b"")))
    letter = smime(content)
    assert (letter.text, letter.attachments[0].content) == ("", content)
    assert letter.encrypted == "smime"
    assert "encrypted" in letter.problems


def test_certificates_alone_protect_nothing() -> None:
    inner = der(0x30, DATA)
    content = der(
        0x30, bytes.fromhex(SIGNED) + der(0xA0, der(0x30, b"\x02\x01\x01" + der(0x31, b"") + inner))
    )
    letter = smime(content)
    assert (letter.signed, letter.encrypted) == (None, None)


def test_damaged_smime_is_kept_and_noted() -> None:
    letter = smime(b"\x30\x80")
    assert letter.attachments[0].content == b"\x30\x80"
    assert "smime_damaged" in letter.problems


def test_any_cut_and_any_wrong_byte_of_smime_is_survived() -> None:
    for content in (signed(b"\r\nHello"), signed_in_pieces(b"\r\nHello, where is my lamp? Kim")):
        for position in range(len(content)):
            for broken in (
                content[:position],
                content[:position] + b"\xff" + content[position + 1 :],
                content[:position] + b"\x00" + content[position + 1 :],
            ):
                try:
                    sort, _ = open_envelope(broken)
                    assert sort in Sort
                except DamagedError:
                    pass


@pytest.mark.parametrize(
    ("kind", "signature", "by"),
    [
        (
            b'signed; protocol="application/pgp-signature"',
            file(b"signature.asc", b"x", b"application/pgp-signature"),
            "pgp",
        ),
        (
            b'signed; protocol="application/pkcs7-signature"',
            file(b"smime.p7s", b"x", b"application/pkcs7-signature"),
            "smime",
        ),
        (b"signed", part(b"x", b"application/x-pkcs7-signature"), "smime"),
    ],
)
def test_what_is_signed_beside_itself_is_read_and_the_signature_kept(
    kind: bytes, signature: bytes, by: str
) -> None:
    letter = sent(multipart(kind, part(b"Hello"), signature))
    assert (letter.text, letter.signed) == ("Hello", by)
    assert len(letter.attachments) == 1


def test_what_pgp_encrypted_is_kept_and_marked() -> None:
    version, content = (
        part(b"Version: 1", b"application/pgp-encrypted"),
        file(b"encrypted.asc", b"x", b"application/octet-stream"),
    )
    letter = sent(multipart(b'encrypted; protocol="application/pgp-encrypted"', version, content))
    assert letter.encrypted == "pgp"
    assert [one.name for one in letter.attachments] == ["version.txt", "encrypted.asc"]
    assert "encrypted" in letter.problems


PGP_SIGNED = b"""Before.
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256
Comment: x

Hello,
- --\x20
- From Kim
-----BEGIN PGP SIGNATURE-----
Version: 2

iQEzBAEB
=abcd
-----END PGP SIGNATURE-----
After.
"""


def test_the_armour_of_pgp_around_a_text_is_taken_off() -> None:
    letter = message(PGP_SIGNED)
    assert letter.text == "Before.\nHello,\n-- \nFrom Kim\nAfter.\n"
    assert letter.signed == "pgp"


def test_text_that_pgp_encrypted_stays_and_is_marked() -> None:
    body = b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n"
    letter = message(body)
    assert letter.text == body.decode()
    assert (letter.signed, letter.encrypted) == (None, "pgp")
    assert "encrypted" in letter.problems


@pytest.mark.parametrize(
    "text",
    ["-----BEGIN PGP SIGNED MESSAGE-----\nno end\n", "> -----BEGIN PGP SIGNED MESSAGE-----\n> \n> x\n"],
)
def test_armour_that_is_open_or_quoted_stays(text: str) -> None:
    assert unwrapped(text).text == text


def test_uuencoded_files_in_a_text_are_files() -> None:
    letter = message(
        b"See:\nbegin 644 cat.txt\n#0V%T\n`\nend\nand\nbegin 600 my dog.txt\n#1&]G\n \nend\nbye\n"
    )
    assert letter.text == "See:\nand\nbye\n"
    assert [(one.name, one.content) for one in letter.attachments] == [
        ("cat.txt", b"Cat"),
        ("my dog.txt", b"Dog"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "We begin 100 years ago\nand end\n",
        "begin 644 the work\nThis is no data at all, only words in a line.\n",
        "begin 644 x\n\nend\n",
    ],
)
def test_words_that_only_look_like_a_uuencoded_file_are_words(text: str) -> None:
    letter = message(text.encode())
    assert letter.text == text
    assert letter.attachments == ()


def test_a_uuencoded_file_without_an_end_is_a_file() -> None:
    letter = message(b"See:\nbegin 644 cat.txt\n#0V%T\n#1&]G\n")
    assert letter.attachments[0].content == b"CatDog"
