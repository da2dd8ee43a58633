"""Verifying the audit chain from the console. A worker walks it, because a million events take longer than a page may;
asking and answer stay in the trail, so that everybody sees when it was last done.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.audit import heads, selectors
from apps.audit import services as audit
from apps.audit.models import AuditEvent, AuditHead
from apps.audit.selectors import Verdict
from apps.core import bell
from apps.core.errors import NotPermitted

ASKED, VERIFIED = "audit.chain.verification_requested", "audit.chain.verified"
_NAME = "The audit chain"


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asked, as the event says: the answer is theirs too."""

    key: str
    name: str
    role: str


def chain_verify_request(*, actor: Actor) -> AuditEvent:
    """Have every stream walked now."""
    from apps.console.tasks import walk_chain

    actor.require(Role.ADMINISTRATOR, Role.AUDITOR)
    with transaction.atomic():
        asked = audit.record(actor, ASKED, AuditHead(stream="audit"), name=_NAME)
        bell.ring(walk_chain, asked.pk)
    return asked


def chain_verify(*, actor: Actor, asked: AuditEvent) -> Verdict:
    """Walk every stream, compare with the heads that are kept outside the database, and record what was found."""
    if not actor.is_system:
        raise NotPermitted("Beacon walks the chain by itself, once it was asked to.")
    began = time.monotonic()
    try:
        verdict = selectors.verify(heads.kept(settings.ENV.audit_heads))
    except heads.HeadsAltered as error:
        verdict = Verdict(0, {}, str(error))
    found = {
        "intact": verdict.is_intact, "events": verdict.events, "problem": verdict.problem, "stream": verdict.stream,
        "place": verdict.seq, "event": verdict.event_id, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    with transaction.atomic():
        asker = _Asker(asked.actor_key, asked.actor_name, asked.role)
        audit.record(asker, VERIFIED, AuditHead(stream="audit"), after=found, name=_NAME)
    return verdict
