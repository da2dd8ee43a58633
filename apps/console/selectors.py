"""Who reads the audit trail (its own app knows no actors)."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.actors import Actor
from apps.audit.models import AuditEvent


def events_visible_to(actor: Actor) -> QuerySet[AuditEvent]:
    """Every event, for administrators, the privacy office and auditors."""
    return AuditEvent.objects.all() if actor.sees_everyone else AuditEvent.objects.none()
