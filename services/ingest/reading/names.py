"""Names of files: as their sender meant them, and safe to store and to download."""

import re
from mimetypes import guess_extension

LONGEST_NAME = 200
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_PATH = re.compile(r"(?:[A-Za-z]:|\.{0,2}/|~/|file:/)[^\n]*/")
_UNSAFE = re.compile(r'[/\\:*?"<>|]')


def safe_name(name: str) -> str:
    """Without path, controls and characters that change the direction of writing; bounded, with its extension."""
    name = _CONTROLS.sub("", " ".join(name.split())).strip()
    slashed = name.replace("\\", "/")
    if _PATH.match(slashed):
        name = slashed.rpartition("/")[2] or slashed.rstrip("/").rpartition("/")[2]
    name = _UNSAFE.sub("_", name).strip(". ")
    if len(name) > LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        keep = len(extension) + 1 if dot and len(extension) <= 16 else 0
        name = name[: LONGEST_NAME - keep] if not keep else f"{stem[: LONGEST_NAME - keep]}.{extension}"
    return name


def default_name(kind: str) -> str:
    """What a file without a name is called, by its type."""
    known = _NAMES.get(kind)
    if known:
        return known
    main, _, rest = kind.partition("/")
    extension = guess_extension(kind, strict=False) or (".txt" if main == "text" else ".bin")
    return f"{rest}.txt" if main == "message" else f"attachment{extension}"


_NAMES = {
    "application/pgp-encrypted": "version.txt",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-signature": "smime.p7s",
    "image/jpeg": "attachment.jpg",
    "image/tiff": "attachment.tif",
    "text/calendar": "invitation.ics",
    "text/html": "attachment.html",
    "text/plain": "attachment.txt",
    "text/rfc822-headers": "headers.txt",
    "text/vcard": "contact.vcf",
    "text/x-vcard": "contact.vcf",
}
