"""Every write that people make to workspaces, held plans and operations. Drift has drift.py, a sync has sync.py."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid
from apps.licenses.models import Seat, SeatRequest
from apps.vendors import errors
from apps.vendors.hooks import ring
from apps.vendors.lifecycle import OPERATION, SYNC
from apps.vendors.models import Operation, SyncRun, Workspace
from apps.vendors.providers import ADAPTERS


def workspace_create(
    *, actor: Actor, name: str, title: str, adapter: str, address: str, credential: str, seats: int,
    expected_retention: str = "", approved_owners: list[str] | None = None,
) -> Workspace:  # fmt: skip
    """Record a workspace. `credential` is a reference ("env:NAME" or "file:NAME"), never the key itself."""
    actor.require(Role.ADMINISTRATOR)
    if adapter not in ADAPTERS:
        raise Invalid(f"There is no adapter {adapter!r}.")
    if credential.partition(":")[0] not in {"env", "file"}:
        raise Invalid("The key is given by reference.", how_to_fix="Write env:NAME or file:NAME.")
    with transaction.atomic(), translated():
        workspace = Workspace.objects.create(
            name=name, title=title, adapter=adapter, address=address, credential=credential, seats=seats,
            expected_retention=expected_retention, approved_owners=approved_owners or [],
        )  # fmt: skip
        audit.record(actor, "vendors.workspace.created", workspace, after={"name": name, "adapter": adapter})
    return workspace


def workspace_record_retention(*, actor: Actor, workspace: Workspace, days: int, reason: str) -> Workspace:
    """Record how long the workspace keeps conversations; without it nothing is removed and no phase opens."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    if days < 1:
        raise Invalid("The retention is a number of days.")
    with transaction.atomic():
        before, workspace.retention_days = workspace.retention_days, days
        workspace.save(update_fields=["retention_days"])
        audit.record(
            actor, "vendors.workspace.retention_recorded", workspace,
            before={"days": before}, after={"days": days}, reason=reason,
        )  # fmt: skip
    return workspace


def workspace_readdress(*, actor: Actor, workspace: Workspace, address: str, reason: str) -> Workspace:
    """Record that the vendor's API is found at another address; the next sync looks there."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        before, workspace.address = workspace.address, address
        workspace.save(update_fields=["address"])
        audit.record(
            actor, "vendors.workspace.readdressed", workspace,
            before={"address": before}, after={"address": address}, reason=reason,
        )  # fmt: skip
    return workspace


def agencies_place(*, actor: Actor, workspace: Workspace, agencies: list[Agency]) -> int:
    """Place agencies in a workspace; seats that only lacked a workspace are granted. Returns how many were placed."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        ids = [agency.pk for agency in agencies]
        placed = Agency.objects.filter(pk__in=ids).exclude(workspace=workspace.name).update(workspace=workspace.name)
        audit.record(actor, "vendors.workspace.placed", workspace, after={"agencies": sorted(a.code for a in agencies)})
        people = Seat.objects.filter(agency__in=ids, state=Seat.State.HELD).values_list("employee_id", flat=True)
        approved = SeatRequest.objects.filter(employee__agency__in=ids, state="approved", is_current=True)
        concerned = [*people, *approved.values_list("employee_id", flat=True)]
        hooks.call("ELIGIBILITY_CHANGED", actor, concerned)
    return placed


def run_release(*, actor: Actor, run: SyncRun, number: int, reason: str) -> SyncRun:
    """Release a held plan: by somebody else than who started the run, typing how many accounts go.

    Raises `NeedsSecondPerson`, `WrongNumber`, `IllegalTransition`.
    """
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        run = SyncRun.objects.select_for_update().get(pk=run.pk)
        SYNC.check(run.state, "released")
        if actor.key == run.started_by_key:
            raise errors.NeedsSecondPerson()
        if number != run.removals:
            raise errors.WrongNumber()
        run.state, run.released_by = SyncRun.State.RELEASED, actor.name
        run.save(update_fields=["state", "released_by"])
        run.operations.filter(state=Operation.State.PLANNED).update(
            state=Operation.State.PENDING, next_attempt_at=clock.now()
        )
        audit.record(actor, "vendors.sync.released", run, after=run.counts, reason=reason)
        ring(run.workspace_id)
    return run


def run_discard(*, actor: Actor, run: SyncRun, reason: str) -> SyncRun:
    """Throw a held plan away; the next sync looks again."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        run = SyncRun.objects.select_for_update().get(pk=run.pk)
        SYNC.check(run.state, "discarded")
        run.state = SyncRun.State.DISCARDED
        run.save(update_fields=["state"])
        run.operations.filter(state=Operation.State.PLANNED).update(
            state=Operation.State.DISCARDED, finished_at=clock.now()
        )
        audit.record(actor, "vendors.sync.discarded", run, after=run.counts, reason=reason)
    return run


def operation_retry(*, actor: Actor, operation: Operation, reason: str = "") -> Operation:
    """Try an operation that needs attention again, now."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        operation = Operation.objects.select_for_update().get(pk=operation.pk)
        before = operation.state
        OPERATION.check(before, "pending")
        operation.state, operation.next_attempt_at = Operation.State.PENDING, clock.now()
        operation.save(update_fields=["state", "next_attempt_at"])
        audit.record(actor, "vendors.operation.retried", operation, before={"state": before}, reason=reason)
        ring(operation.workspace_id)
    return operation


def operation_cancel(*, actor: Actor, operation: Operation, reason: str) -> Operation:
    """Give an operation up. The next sync asks again if the difference is still there."""
    actor.require(Role.ADMINISTRATOR)
    if not reason.strip():
        raise Invalid("Give a reason.", how_to_fix="It goes into the audit trail.")
    with transaction.atomic():
        operation = Operation.objects.select_for_update().get(pk=operation.pk)
        before = operation.state
        OPERATION.check(before, "superseded")
        operation.state, operation.finished_at = Operation.State.SUPERSEDED, clock.now()
        operation.save(update_fields=["state", "finished_at"])
        audit.record(actor, "vendors.operation.cancelled", operation, before={"state": before}, reason=reason)
    return operation
