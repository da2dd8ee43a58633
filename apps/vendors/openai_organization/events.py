"""Lines of the vendor's audit log into records. Its details stand under a key equal to the dotted type; any of it may
be missing, and types that nobody documented are kept as they are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.licenses.ports import EventSeen
from apps.vendors.records import actor_of, subject_of

# Who did it, what it was, and where from: the first two have columns of their own, addresses of machines are not kept.
_KNOWN = {"id", "type", "effective_at", "actor"}


def event_of(line: dict[str, Any]) -> EventSeen:
    """One record from one line. Raises KeyError, TypeError or ValueError where id, type or time are missing."""
    kind = str(line["type"])
    raw = line.get(kind)
    detail: dict[str, Any] = dict(raw) if isinstance(raw, dict) else {}
    detail |= {name: value for name, value in line.items() if name not in _KNOWN and name != kind}
    actor_kind, actor = actor_of(line.get("actor"))
    at = datetime.fromtimestamp(int(line["effective_at"]), UTC)
    return EventSeen(str(line["id"]), kind, at, actor_kind, actor, subject_of(detail), detail)
