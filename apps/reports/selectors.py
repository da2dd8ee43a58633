"""Reading what was kept of reports."""

from __future__ import annotations

import json
from typing import TypeVar

from django.db.models import QuerySet

from apps.accounts.actors import EVERYWHERE, Actor, Role
from apps.reports.document import Data
from apps.reports.figures import latest_day
from apps.reports.models import ReportFile, SavedReport, StoredReport
from apps.reports.records_models import RecordsBundle
from apps.reports.scopes import landscape_on, scopes_for

Row = TypeVar("Row", StoredReport, SavedReport)


def reports_visible_to(actor: Actor) -> QuerySet[StoredReport]:
    """EOTSS, privacy office and auditors: all. Leaders and contacts: those without small figures, of their scope."""
    return _cut(StoredReport.objects.all(), actor)


def saved_visible_to(actor: Actor) -> QuerySet[SavedReport]:
    """The same for reports under a name."""
    return _cut(SavedReport.objects.select_related("owner"), actor)


def bundles_visible_to(actor: Actor) -> QuerySet[RecordsBundle]:
    """Public-records bundles: EOTSS and the privacy office, who answer such requests."""
    rows = RecordsBundle.objects.all()
    return rows if actor.has(Role.ADMINISTRATOR, Role.PRIVACY) else rows.none()


def _cut(rows: QuerySet[Row], actor: Actor) -> QuerySet[Row]:
    if actor.sees_everyone:
        return rows
    rows = rows.filter(is_floored=True)
    if EVERYWHERE in actor.roles.get(Role.LEADER, frozenset()):
        return rows
    return rows.filter(scope__in=[str(one) for one in scopes_for(actor, landscape_on(latest_day()))])


def data_of_stored(report: StoredReport) -> Data:
    """The data of a report that was made, as they were signed."""
    content = report.files.get(form=ReportFile.Form.JSON).content
    found: Data = json.loads(bytes(content))
    return found


def file_of_stored(report: StoredReport, form: str) -> bytes | None:
    """The file as it was kept; None for a form that is made from the data when asked for."""
    kept = report.files.filter(form=form).first()
    return None if kept is None else bytes(kept.content)
