"""Taking the evidence pack of a kept report."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.core.downloads import ZIP, download
from apps.core.verbs import ReasonForm, form_page
from apps.reports.document import words
from apps.reports.evidence_services import evidence_take
from apps.reports.selectors import reports_visible_to


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, sensitive=True)
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then hand the pack out."""
    actor = actor_of(request)
    report = get_object_or_404(reports_visible_to(actor), pk=pk)
    back, name = reverse("reports:stored", args=[pk]), f"beacon-evidence-report-{pk}.zip"
    return form_page(
        request, title="Take an evidence pack", form_class=ReasonForm, submit="Download the pack", back=back, done="",
        act=lambda data: download(evidence_take(actor=actor, report=report, **data), name, ZIP),
        intro=f"{report}: {report.scope_label}, as of the end of {words(report.as_of.isoformat(), 'date')}.",
        consequences=[
            "You get a ZIP with the report, its part of the audit trail, and a script that checks both without Beacon.",
            "The trail in it names people: keep it as you keep the audit trail itself.",
        ],
        crumbs=[("Reports", reverse("reports:overview")), (str(report), back)],
    )  # fmt: skip
