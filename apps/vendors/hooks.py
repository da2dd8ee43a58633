"""What the vendor's side does when seats move (settings.SEATS_CHANGED)."""

from __future__ import annotations

from collections.abc import Sequence

from apps.accounts.actors import Actor
from apps.core import bell
from apps.licenses.settle import SeatChange
from apps.vendors.models import Workspace
from apps.vendors.planning import operations_write, plan_for, supersede


def seats_changed(actor: Actor, changes: Sequence[SeatChange]) -> None:
    """Write the operations that follow from moved seats, in the transaction of the decision; send after its commit."""
    concerned = [change for change in changes if change.state != "held"]
    if not concerned:
        return
    ids = [change.employee_id for change in concerned]
    cause = f"Seat {concerned[0].state} by {actor.name}"
    for workspace in Workspace.objects.filter(is_active=True):
        people_reconcile(workspace, ids, cause)


def people_reconcile(workspace: Workspace, employee_ids: list[int], cause: str) -> int:
    """Ask of the vendor what these people's seats demand, as far as it is not asked already. Returns how much."""
    supersede(workspace, employee_ids)
    wanted = plan_for(workspace, employee_ids=employee_ids).wanted
    if wanted:
        operations_write(workspace, wanted, cause=cause)
        ring(workspace.pk)
    return len(wanted)


def ring(workspace_id: int) -> None:
    """One doorbell message once the transaction is through, however many operations wait."""
    from apps.vendors.tasks import dispatch_workspace

    bell.ring(dispatch_workspace, workspace_id)
