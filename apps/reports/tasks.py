"""Reports in the background. The message carries the row's id; what is due stands in the database."""

from __future__ import annotations

from celery import shared_task

from apps.accounts.actors import SYSTEM
from apps.core import bell
from apps.mail.outbox import once_a_day
from apps.reports.models import RecordsBundle, StoredReport


@shared_task
def make_report(report_id: int) -> str:
    """Make one report. Returns the state it is left in."""
    from apps.reports.services import report_make

    return report_make(actor=SYSTEM, report=StoredReport.objects.get(pk=report_id)).state


def sweep() -> int:
    """Once a day queue what is due; ring again for what still waits (settings.TICK). Returns how many."""
    from apps.reports.figures import latest_day
    from apps.reports.services import reports_due

    count = 0
    if once_a_day("reports", latest_day()):
        count += reports_due()
    for report in StoredReport.objects.filter(state=StoredReport.State.QUEUED).order_by("pk")[:20]:
        bell.ring(make_report, report.pk)
        count += 1
    return count


@shared_task
def make_bundle(bundle_id: int) -> str:
    """Make one public-records bundle. Returns the state it is left in."""
    from apps.reports.records_services import bundle_make

    return bundle_make(actor=SYSTEM, bundle=RecordsBundle.objects.get(pk=bundle_id)).state


def bundles_sweep() -> int:
    """Ring again for bundles that still wait (settings.TICK). Returns how many."""
    waiting = list(RecordsBundle.objects.filter(state=RecordsBundle.State.QUEUED).order_by("pk")[:20])
    for bundle in waiting:
        bell.ring(make_bundle, bundle.pk)
    return len(waiting)
