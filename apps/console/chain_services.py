"""Verifying the audit chain from the console; the result stays in the trail, so that everybody sees when it was last done."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.audit import heads, selectors
from apps.audit import services as audit
from apps.audit.models import AuditHead
from apps.audit.selectors import Verdict

VERB = "audit.chain.verified"


def chain_verify(*, actor: Actor) -> Verdict:
    """Walk every stream now, and compare with the heads that are kept outside the database."""
    actor.require(Role.ADMINISTRATOR, Role.AUDITOR)
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
        audit.record(actor, VERB, AuditHead(stream="audit"), after=found, name="The audit chain")
    return verdict
