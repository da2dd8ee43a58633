"""Drift: recording what differs, and what people decide about it."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import Actor, Role
from apps.audit import services as audit
from apps.core import clock
from apps.core.errors import Invalid, given
from apps.licenses.models import LegalHold, Seat
from apps.vendors.errors import NotAdoptable
from apps.vendors.hooks import people_reconcile, ring
from apps.vendors.lifecycle import DRIFT, OPEN
from apps.vendors.models import Drift, Operation, VendorAccount, Workspace
from apps.vendors.planning import operations_write
from apps.vendors.providers import policy_of
from apps.vendors.reconcile import Difference, Wanted, person_target


def drifts_record(workspace: Workspace, differences: list[Difference], since: datetime) -> None:
    """Open what is new, resolve what the last complete observation no longer shows, reopen what was ignored long enough.

    About people with an operation under way, or finished after `since`, the observation does not speak.
    """
    pending = Operation.objects.filter(Q(state__in=OPEN) | Q(finished_at__gte=since), workspace=workspace)
    silent = set(pending.exclude(employee=None).values_list("employee_id", flat=True))
    seen = {(one.kind, one.target): one for one in differences}
    known = {(d.kind, d.target): d for d in Drift.objects.filter(workspace=workspace).exclude(state="resolved")}
    gone = [drift.pk for key, drift in known.items() if key not in seen and drift.employee_id not in silent]
    Drift.objects.filter(pk__in=gone).update(
        state="resolved", resolution="gone", resolved_at=clock.now(), resolved_by="Beacon"
    )
    Drift.objects.filter(workspace=workspace, state="ignored", ignored_until__lt=clock.today()).update(
        state="open", ignored_until=None
    )
    Drift.objects.bulk_create(
        [
            Drift(
                workspace=workspace, kind=one.kind, target=one.target, account_id=one.account_id,
                employee_id=one.employee_id, detail=one.detail, first_seen_at=clock.now(),
            )
            for key, one in seen.items()
            if key not in known
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def drift_remove(*, actor: Actor, drift: Drift, reason: str) -> Drift:
    """Ask the vendor to remove the account, although Beacon did not make it: a person decided so."""
    account = _account(actor, drift, reason)
    if account.is_protected or account.email_key in {email.lower() for email in drift.workspace.protected_emails}:
        raise Invalid(
            "Beacon never removes owners, service and break-glass accounts or accounts that SCIM manages.",
            how_to_fix="Change it where it is managed, or ignore the drift until a date.",
        )
    policy = policy_of(drift.workspace)
    if not policy.writes:
        raise Invalid(
            "The identity provider manages this workspace.",
            how_to_fix="End the assignment there; the sync verifies it.",
        )
    is_held = LegalHold.objects.filter(employee=account.employee_id or 0, ended_at=None).exists()
    if (is_held or not policy.removes) and not policy.suspends:
        raise Invalid(
            "The account may not be removed: "
            + ("a legal hold keeps it." if is_held else "no retention is on record."),
            how_to_fix="This vendor's API cannot suspend an account; an owner can, on the vendor's page.",
        )
    kind = "suspend" if is_held or not policy.removes else "remove"
    with transaction.atomic():
        # One of several accounts goes whatever the seat says; the only one stays where a newer decision grants a seat.
        person = None if drift.kind == Drift.Kind.DUPLICATE else account.employee_id
        target = person_target(person) if person else f"account:{account.vendor_id}"
        wanted = Wanted(kind, target, account.employee_id, account.email, reason, account.vendor_id)
        operations_write(drift.workspace, [wanted], cause=f"Drift {drift.pk}, {actor.name}")
        ring(drift.workspace_id)
        return _settle(actor, drift, "resolved", "removed", reason)


def drift_adopt(*, actor: Actor, drift: Drift, reason: str) -> Drift:
    """Take the account as Beacon's own: from now on it follows the seat. Only for holders of a granted seat."""
    account = _account(actor, drift, reason)
    held = Seat.objects.filter(employee=account.employee_id, state=Seat.State.GRANTED) if account.employee_id else None
    if held is None or not held.exists():
        raise NotAdoptable()
    with transaction.atomic():
        VendorAccount.objects.filter(pk=account.pk).update(is_ours=True)
        return _settle(actor, drift, "resolved", "adopted", reason)


def drift_repair(*, actor: Actor, drift: Drift, reason: str) -> Drift:
    """Ask of the vendor what the seat demands, now; where invitations went stale, once more than the rule would."""
    actor.require(Role.ADMINISTRATOR)
    if drift.employee_id is None:
        raise Invalid("Nobody in the directory belongs to this account.", how_to_fix="Remove it or ignore it.")
    with transaction.atomic():
        cause = f"Drift {drift.pk}, {actor.name}"
        if drift.kind == Drift.Kind.STALE_INVITE and drift.employee:
            target = person_target(drift.employee.pk)
            again = Wanted("invite", target, drift.employee.pk, drift.employee.email, reason)
            operations_write(drift.workspace, [again], cause=cause)
            ring(drift.workspace_id)
        elif drift.kind == Drift.Kind.WRONG_ROLE and drift.account:
            plain = Wanted(
                "role", f"role:{drift.account.vendor_id}", drift.employee_id, drift.account.email, reason,
                drift.account.vendor_id,
            )  # fmt: skip
            operations_write(drift.workspace, [plain], cause=cause)
            ring(drift.workspace_id)
        else:
            people_reconcile(drift.workspace, [drift.employee_id], cause)
        return _settle(actor, drift, "resolved", "repaired", reason)


def drift_ignore(*, actor: Actor, drift: Drift, until: date, reason: str) -> Drift:
    """Leave the difference alone until a day, with a reason."""
    actor.require(Role.ADMINISTRATOR)
    if until <= clock.today():
        raise Invalid("The day must lie ahead.")
    given(reason)
    with transaction.atomic():
        drift.ignored_until = until
        return _settle(actor, drift, "ignored", "ignored", reason)


def _account(actor: Actor, drift: Drift, reason: str) -> VendorAccount:
    actor.require(Role.ADMINISTRATOR)
    given(reason)
    if drift.account is None:
        raise Invalid("There is no account to act on.")
    return drift.account


def _settle(actor: Actor, drift: Drift, state: str, resolution: str, reason: str) -> Drift:
    DRIFT.check(drift.state, state)
    drift.state, drift.resolution, drift.reason = state, resolution, reason
    drift.resolved_by, drift.resolved_at = actor.name, clock.now()
    drift.save()
    audit.record(actor, f"vendors.drift.{resolution}", drift, after={"target": drift.target}, reason=reason)
    return drift
