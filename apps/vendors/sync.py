"""A sync run: take the lease, look, settle what was unclear, compare, guard, ask.

One run of a workspace at a time: the lease expires by itself, and its fence number refuses the writes of a run that
lost it. A run never fails silently: whatever went wrong stands in it, in sentences.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from apps.accounts.actors import Actor
from apps.audit import services as audit
from apps.core import clock
from apps.core.failpoints import failpoint
from apps.licenses.ports import Misconfigured, SeatProvider
from apps.vendors import observe, posture
from apps.vendors.drift import drifts_record
from apps.vendors.errors import CredentialMissing, SyncUnderWay
from apps.vendors.hooks import movers_arrived, ring
from apps.vendors.lifecycle import SYNC
from apps.vendors.limiter import Pacer
from apps.vendors.models import SyncRun, VendorAccount, Workspace
from apps.vendors.planning import Plan, operations_write, plan_for, supersede
from apps.vendors.providers import provider_for
from apps.vendors.reconcile import hold_reasons
from apps.vendors.unclear import settle_unclear

LEASE = timedelta(minutes=3)


class LeaseLost(Exception):
    """Another run took over; what this one saw is not written."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The run and, for a plan alone, what it would ask."""

    run: SyncRun
    plan: Plan


def sync_workspace(*, actor: Actor, workspace: Workspace, plan_only: bool = False) -> SyncResult:
    """Observe the workspace and ask for what differs. Raises `SyncUnderWay` where another run holds the lease."""
    fence = _take_lease(workspace)
    _end_dead_runs(workspace)
    run = SyncRun.objects.create(
        workspace=workspace, started_by_key=actor.key, started_by=actor.name, started_at=clock.now()
    )
    try:
        with provider_for(workspace, Pacer(workspace, lambda: _renew(workspace, fence))) as provider:
            return _run(actor, workspace, run, provider, fence, plan_only)
    except (Misconfigured, CredentialMissing) as error:
        workspace_halt(workspace, str(error))
        return SyncResult(_end(run, "failed", problems=[str(error)]), Plan())
    except LeaseLost:
        return SyncResult(_end(run, "failed", problems=["Another run took over."]), Plan())
    finally:
        Workspace.objects.filter(pk=workspace.pk, fence=fence).update(lease_until=None)


def _run(
    actor: Actor, workspace: Workspace, run: SyncRun, provider: SeatProvider, fence: int, plan_only: bool
) -> SyncResult:
    started = run.started_at
    with observe.stages():
        seen = observe.read(provider, workspace, started, lambda: _renew(workspace, fence))
        answers = posture.ask(workspace, provider)
        failpoint("after_observing")
        with transaction.atomic():
            _hold_fence(workspace, fence)
            observe.store(workspace, seen, started)
            run.members, run.invites, run.groups = seen.members, seen.invites, seen.groups
            posture.record(workspace, answers, started, is_complete=seen.complete)
            if not seen.complete:
                # Nothing is asked on the word of half a list.
                return SyncResult(_end(run, "incomplete", problems=seen.problems), Plan())
            _looked(workspace, started)
            settle_unclear(workspace, started, certain=not seen.aside)
            supersede(workspace, None)
            plan = plan_for(workspace, since=started)
            return SyncResult(_ask(actor, workspace, run, seen, plan, plan_only), plan)


def _ask(
    actor: Actor, workspace: Workspace, run: SyncRun, seen: observe.Observation, plan: Plan, plan_only: bool
) -> SyncRun:
    run.counts = plan.counts()
    if plan_only:
        return _end(run, "done", problems=[*seen.problems, "Only a plan was asked for."])
    drifts_record(workspace, plan.differences, run.started_at)
    movers_arrived(workspace)
    reasons = hold_reasons(plan.wanted, seen.members, seen.members_before, per_agency(workspace))
    run.hold_reasons = reasons
    state = "planned" if reasons else "pending"
    if plan.wanted:
        operations_write(workspace, plan.wanted, cause=f"Sync {run.pk}", state=state, run_id=run.pk)
        verb = "vendors.sync.held" if reasons else "vendors.sync.planned"
        audit.record(actor, verb, run, after=run.counts, reason=" ".join(reasons))
        if not reasons:
            ring(workspace.pk)
    return _end(run, "held" if reasons else "done", problems=seen.problems)


def _end_dead_runs(workspace: Workspace) -> None:
    """Whoever has the lease is alone: a run that is still under way died with its worker."""
    SyncRun.objects.filter(workspace=workspace, state=SyncRun.State.RUNNING).update(
        state=SyncRun.State.FAILED, problems=["The worker stopped in mid-run."], finished_at=clock.now()
    )


def _end(run: SyncRun, state: str, *, problems: list[str]) -> SyncRun:
    SYNC.check(run.state, state)
    run.state, run.problems, run.finished_at = state, problems, clock.now()
    run.save()
    return run


def per_agency(workspace: Workspace) -> dict[int, int]:
    members = VendorAccount.objects.filter(workspace=workspace, gone_at=None, employee__isnull=False)
    return dict(Counter(members.values_list("employee__agency_id", flat=True)))


def _looked(workspace: Workspace, started: datetime) -> None:
    """A complete observation: its start is how old Beacon's picture is. A halt ends with it."""
    Workspace.objects.filter(pk=workspace.pk).update(synced_at=started, halted_at=None, halt_reason="", alarmed_at=None)


def workspace_halt(workspace: Workspace, reason: str) -> None:
    """Stop asking anything of a workspace whose key or address is wrong; the banner says why. Idempotent.

    The tick tells the administrators (`alarms.py`).
    """
    Workspace.objects.filter(pk=workspace.pk, halted_at=None).update(
        halted_at=clock.now(), halt_reason=reason, alarmed_at=None
    )


# ---- the lease ---------------------------------------------------------------------------------------------


def _take_lease(workspace: Workspace) -> int:
    free = Q(lease_until=None) | Q(lease_until__lt=clock.now())
    taken = Workspace.objects.filter(free, pk=workspace.pk).update(
        lease_until=clock.now() + LEASE, fence=F("fence") + 1
    )
    if not taken:
        raise SyncUnderWay()
    workspace.refresh_from_db()
    return workspace.fence


def _renew(workspace: Workspace, fence: int) -> None:
    mine = Workspace.objects.filter(pk=workspace.pk, fence=fence)
    if not mine.update(lease_until=clock.now() + LEASE):
        raise LeaseLost()


def _hold_fence(workspace: Workspace, fence: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fence FROM vendors_workspace WHERE id = %s FOR UPDATE", [workspace.pk])
        row = cursor.fetchone()
    if row is None or row[0] != fence:
        raise LeaseLost()
