"""Reading the vendor's side, cut to what the actor may see."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from apps.accounts.actors import Actor, Role
from apps.core import clock
from apps.vendors.models import Drift, Operation, SyncRun, VendorAccount, VendorInvite, Workspace

_READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


def workspaces_visible_to(actor: Actor) -> QuerySet[Workspace]:
    """Those who run or review the roll-out; leaders see how fresh the picture is."""
    workspaces = Workspace.objects.all()
    return workspaces if actor.has(*_READERS, Role.LEADER) else workspaces.none()


def runs_visible_to(actor: Actor) -> QuerySet[SyncRun]:
    runs = SyncRun.objects.select_related("workspace")
    return runs if actor.has(*_READERS) else runs.none()


def operations_visible_to(actor: Actor) -> QuerySet[Operation]:
    """All for EOTSS, privacy office and auditors; for others those about themselves."""
    operations = Operation.objects.select_related("workspace", "employee", "employee__agency")
    return operations if actor.has(*_READERS) else operations.filter(employee=actor.employee_id or 0)


def drifts_visible_to(actor: Actor) -> QuerySet[Drift]:
    drifts = Drift.objects.select_related("workspace", "employee", "account")
    return drifts if actor.has(*_READERS) else drifts.none()


def vendor_word_for(employee_id: int) -> tuple[str, VendorAccount | VendorInvite | None]:
    """What the vendor last showed of a person: active, invited, expired or nothing, with the record."""
    account = VendorAccount.objects.filter(employee=employee_id, gone_at=None).first()
    if account is not None:
        return "active", account
    invite = VendorInvite.objects.filter(employee=employee_id, gone_at=None).order_by("-invited_at").first()
    if invite is None or invite.status == "accepted":
        return "nothing", None
    expired = invite.status == "expired" or (invite.expires_at is not None and invite.expires_at <= clock.now())
    return ("expired" if expired else "invited"), invite


def counts_of(workspace: Workspace) -> dict[str, int]:
    """Members, open invitations, operations by state and open drift of one workspace."""
    operations = dict(
        Operation.objects.filter(workspace=workspace, state__in=["pending", "running", "retry", "needs_attention"])
        .values_list("state")
        .annotate(Count("pk"))
    )
    return {
        "members": VendorAccount.objects.filter(workspace=workspace, gone_at=None).count(),
        "invited": VendorInvite.objects.filter(workspace=workspace, gone_at=None, status="pending").count(),
        "waiting": sum(operations.get(state, 0) for state in ("pending", "running", "retry")),
        "needs_attention": operations.get("needs_attention", 0),
        "drift": Drift.objects.filter(Q(state="open"), workspace=workspace).count(),
    }
