"""Imports in the background. The message carries the run's id; what is due stands in the database."""

from __future__ import annotations

from time import monotonic

from celery import shared_task

from apps.accounts.actors import SYSTEM
from apps.core import bell
from apps.registers.models import RegisterImport

# A task ends well before its time limit and rings for the rest.
_SECONDS = 60


@shared_task
def work_on_import(run_id: int) -> str:
    """Plan an import, or apply a confirmed one batch by batch. Returns the state it is left in."""
    from apps.registers.services import import_go_on, import_plan

    run = RegisterImport.objects.get(pk=run_id)
    if run.state == RegisterImport.State.RECEIVED:
        run = import_plan(actor=SYSTEM, run=run)
    until = monotonic() + _SECONDS
    while run.state == RegisterImport.State.APPLYING and monotonic() < until:
        run = import_go_on(actor=SYSTEM, run=run)
    if run.state == RegisterImport.State.APPLYING:
        bell.ring(work_on_import, run.pk)
    return run.state


def sweep() -> int:
    """Ring again for imports whose message was lost (settings.TICK). Returns how many."""
    waiting = list(RegisterImport.objects.filter(state__in=["received", "applying"]).values_list("pk", flat=True)[:20])
    for pk in waiting:
        bell.ring(work_on_import, pk)
    return len(waiting)
