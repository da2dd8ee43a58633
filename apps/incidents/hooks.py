"""What incidents tell other apps (settings.RECLAIM_SHIELDS)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.incidents.lifecycle import OVER
from apps.incidents.models import Incident


def employees_in_open_incidents() -> QuerySet[Any]:
    """Ids of the employees whom an open incident concerns: their seat is not reclaimed meanwhile."""
    links = Incident.concerned.through.objects.exclude(incident__state__in=OVER)
    return links.values_list("employee_id", flat=True)
