"""The timeline against the audit trail (settings.AUDIT_CHECKS): whoever went round the triggers is found.

The trail's chain proves that its events are as they were written; each carries the SHA-256 of the entries of its act.
"""

from __future__ import annotations

from django.db import connection

from apps.audit.selectors import Found
from apps.incidents.models import TimelineEntry

_TOLD = """
    SELECT (e.told).key::bigint AS entry_id, (e.told).value AS sha256, e.id AS event_id
    FROM (SELECT id, jsonb_each_text(after -> 'entries') AS told FROM audit_auditevent
          WHERE stream = 'incidents' AND after ? 'entries') e
"""
_UNTOLD = f"""
    SELECT t.id, told.entry_id, told.event_id FROM incidents_timelineentry t
    FULL JOIN ({_TOLD}) told ON told.entry_id = t.id
    WHERE t.id IS NULL OR told.entry_id IS NULL OR told.sha256 <> t.sha256
    ORDER BY COALESCE(t.id, told.entry_id) LIMIT 1
"""


def first_altered() -> Found | None:
    """The first entry that is missing, was slipped in or is not what the trail says; None where all agree."""
    with connection.cursor() as cursor:
        cursor.execute(_UNTOLD)
        row = cursor.fetchone()
    if row is not None:
        entry, told, event = row
        if entry is None:
            return Found("incidents", event, f"timeline entry {told} was removed")
        if told is None:
            return Found("incidents", None, f"timeline entry {entry} was slipped in")
        return Found("incidents", event, f"timeline entry {entry} was changed")
    for one in TimelineEntry.objects.order_by("pk").iterator(chunk_size=2000):
        if one.digest() != one.sha256:
            return Found("incidents", None, f"timeline entry {one.pk} was changed")
    return None
