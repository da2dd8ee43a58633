"""Background work of the vendor's side. Messages carry a workspace's id; what is due stands in the database."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Q

from apps.accounts.actors import SYSTEM
from apps.core import bell, clock, requests
from apps.vendors import vendor_log
from apps.vendors.alarms import alarms_send
from apps.vendors.lifecycle import OPEN
from apps.vendors.models import Operation, SyncRun, Workspace


@shared_task
def dispatch_workspace(workspace_id: int) -> int:
    """Send what is due in one workspace; ring again if time ran out before the work did."""
    from apps.vendors.dispatch import dispatch

    requests.begin()
    workspace = Workspace.objects.get(pk=workspace_id)
    sent = dispatch(workspace)
    if _is_due(workspace) and sent:
        bell.ring(dispatch_workspace, workspace_id)
    return sent


# 40,000 members at ten pages a minute take forty minutes; a message delivered twice meanwhile finds the lease taken.
@shared_task(time_limit=3600)
def observe_workspace(workspace_id: int) -> str:
    """One sync run of one workspace."""
    from apps.vendors.errors import SyncUnderWay
    from apps.vendors.sync import sync_workspace

    requests.begin()
    workspace = Workspace.objects.get(pk=workspace_id)
    try:
        state = sync_workspace(actor=SYSTEM, workspace=workspace).run.state
    except SyncUnderWay:
        return "under way"
    workspace.refresh_from_db()
    if vendor_log.is_due(workspace) and not workspace.is_halted:
        vendor_log.log_read(workspace)
    return state


@shared_task(time_limit=900)
def check_workspace(workspace_id: int) -> int:
    """Ask a workspace's vendor which assumptions hold. Returns how many were asked about."""
    from apps.vendors.checking import workspace_check

    requests.begin()
    return len(workspace_check(Workspace.objects.get(pk=workspace_id)))


def sweep() -> int:
    """Ring for what is due (settings.TICK): operations to send, workspaces to look at. Returns how many bells."""
    rung = 0
    for workspace in Workspace.objects.filter(is_active=True):
        if _is_due(workspace):
            bell.ring(dispatch_workspace, workspace.pk)
            rung += 1
        if _wants_a_look(workspace):
            bell.ring(observe_workspace, workspace.pk)
            rung += 1
    _forget_old_runs()
    return rung + alarms_send()


def _is_due(workspace: Workspace) -> bool:
    now = clock.now()
    due = Q(state__in=["pending", "retry"], next_attempt_at__lte=now, is_unclear=False)
    dead = Q(state="running", leased_until__lt=now)
    return Operation.objects.filter(due | dead, workspace=workspace).exists()


def _wants_a_look(workspace: Workspace) -> bool:
    last = SyncRun.objects.filter(workspace=workspace).values_list("started_at", flat=True).first()
    return last is None or clock.now() - last >= timedelta(seconds=settings.SYNC_EVERY_SECONDS)


def _forget_old_runs() -> None:
    """Runs that found nothing are kept for a day; those with a plan, a problem or a hold stay."""
    SyncRun.objects.filter(
        started_at__lt=clock.now() - timedelta(days=1), state=SyncRun.State.DONE, counts={}, problems=[]
    ).exclude(operations__state__in=OPEN).delete()
