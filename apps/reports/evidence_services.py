"""What auditors take away of a kept report: a pack that proves itself without Beacon."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.audit import heads
from apps.audit import services as audit
from apps.audit.models import AuditHead
from apps.audit.pack import Span, pack, span_of
from apps.core.errors import Invalid, given
from apps.reports.models import ReportFile, StoredReport

STREAM = "reports"
_README = """Evidence pack of a report that Beacon kept
==========================================

Report:       {title}
About:        {scope}, as of the end of {day}
In one line:  {opinion}

report.json          the report's data; these bytes were signed when it was made
report.pdf           the same on paper (missing where it was never printed)
audit/reports.jsonl  what happened to reports, from this report's first event on: each line an event, its place in the
                     chain, the exact text that was hashed, and the same in fields that people can read
audit/heads.jsonl    heads of that chain which Beacon signed and kept outside its database
audit/keys.json      the public keys that signed those heads
manifest.json        every file with its size and SHA-256; signed by manifest.sig.json
verify.py            checks all of this. It needs Python 3.9 or later and nothing else:

    python3 verify.py --key FINGERPRINT

The fingerprint stands on Beacon's page "State of the audit chain". Ask Beacon's owner for it by a second way, and take
verify.py itself from there too where much depends on it: whoever can change a pack can change the script in it.
"""


def evidence_take(*, actor: Actor, report: StoredReport, reason: str) -> bytes:
    """The evidence pack of a kept report, as a ZIP. Who took it and why is audited.

    Raises `Invalid` for a report that is not made, and for a missing reason.
    """
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
    actor.require_fresh()
    if report.state != StoredReport.State.DONE:
        raise Invalid("The report is not made yet.", how_to_fix="Wait until it is ready.")
    why = given(reason)
    with transaction.atomic():
        content = pack(files=_files(report), about=_about(report), streams=_spans(report))
        digest = hashlib.sha256(content).hexdigest()
        audit.record(actor, "reports.evidence.taken", report, after={"sha256": digest}, reason=why)
    return content


def _spans(report: StoredReport) -> dict[str, Span]:
    """The report's part of the trail. Heads are signed now where none was since: a proof ends at a signed one."""
    span = span_of(report, STREAM)
    if span is None:
        raise Invalid("The trail knows nothing of this report.", how_to_fix="Verify the audit trail and tell EOTSS.")
    head = AuditHead.objects.get(stream=STREAM)
    signed = {line.seq for line in heads.lines(settings.ENV.audit_heads) if line.stream == STREAM}
    if span.last not in signed and head.seq == span.last:
        heads.keep(settings.ENV.audit_heads)
    return {STREAM: span}


def _files(report: StoredReport) -> dict[str, bytes]:
    files = {f"report.{kept.form}": bytes(kept.content) for kept in ReportFile.objects.filter(report=report)}
    text = _README.format(
        title=str(report), scope=report.scope_label, day=report.as_of.isoformat(), opinion=report.opinion
    )
    return files | {"README.txt": text.encode()}


def _about(report: StoredReport) -> dict[str, object]:
    return {
        "what": "evidence pack of a kept report",
        "report": report.pk,
        "kind": report.kind,
        "scope": report.scope,
        "as_of": report.as_of.isoformat(),
        "opinion": report.opinion,
        "sha256_of_report_json": report.sha256,
        "signature_of_report_json": {"key_id": report.key_id, "signature": report.signature},
    }
