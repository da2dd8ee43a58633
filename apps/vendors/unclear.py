"""Unclear outcomes are settled by looking: an operation that may have acted is compared with a younger observation."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from apps.core import clock
from apps.vendors.models import Operation, VendorAccount, VendorGroup, VendorInvite, Workspace
from apps.vendors.observe import OWN_WRITES
from apps.vendors.reconcile import MEMBER_ROLES

# Clocks differ: an invitation may carry a time a little before our attempt.
SKEW = timedelta(minutes=5)
# Done twice there are two of them. That a list does not show one is no proof while the list may lag behind the call.
CREATES = ("invite", "group_create")


def settle_unclear(workspace: Workspace, started: datetime, *, certain: bool = True) -> tuple[int, int]:
    """Decide every unclear operation last tried before `started`, the beginning of a complete observation.

    What needs attention is looked at too: it may be so by now. Where records could not be read (`certain` is false)
    nothing counts as not done. Returns how many had acted (now done) and how many had not (to be sent again).
    """
    acted = again = 0
    waiting = Operation.objects.select_for_update().filter(
        Q(is_unclear=True, state="retry") | Q(state="needs_attention"),
        workspace=workspace,
        last_attempt_at__lt=started,
    )
    for operation in waiting:
        if _has_acted(operation):
            acted += 1
            operation.state, operation.finished_at = "done", clock.now()
            operation.last_error = "Settled by looking: the vendor had acted."
        elif operation.state == "retry" and certain and (awaited_until(operation) or started) <= started:
            again += 1
            operation.next_attempt_at = clock.now()
        else:
            continue
        operation.is_unclear = False
        operation.save(update_fields=["is_unclear", "state", "finished_at", "last_error", "next_attempt_at"])
    return acted, again


def awaited_until(operation: Operation) -> datetime | None:
    """Until when a create whose outcome is unclear may still appear in a list: only after that is it sent again."""
    if not operation.is_unclear or operation.kind not in CREATES or operation.last_attempt_at is None:
        return None
    return operation.last_attempt_at + OWN_WRITES


def _has_acted(operation: Operation) -> bool:
    workspace, key = operation.workspace_id, operation.email.lower()
    if operation.kind == Operation.Kind.INVITE:
        since = (operation.last_attempt_at or operation.created_at) - SKEW
        invites = VendorInvite.objects.filter(workspace=workspace, email_key=key, gone_at=None)
        mine = invites.filter(Q(status="pending") | Q(invited_at__gte=since))
        # What the vendor made for us is ours, also where its answer was lost.
        made = mine.filter(invited_at__gte=since).update(is_ours=True, employee=operation.employee_id)
        member = VendorAccount.objects.filter(workspace=workspace, employee=operation.employee_id, gone_at=None)
        if made:
            member.update(is_ours=True)
        return bool(made) or mine.exists() or member.exists()
    if operation.kind == Operation.Kind.REMOVE:
        present = VendorAccount.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref, gone_at=None)
        return not present.exists()
    if operation.kind in {Operation.Kind.SUSPEND, Operation.Kind.RESTORE, Operation.Kind.ROLE}:
        return _account_is_so(operation)
    if operation.kind == Operation.Kind.WITHDRAW:
        invite = VendorInvite.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref, gone_at=None)
        return not invite.filter(status="pending").exists()
    if operation.kind == Operation.Kind.GROUP_CREATE:
        return VendorGroup.objects.filter(workspace=workspace, name=operation.group_ref, gone_at=None).exists()
    is_in = VendorAccount.objects.filter(
        workspace=workspace, vendor_id=operation.vendor_ref, groups__contains=[operation.group_ref]
    ).exists()
    return is_in == (operation.kind == Operation.Kind.GROUP_ADD)


def _account_is_so(operation: Operation) -> bool:
    account = VendorAccount.objects.filter(workspace=operation.workspace_id, vendor_id=operation.vendor_ref).first()
    if account is None or account.gone_at is not None:
        return operation.kind == Operation.Kind.SUSPEND
    if operation.kind == Operation.Kind.ROLE:
        return account.role in MEMBER_ROLES
    return (account.status == "inactive") == (operation.kind == Operation.Kind.SUSPEND)
