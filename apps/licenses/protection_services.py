"""Emergency stops and legal holds: what a person may do at once to protect people and data.

A stop is a fact about eligibility: seats under it are suspended, none is granted, and the vendor hears of it before
anything else. Lifting is an act of its own. A legal hold lets an account be suspended and never removed.
"""

from __future__ import annotations

from django.db import transaction

from apps.accounts.actors import Actor, Role, Scope
from apps.agencies.models import Agency, Employee
from apps.audit import services as audit
from apps.core import bell, clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, given
from apps.licenses.errors import WrongCount
from apps.licenses.models import EmergencyStop, LegalHold
from apps.licenses.selectors import stop_people
from apps.licenses.tasks import stops_settle
from apps.rollout.models import Phase


def stop_start(
    *, actor: Actor, scope: str, reason: str, number: int | None = None, employee: Employee | None = None,
    agency: Agency | None = None, phase: Phase | None = None,
) -> EmergencyStop:  # fmt: skip
    """Stop access at once. For more than one person `number` must be how many live seats are concerned.

    Raises `WrongCount`, `AlreadyStopped`, `FreshSignInNeeded`. The seats follow in batches right after; none is granted
    meanwhile.
    """
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    actor.require_fresh(Scope.STOP)
    stop = EmergencyStop(
        scope=scope, employee=employee, agency=agency, phase=phase, reason=given(reason), started_by=actor.name,
        started_at=clock.now(),
    )  # fmt: skip
    stop.people = stop_people(stop).count()
    if scope != EmergencyStop.Scope.PERSON and number != stop.people:
        raise WrongCount()
    with transaction.atomic(), translated():
        stop.save()
        audit.record(
            actor, "licenses.stop.started", stop, after={"scope": scope, "whom": stop.whom, "people": stop.people},
            reason=stop.reason,
        )  # fmt: skip
        bell.ring(stops_settle)
    return stop


def stop_lift(*, actor: Actor, stop: EmergencyStop, reason: str) -> EmergencyStop:
    """End a stop; who meets every requirement gets access back."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    actor.require_fresh()
    with transaction.atomic():
        stop = EmergencyStop.objects.select_for_update(of=("self",)).get(pk=stop.pk)
        if not stop.is_active:
            raise Invalid("The stop has been lifted already.")
        stop.lifted_at, stop.lifted_by, stop.lift_reason = clock.now(), actor.name, given(reason)
        stop.settled_at = None
        stop.save(update_fields=["lifted_at", "lifted_by", "lift_reason", "settled_at"])
        audit.record(actor, "licenses.stop.lifted", stop, before={"whom": stop.whom}, reason=stop.lift_reason)
        bell.ring(stops_settle)
    return stop


def hold_place(*, actor: Actor, employee: Employee, matter: str, reason: str) -> LegalHold:
    """Put a person under legal hold. Raises `AlreadyOnHold` for the same matter."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    if not matter.strip():
        raise Invalid("Name the matter.", how_to_fix="The case number or the counsel's reference.")
    with transaction.atomic(), translated():
        hold = LegalHold.objects.create(
            employee=employee, matter=matter.strip(), placed_by=actor.name, placed_at=clock.now()
        )
        audit.record(
            actor, "licenses.hold.placed", hold, after={"employee": employee.pk, "matter": hold.matter},
            reason=given(reason),
        )  # fmt: skip
        hooks.call("HOLDS_CHANGED", actor, [employee.pk])
    return hold


def hold_end(*, actor: Actor, hold: LegalHold, reason: str) -> LegalHold:
    """End a legal hold; what waited for it goes on."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
        if hold.ended_at is not None:
            raise Invalid("The hold has ended already.")
        hold.ended_at, hold.ended_by = clock.now(), actor.name
        hold.save(update_fields=["ended_at", "ended_by"])
        audit.record(
            actor, "licenses.hold.ended", hold, before={"employee": hold.employee_id, "matter": hold.matter},
            reason=given(reason),
        )  # fmt: skip
        hooks.call("HOLDS_CHANGED", actor, [hold.employee_id])
    return hold
