"""Where files of incidents lie: outside the web root, under names drawn by chance, readable by Beacon alone."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.core.uploads import Upload
from apps.incidents.errors import FileAltered
from apps.incidents.models import Attachment

_OWNER_ALONE = 0o600


def keep(upload: Upload, at: datetime) -> str:
    """Write the bytes and return the name they lie under. Where the act fails afterwards an unnamed file is left.

    The file's time is set to `at`, so that the disk does not know better than the record when it came.
    """
    folder = Path(settings.INCIDENT_FILES)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = secrets.token_hex(24)
    path = folder / name
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE), "wb") as file:
        file.write(upload.content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return name


def read(attachment: Attachment) -> bytes:
    """The bytes as they were added. Raises `FileAltered` where they are gone or others."""
    try:
        content = (Path(settings.INCIDENT_FILES) / attachment.stored_as).read_bytes()
    except OSError as missing:
        raise FileAltered() from missing
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise FileAltered()
    return content
