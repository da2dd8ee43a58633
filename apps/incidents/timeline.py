"""Writing the timeline: every entry is inserted with its digest, which the act's audit event carries too."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from apps.core import clock
from apps.core.errors import Invalid
from apps.incidents.models import Incident, TimelineEntry, entry_digest

MOST = 10_000
# Characters that no document format takes and nobody types; line breaks and tabs stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def written(text: str, *, needed: str = "Write what happened.") -> str:
    """What a person wrote, fit to be kept and printed. Raises `Invalid` where it is empty or too long."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n")).strip()
    if not text:
        raise Invalid(needed)
    if len(text) > MOST:
        raise Invalid(
            f"The text has {len(text):,} characters; {MOST:,} fit in.",
            how_to_fix="Shorten it, or send the rest as a file.",
        )
    return text


def entry_add(incident: Incident, kind: str, text: str, by: str, *, at: datetime | None = None) -> TimelineEntry:
    """Add one entry, by name of its author. `at` is given where the exact time must not be kept."""
    at = at or clock.now()
    digest = entry_digest(incident.pk, at, kind, by, text)
    return TimelineEntry.objects.create(incident=incident, at=at, kind=kind, text=text, by=by, sha256=digest)


def hashes(*entries: TimelineEntry) -> dict[str, Any]:
    """What the audit event of an act says about its entries: their SHA-256 by number, and not a word of them."""
    return {"entries": {str(entry.pk): entry.sha256 for entry in entries}}
