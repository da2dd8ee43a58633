"""What the console has done in the background. The message carries the id of the event that asked for it."""

from __future__ import annotations

from celery import shared_task

from apps.accounts.actors import SYSTEM
from apps.audit.models import AuditEvent


@shared_task
def walk_chain(asked_id: int) -> bool:
    """Walk the audit chain. Returns whether it is intact."""
    from apps.console.chain_services import ASKED, chain_verify

    return chain_verify(actor=SYSTEM, asked=AuditEvent.objects.get(pk=asked_id, verb=ASKED)).is_intact
