"""Names of files: as their sender meant them, and safe to store and to download."""

import re
from mimetypes import guess_extension

LONGEST_NAME = 240
"""Bytes in UTF-8; file systems take 255."""
LONGEST_EXTENSION = 16

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_PATH = re.compile(r"(?:[A-Za-z]:|\.{0,2}/|~/|file:/)")
_SEPARATORS = re.compile(r"[/\\]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Without path, controls and characters that change the direction of writing; bounded, with its extension."""
    name = _CONTROLS.sub("", " ".join(name.split()))
    slashed = name.replace("\\", "/").rstrip("/")
    if _PATH.match(slashed):
        name = slashed.rpartition("/")[2]
    name = _SEPARATORS.sub("_", name).strip(". ")
    if _RESERVED.match(name):  # devices of Windows
        name = f"_{name}"
    encoded = name.encode()
    if len(encoded) <= LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = f".{extension}".encode() if dot and len(extension) <= LONGEST_EXTENSION else b""
    stem = encoded[: LONGEST_NAME - len(ending)].decode(errors="ignore")
    return stem + ending.decode()


def default_name(kind: str) -> str:
    """What a file without a name is called, by its type."""
    known = _NAMES.get(kind)
    if known:
        return known
    main, _, rest = kind.partition("/")
    extension = guess_extension(kind, strict=False) or (".txt" if main == "text" else ".bin")
    return f"{rest}.txt" if main == "message" else f"attachment{extension}"


_NAMES = {
    "application/octet-stream": "attachment.bin",
    "application/pgp-encrypted": "version.txt",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-signature": "smime.p7s",
    "image/jpeg": "attachment.jpg",
    "image/tiff": "attachment.tif",
    "message/global": "message.eml",
    "message/news": "message.eml",
    "message/rfc822": "message.eml",
    "text/calendar": "invitation.ics",
    "text/html": "attachment.html",
    "text/plain": "attachment.txt",
    "text/rfc822-headers": "headers.txt",
    "text/vcard": "contact.vcf",
    "text/x-vcard": "contact.vcf",
}
