"""What the vendor's side does when seats move (settings.SEATS_CHANGED) and legal holds change (HOLDS_CHANGED)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from apps.accounts.actors import Actor
from apps.audit import services as audit
from apps.core import bell, clock
from apps.core.failpoints import failpoint
from apps.licenses.lifecycle import REASONS
from apps.licenses.settle import SeatChange
from apps.vendors.models import SyncRun, VendorAccount, Workspace
from apps.vendors.planning import Plan, operations_write, plan_for, supersede
from apps.vendors.reconcile import HOLD_PEOPLE, HOLD_SHARE


def seats_changed(actor: Actor, changes: Sequence[SeatChange]) -> None:
    """Write the operations that follow from moved seats, in the transaction of the decision; send after its commit."""
    concerned = [change for change in changes if change.state != "held"]
    if not concerned:
        return
    ids = [change.employee_id for change in concerned]
    cause = f"Seat {concerned[0].state} by {actor.name}"
    urgent = concerned[0].reason == "stopped"
    for workspace in Workspace.objects.filter(is_active=True):
        supersede(workspace, ids)
        plan = plan_for(workspace, employee_ids=ids)
        # People confirm what they do to many; what time, a rule or a file does to many waits for somebody who looks.
        if actor.is_system and not urgent and _is_much(workspace, plan):
            _hold(actor, workspace, plan, cause, REASONS.get(concerned[0].reason, concerned[0].reason))
        elif plan.wanted:
            operations_write(workspace, plan.wanted, cause=cause, urgent=urgent)
            ring(workspace.pk)
    failpoint("before_commit_decision")


def _is_much(workspace: Workspace, plan: Plan) -> bool:
    removals = sum(one.is_removal for one in plan.wanted)
    if removals <= HOLD_PEOPLE:
        return False
    members = VendorAccount.objects.filter(workspace=workspace, gone_at=None).count()
    return removals > max(HOLD_PEOPLE, HOLD_SHARE * members)


def _hold(actor: Actor, workspace: Workspace, plan: Plan, cause: str, why: str) -> None:
    """A plan of its own for what would take access from many at once; the rest of it goes on. `why` is in words."""
    removals = [one for one in plan.wanted if one.is_removal]
    reason = f"{len(removals):,} people would lose their access at once ({why}). Nobody has looked at who they are."
    run = SyncRun.objects.create(
        workspace=workspace, started_by_key=actor.key, started_by=actor.name, started_at=clock.now(),
        finished_at=clock.now(), counts=Plan(removals).counts(), hold_reasons=[reason],
    )  # fmt: skip
    run.state = SyncRun.State.HELD
    run.save(update_fields=["state"])
    operations_write(workspace, removals, cause=cause, state="planned", run_id=run.pk)
    audit.record(actor, "vendors.sync.held", run, after=run.counts, reason=reason)
    rest = [one for one in plan.wanted if not one.is_removal]
    if rest:
        operations_write(workspace, rest, cause=cause)
        ring(workspace.pk)


def holds_changed(actor: Actor, employee_ids: Sequence[int]) -> None:
    """A legal hold began or ended: removals under way give way to suspensions, or what waited goes on."""
    for workspace in Workspace.objects.filter(is_active=True):
        open_removals = workspace.operations.filter(
            employee__in=employee_ids, kind="remove", state__in=["planned", "pending", "retry", "needs_attention"]
        )
        open_removals.filter(state="planned").update(state="discarded", finished_at=clock.now())
        open_removals.exclude(state="planned").update(state="superseded", finished_at=clock.now())
        people_reconcile(workspace, list(employee_ids), f"Legal hold changed by {actor.name}")


def people_reconcile(workspace: Workspace, employee_ids: list[int], cause: str) -> int:
    """Ask of the vendor what these people's seats demand, as far as it is not asked already. Returns how much."""
    supersede(workspace, employee_ids)
    wanted = plan_for(workspace, employee_ids=employee_ids).wanted
    if wanted:
        operations_write(workspace, wanted, cause=cause)
        ring(workspace.pk)
    return len(wanted)


def movers_arrived(workspace: Workspace) -> None:
    """People who are active here and still have an account of ours elsewhere: now it may go there."""
    here = VendorAccount.objects.filter(workspace=workspace, gone_at=None, is_ours=True, employee__isnull=False)
    there = VendorAccount.objects.filter(
        employee__in=here.values("employee"), gone_at=None, is_ours=True, workspace__is_active=True
    ).exclude(workspace=workspace)
    by_workspace: dict[int, list[int]] = defaultdict(list)
    for workspace_id, employee_id in there.values_list("workspace", "employee"):
        by_workspace[workspace_id].append(int(employee_id or 0))
    for other in Workspace.objects.filter(pk__in=by_workspace):
        people_reconcile(other, by_workspace[other.pk], f"Arrived in {workspace.title}")


def ring(workspace_id: int) -> None:
    """One doorbell message once the transaction is through, however many operations wait."""
    from apps.vendors.tasks import dispatch_workspace

    bell.ring(dispatch_workspace, workspace_id)
