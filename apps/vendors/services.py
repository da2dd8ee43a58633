"""Every write that people make to workspaces, held plans and operations. Drift has drift.py, a sync has sync.py."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import clock, hooks, outgoing
from apps.core.db.errors import translated
from apps.core.errors import Invalid, given
from apps.licenses.models import Seat, SeatRequest
from apps.vendors import errors
from apps.vendors.hooks import people_reconcile, ring
from apps.vendors.lifecycle import OPERATION, SYNC
from apps.vendors.limiter import CALLS
from apps.vendors.models import Assumption, Operation, SyncRun, Workspace
from apps.vendors.providers import KINDS, kind_of

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def workspace_create(
    *, actor: Actor, name: str, title: str, adapter: str, address: str, credential: str, seats: int,
    vendor_ref: str = "", expected_retention: str = "", approved_owners: list[str] | None = None,
    rate_limits: dict[str, int] | None = None,
) -> Workspace:  # fmt: skip
    """Record a workspace. `credential` is a reference ("env:NAME" or "file:NAME"), never the key itself.

    `vendor_ref` is the workspace's id at the vendor, where the adapter needs it; `rate_limits` are calls a minute by
    kind of call (empty: the adapter's own).
    """
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    if adapter not in KINDS:
        raise Invalid(f"There is no adapter {adapter!r}.")
    if KINDS[adapter].has_ref and not _UUID.fullmatch(vendor_ref):
        raise Invalid(
            "This adapter needs the workspace's id.", how_to_fix="Copy the UUID from the vendor's settings page."
        )
    if credential.partition(":")[0] not in {"env", "file"}:
        raise Invalid("The key is given by reference.", how_to_fix="Write env:NAME or file:NAME.")
    _callable(address)
    with transaction.atomic(), translated():
        workspace = Workspace.objects.create(
            name=name, title=title, adapter=adapter, address=address, credential=credential, seats=seats,
            vendor_ref=vendor_ref, expected_retention=expected_retention, approved_owners=approved_owners or [],
            rate_limits=_checked(rate_limits or {}),
        )  # fmt: skip
        audit.record(actor, "vendors.workspace.created", workspace, after={"name": name, "adapter": adapter})
    return workspace


def _callable(address: str) -> None:
    """The key goes where this address leads: only to the vendor's own names (settings.VENDOR_HOSTS), only by https."""
    try:
        outgoing.host_of(address, outgoing.Allowed(hosts=settings.VENDOR_HOSTS, is_demo=settings.DEMO))
    except outgoing.AddressRefused as refused:
        fix = f"The vendor's names are {', '.join(settings.VENDOR_HOSTS)}; an operator may name others in VENDOR_HOSTS."
        raise Invalid(str(refused), how_to_fix=fix if settings.VENDOR_HOSTS else "") from refused


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


def workspace_expect(
    *, actor: Actor, workspace: Workspace, reason: str, expected_retention: str = "", expects_audit_log: bool = False,
    expected_scim: str = "", approved_owners: list[str] | None = None, protected_emails: list[str] | None = None,
    key_expires_on: date | None = None,
) -> Workspace:  # fmt: skip
    """Record what the posture checks hold the vendor's answers against, and whose accounts are never touched."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    values = {
        "expected_retention": expected_retention, "expects_audit_log": expects_audit_log,
        "expected_scim": expected_scim, "approved_owners": approved_owners or [],
        "protected_emails": protected_emails or [], "key_expires_on": key_expires_on,
    }  # fmt: skip
    return _workspace_change(actor, workspace, values, "vendors.workspace.expectations_recorded", reason)


def workspace_limit(*, actor: Actor, workspace: Workspace, rate_limits: dict[str, int], reason: str) -> Workspace:
    """Set the calls a minute by kind of call ("*": all others). Empty goes back to the adapter's own."""
    actor.require(Role.ADMINISTRATOR)
    values = {"rate_limits": _checked(rate_limits)}
    return _workspace_change(actor, workspace, values, "vendors.workspace.limits_set", reason)


def _workspace_change(actor: Actor, workspace: Workspace, values: dict[str, Any], verb: str, reason: str) -> Workspace:
    given(reason)
    with transaction.atomic():
        changed = {name: value for name, value in values.items() if getattr(workspace, name) != value}
        before = {name: _plain(getattr(workspace, name)) for name in changed}
        for name, value in changed.items():
            setattr(workspace, name, value)
        workspace.save(update_fields=list(changed))
        after = {name: _plain(value) for name, value in changed.items()}
        audit.record(actor, verb, workspace, before=before, after=after, reason=reason)
    return workspace


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _checked(limits: dict[str, int]) -> dict[str, int]:
    unknown = sorted(set(limits) - set(CALLS))
    if unknown:
        raise Invalid(f"There is no kind of call {unknown[0]!r}.", how_to_fix=f"Kinds: {', '.join(CALLS)}.")
    if any(not 1 <= count <= 100_000 for count in limits.values()):
        raise Invalid("A limit is a number of calls a minute, 1 or more.")
    return limits


def assumption_record(
    *, actor: Actor, workspace: Workspace, code: str, value: str, is_changed: bool, confirmed_by: str = "",
    confirmed_on: date | None = None, note: str = "",
) -> Assumption:  # fmt: skip
    """Set the value of an assumption about the vendor's API (`is_changed`: instead of the default), and who of the
    vendor confirmed it when.
    """
    actor.require(Role.ADMINISTRATOR)
    spec = next((spec for spec in kind_of(workspace).specs if spec.code == code), None)
    if spec is None:
        raise Invalid(f"The adapter assumes nothing called {code!r}.")
    if is_changed:
        _check_value(code, value)
    with transaction.atomic():
        found, _ = Assumption.objects.get_or_create(workspace=workspace, code=code)
        before = {"value": found.value if found.is_changed else spec.default, "confirmed_by": found.confirmed_by}
        found.value, found.is_changed = (value, True) if is_changed else ("", False)
        found.confirmed_by, found.confirmed_on, found.note = confirmed_by, confirmed_on, note
        found.check_holds, found.check_answer, found.checked_at = None, "", None
        found.save()
        audit.record(
            actor, "vendors.assumption.recorded", workspace, before={code: before},
            after={code: {"value": value if is_changed else spec.default, "confirmed_by": confirmed_by}}, reason=note,
        )  # fmt: skip
    return found


def _check_value(code: str, value: str) -> None:
    """Refuse values that cannot work: better now than at the first call."""
    if code.endswith("_path") and value and not value.startswith("/"):
        raise Invalid("A path begins with a slash.")
    if code.endswith("_body") and value:
        try:
            json.loads(value)
        except ValueError as error:
            raise Invalid(f"The body is not JSON: {error}") from error
    if code.endswith("_method") and value not in {"POST", "PUT", "PATCH", "DELETE"}:
        raise Invalid("A method is POST, PUT, PATCH or DELETE.")
    if code == "users_limit" and not value.isdecimal():
        raise Invalid("The number of members on a page is a number.")


def workspace_readdress(*, actor: Actor, workspace: Workspace, address: str, reason: str) -> Workspace:
    """Record that the vendor's API is found at another address; the next sync looks there."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    _callable(address)
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
        holders = list(
            Seat.objects.filter(agency__in=ids, state=Seat.State.GRANTED).values_list("employee_id", flat=True)
        )
        # They are invited there; here they go once they are there.
        for other in Workspace.objects.filter(is_active=True) if placed and holders else []:
            people_reconcile(other, holders, f"Agencies placed by {actor.name}")
    return placed


def run_release(*, actor: Actor, run: SyncRun, number: int, reason: str) -> SyncRun:
    """Release a held plan: by somebody else than who started the run, typing how many accounts go.

    Raises `NeedsSecondPerson`, `WrongNumber`, `IllegalTransition`.
    """
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
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
    given(reason)
    with transaction.atomic():
        operation = Operation.objects.select_for_update().get(pk=operation.pk)
        before = operation.state
        OPERATION.check(before, "superseded")
        operation.state, operation.finished_at = Operation.State.SUPERSEDED, clock.now()
        operation.save(update_fields=["state", "finished_at"])
        audit.record(actor, "vendors.operation.cancelled", operation, before={"state": before}, reason=reason)
    return operation
