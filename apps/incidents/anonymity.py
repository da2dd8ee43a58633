"""What keeps an anonymous reporter unknown: a code that only they have, coarse times, and files without their traces. Pure."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from apps.core import uploads
from apps.core.errors import Invalid
from apps.core.uploads import CSV, JPEG, PNG, TEXT, Upload

# Crockford's digits: no I, L, O or U, so that a code survives being read aloud and typed. 20 of them are 100 bits.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, _GROUP = 20, 4
_READ_AS = str.maketrans("ILO", "110")
# Documents of an office program name their author in places that nobody sees; these do not, or can be cleaned.
KINDS = (PNG, JPEG, TEXT, CSV)
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
# The chunks without which a picture cannot be drawn; all others (text, time, EXIF) are left out.
_PNG_KEEPS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
_SOS, _EOI, _COMMENT, _APP0, _APP15 = 0xDA, 0xD9, 0xFE, 0xE0, 0xEF
_RESTARTS = range(0xD0, 0xD8)
_ALONE = {0x01, *range(0xD0, 0xD9)}


def new_code() -> str:
    """A code as it is shown, once: five groups of four."""
    drawn = "".join(secrets.choice(_DIGITS) for _ in range(LENGTH))
    return "-".join(drawn[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def read_code(typed: str) -> str:
    """The code behind what somebody typed; empty where it cannot be one."""
    digits = re.sub(r"[\s-]+", "", typed).upper().translate(_READ_AS)
    return digits if len(digits) == LENGTH and set(digits) <= set(_DIGITS) else ""


def coarse(moment: datetime) -> datetime:
    """The hour of a moment: nearer than that, a time could be compared with somebody's connection."""
    return moment.replace(minute=0, second=0, microsecond=0)


def cleaned(upload: Upload, place: int) -> Upload:
    """A file without what it says about its maker: a name of ours, a picture without its notes.

    Raises `Invalid` where the picture cannot be read to its end.
    """
    suffix = {PNG: "png", JPEG: "jpg", TEXT: "txt", CSV: "csv"}[upload.content_type]
    clean = {PNG: _png, JPEG: _jpeg}.get(upload.content_type, bytes)
    try:
        content = clean(upload.content)
    except (IndexError, ValueError) as broken:
        raise Invalid("The picture is damaged.", how_to_fix="Make a screenshot of it and send that.") from broken
    return Upload(f"file-{place}.{suffix}", upload.content_type, content)


def checked_and_cleaned(name: str, content: bytes, place: int) -> Upload:
    """`uploads.checked` for kinds that can be cleaned, then cleaned."""
    return cleaned(uploads.checked(name, content, kinds=KINDS), place)


def _png(content: bytes) -> bytes:
    kept, at = [_PNG_HEAD], len(_PNG_HEAD)
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        end, kind = at + 12 + length, content[at + 4 : at + 8]
        if len(kind) < _GROUP or end > len(content):
            raise ValueError("The chunk ends before its end.")
        if kind in _PNG_KEEPS:
            kept.append(content[at:end])
        at = end
        if kind == b"IEND":  # what hangs behind the end is no part of the picture
            return b"".join(kept)
    raise ValueError("The picture has no end.")


def _jpeg(content: bytes) -> bytes:
    """Segment by segment and scan by scan to the picture's own end: phones append a second picture with notes of its own."""
    kept, at = [content[:2]], 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker == _EOI:
            return b"".join([*kept, content[at : at + 2]])
        length = 2 if marker in _ALONE else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2 or at + length > len(content):
            raise ValueError("The segment ends before its end.")
        if not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            kept.append(content[at : at + length])
        at += length
        if marker == _SOS:
            end = _scan_ends(content, at)
            kept.append(content[at:end])
            at = end
    raise ValueError("The picture has no end.")


def _scan_ends(content: bytes, at: int) -> int:
    """Where the data of a scan ends: at the first marker that is neither a stuffed byte nor a restart."""
    while True:
        at = content.index(b"\xff", at)
        if content[at + 1] != 0 and content[at + 1] not in _RESTARTS:
            return at
        at += 2
