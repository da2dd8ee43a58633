"""Trends: how many incidents by month, kind, agency and severity. No incident and nobody is named."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.core import clock
from apps.core.downloads import csv_download
from apps.core.floor import PRIVACY_FLOOR
from apps.incidents.selectors import trend_tables
from apps.incidents.trends import Table


@allow(Role.PRIVACY, Role.ADMINISTRATOR, Role.AUDITOR, Role.LEADER)
def trends(request: HttpRequest) -> HttpResponse:
    """The last twelve months, as tables or (`format=csv`) as a file with the same figures."""
    tables, is_floored = trend_tables(actor_of(request))
    if request.GET.get("format") == "csv":
        return _csv(tables)
    return render(
        request, "incidents/trends.html", {"tables": tables, "is_floored": is_floored, "floor": PRIVACY_FLOOR}
    )


def _csv(tables: list[Table]) -> HttpResponse:
    rows = ([one.title, label, "Not shown" if count is None else count] for one in tables for label, count in one.rows)
    name = f"beacon-incident-trends-{clock.today().isoformat()}.csv"
    return csv_download(name, ["By", "Group", "Incidents"], rows)
