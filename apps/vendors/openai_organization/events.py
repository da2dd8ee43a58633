"""Lines of the vendor's audit log into records. Its details stand under a key equal to the dotted type; any of it may
be missing, and types that nobody documented are kept as they are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.licenses.ports import EventSeen

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


def actor_of(found: Any) -> tuple[str, str]:
    """The actor's kind (session, api_key, ... or empty) and address or id."""
    if not isinstance(found, dict):
        return "", ""
    kind = str(found.get("type") or "")
    inner = found.get(kind.lower())
    source = inner if isinstance(inner, dict) else found
    user = source.get("user")
    if isinstance(user, dict):
        source = user
    return kind, str(source.get("email") or source.get("id") or "")


def subject_of(detail: dict[str, Any]) -> str:
    """Whom or what the line is about: an address where it names one, else an id."""
    data = detail.get("data")
    inner = data if isinstance(data, dict) else {}
    found = inner.get("email") or detail.get("email") or detail.get("user_id") or detail.get("principal_id")
    return str(found or detail.get("id") or "")
