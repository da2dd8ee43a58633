"""Background work of the directory. Messages carry a row's id; what is due stands in the database."""

from __future__ import annotations

from celery import shared_task

from apps.agencies.models import RosterRun
from apps.core import bell


@shared_task
def roster_run(run_id: int) -> str:
    """Plan or apply one roster run."""
    from apps.agencies.roster_services import roster_work

    return roster_work(run_id)


def sweep() -> int:
    """Ring again for runs whose message was lost (settings.TICK). Returns how many."""
    waiting = RosterRun.objects.filter(state__in=["received", "queued"]).values_list("pk", flat=True)
    for pk in waiting:
        bell.ring(roster_run, pk)
    return len(waiting)
