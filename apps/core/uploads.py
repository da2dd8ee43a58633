"""Files that people hand over: what they are is read from their content and never believed from their name. Pure.

Three kinds of trap are closed here: a program under a document's name, an archive that unpacks to gigabytes, and a
file that is simply too large. What passes is kept outside the web root and only ever handed out as a download.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import puremagic

from apps.core.errors import Invalid

MEGABYTE = 1024 * 1024
MAX_BYTES = 10 * MEGABYTE
# An archive may unpack to so much in total, and to so many times its own size.
MAX_UNPACKED = 100 * MEGABYTE
MAX_RATIO = 100

PDF, PNG, JPEG, TEXT, CSV = "application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv"
JSON = "application/json"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EVIDENCE = (PDF, PNG, JPEG, TEXT, CSV, DOCX, XLSX)
_SUFFIXES = {
    ".pdf": PDF, ".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, ".txt": TEXT, ".csv": CSV, ".docx": DOCX, ".xlsx": XLSX,
    ".json": JSON,
}  # fmt: skip
# The part of an Office file that says what it is.
_OFFICE = {DOCX: "word/document.xml", XLSX: "xl/workbook.xml"}
_NAME = re.compile(r"[^\w .()-]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that passed: a name that is safe to show, what it really is, and its bytes."""

    name: str
    content_type: str
    content: bytes


def checked(name: str, content: bytes, *, kinds: tuple[str, ...] = EVIDENCE, most: int = MAX_BYTES) -> Upload:
    """The file, if it is one of `kinds` and what its name says. Raises `Invalid` with what to do instead."""
    shown = _NAME.sub("_", PurePosixPath(name.replace("\\", "/")).name).strip(". ")[-100:] or "file"
    if not content:
        raise Invalid("The file is empty.", how_to_fix="Choose another file.")
    if len(content) > most:
        raise Invalid(
            f"The file is larger than {most // MEGABYTE} MB.",
            how_to_fix="Send the part that matters, or a smaller copy.",
        )
    claimed = _SUFFIXES.get(PurePosixPath(shown).suffix.lower(), "")
    if claimed not in kinds:
        raise Invalid("Files of this kind are not taken.", how_to_fix=f"Possible are: {_names(kinds)}.")
    if not _is(claimed, content):
        raise Invalid(
            "The file is not what its name says.", how_to_fix="Open it, save it again in its own format, and retry."
        )
    return Upload(shown, claimed, content)


def _names(kinds: tuple[str, ...]) -> str:
    return ", ".join(suffix.removeprefix(".").upper() for suffix, kind in _SUFFIXES.items() if kind in kinds)


def _is(kind: str, content: bytes) -> bool:
    if kind in {TEXT, CSV, JSON}:
        return _is_text(content)
    if kind in _OFFICE:
        return _OFFICE[kind] in unpacked_names(content)
    try:
        return any(found.mime_type == kind for found in puremagic.magic_string(content[:4096]))
    except (puremagic.PureError, ValueError):
        return False


def _is_text(content: bytes) -> bool:
    """Whether a person could read it: no NUL, and in UTF-8, UTF-16 with its mark, or Windows Latin-1."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\x00" not in content


def unpacked_names(content: bytes) -> set[str]:
    """The members of an archive; empty where it is none. Raises `Invalid` for one that unpacks to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return set()
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED or total > MAX_RATIO * max(len(content), 1):
        raise Invalid("The file unpacks to far more than it is.", how_to_fix="Send it as PDF or CSV.")
    return {member.filename for member in members}
