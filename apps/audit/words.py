"""Audit verbs as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model

from apps.audit.models import AuditEvent
from apps.audit.selectors import history_of

_ROLES = {"system": "Beacon", "employee": "Employee"}


def verb_label(verb: str) -> str:
    """ "licenses.seat.granted" → "Seat granted"."""
    parts = verb.split(".")[1:]
    return " ".join(parts).replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of a record's history, as the timeline shows it."""

    at: datetime
    title: str
    who: str
    reason: str
    detail: str


def history(record: Model, limit: int = 50) -> list[Happened]:
    """What happened to a record, newest first."""
    return [happened(event) for event in history_of(record)[:limit]]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def happened(event: AuditEvent) -> Happened:
    changes = ", ".join(
        f"{key.replace('_', ' ')}: {_said(value)}" for key, value in event.after.items() if key != "sha256"
    )
    return Happened(event.at, verb_label(event.verb), event.actor_name, event.reason, changes[:300])
