"""Every write to phases, their agencies and their waivers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted, given
from apps.rollout import errors
from apps.rollout.gates import gates_of
from apps.rollout.lifecycle import ENDED, PHASE
from apps.rollout.models import GateWaiver, Phase, PhaseAgency


def phase_create(
    *,
    actor: Actor,
    number: int,
    name: str,
    planned_start: date,
    planned_end: date,
    seat_cap: int,
    goal: str = "",
    required_courses: list[str] | None = None,
    training_before_access: bool = True,
) -> Phase:
    """Plan a phase. It begins as a draft without agencies."""
    actor.require(Role.ADMINISTRATOR)
    if planned_end < planned_start:
        raise Invalid("The phase would end before it starts.")
    with transaction.atomic(), translated():
        phase = Phase.objects.create(
            number=number,
            name=name,
            goal=goal,
            planned_start=planned_start,
            planned_end=planned_end,
            seat_cap=seat_cap,
            required_courses=required_courses or [],
            training_before_access=training_before_access,
        )
        audit.record(actor, "rollout.phase.created", phase, after={"name": name, "seat_cap": seat_cap})
    return phase


def phase_change(*, actor: Actor, phase: Phase, reason: str = "", **values: Any) -> Phase:
    """Change name, goal, dates, cap, courses or the training switch of a phase that has not ended."""
    actor.require(Role.ADMINISTRATOR)
    allowed = {
        "name", "goal", "planned_start", "planned_end", "seat_cap", "required_courses", "training_before_access",
    }  # fmt: skip
    if unknown := set(values) - allowed:
        raise Invalid(f"These cannot be changed: {', '.join(sorted(unknown))}.")
    with transaction.atomic(), translated():
        phase = Phase.objects.select_for_update().get(pk=phase.pk)
        if phase.state in ENDED:
            raise Invalid("The phase has ended.", how_to_fix="Plan a new phase.")
        if values.get("seat_cap", phase.seats_used) < phase.seats_used:
            raise errors.CapTooSmall(f"{phase.seats_used} seats of the phase are in use.")
        before = {name: getattr(phase, name) for name in values}
        for name, value in values.items():
            setattr(phase, name, value)
        phase.save(update_fields=list(values))
        audit.record(actor, "rollout.phase.changed", phase, before=before, after=values, reason=reason)
        hooks.call("PHASE_CHANGED", actor, phase)
    return phase


def phase_agency_add(*, actor: Actor, phase: Phase, agency: Agency, allocation: int) -> PhaseAgency:
    """Put an agency into a phase. Raises `AgencyInAnotherPhase`."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        if phase.state in ENDED:
            raise Invalid("The phase has ended.", how_to_fix="Plan a new phase.")
        # An agency that was covered by an earlier phase moves on to this one with the seats it has there.
        place = PhaseAgency.objects.create(phase=phase, agency=agency, allocation=allocation)
        audit.record(actor, "rollout.agency.added", place, after={"agency": agency.code, "allocation": allocation})
    return place


def phase_agency_allocate(*, actor: Actor, place: PhaseAgency, allocation: int, reason: str) -> PhaseAgency:
    """Change an agency's allocation. Raises `AllocationTooSmall` below the seats in use."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        place = PhaseAgency.objects.select_for_update().get(pk=place.pk)
        if allocation < place.seats_used:
            raise errors.AllocationTooSmall(
                f"{place.seats_used} seats are in use, so the allocation cannot be {allocation}."
            )
        before = place.allocation
        place.allocation = allocation
        place.save(update_fields=["allocation"])
        audit.record(
            actor, "rollout.agency.allocated", place,
            before={"allocation": before}, after={"allocation": allocation}, reason=reason,
        )  # fmt: skip
        hooks.call("PHASE_CHANGED", actor, place.phase)
    return place


def phase_agency_attest(*, actor: Actor, place: PhaseAgency, evidence: str) -> PhaseAgency:
    """State, for an agency, that public AI tools are blocked on its devices. Its contact or an administrator."""
    if not actor.has(Role.ADMINISTRATOR) and place.agency_id not in actor.agency_ids:
        raise NotPermitted("Only a contact of the agency attests for it.")
    if not evidence.strip():
        raise Invalid("Say how the tools are blocked.", how_to_fix="One sentence is enough, with a link or a ticket.")
    with transaction.atomic():
        place.attested_by, place.attested_at, place.attestation = actor.name, clock.now(), evidence.strip()
        place.save(update_fields=["attested_by", "attested_at", "attestation"])
        audit.record(actor, "rollout.agency.attested", place, after={"evidence": place.attestation})
    return place


def phase_sign_off(*, actor: Actor, phase: Phase, reason: str) -> Phase:
    """The privacy office signs the phase off."""
    if Role.PRIVACY not in actor.roles:
        raise NotPermitted("Only the privacy office signs off.")
    with transaction.atomic():
        phase.privacy_signed_by, phase.privacy_signed_at = actor.name, clock.now()
        phase.save(update_fields=["privacy_signed_by", "privacy_signed_at"])
        audit.record(actor, "rollout.phase.signed", phase, reason=reason, role=Role.PRIVACY)
    return phase


def waiver_request(*, actor: Actor, phase: Phase, gate: str, reason: str) -> GateWaiver:
    """Ask to let a gate pass. It counts once a second person has confirmed it."""
    actor.require(Role.ADMINISTRATOR)
    known = {found.result.code for found in gates_of(phase)}
    if gate not in known:
        raise Invalid("There is no such gate.")
    if not reason.strip():
        raise Invalid("A waiver needs a reason.", how_to_fix="It will stand on every report.")
    with transaction.atomic(), translated():
        waiver = GateWaiver.objects.create(
            phase=phase, gate=gate, reason=reason.strip(), requested_by_key=actor.key, requested_by=actor.name
        )
        audit.record(actor, "rollout.waiver.requested", waiver, after={"gate": gate}, reason=waiver.reason)
    return waiver


def waiver_confirm(*, actor: Actor, waiver: GateWaiver) -> GateWaiver:
    """The second person says yes. Raises `WaiverNeedsSecondPerson`."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    with transaction.atomic(), translated():
        waiver = GateWaiver.objects.select_for_update().get(pk=waiver.pk)
        if waiver.is_confirmed:
            raise errors.WaiverExists()
        if actor.key == waiver.requested_by_key:
            raise errors.WaiverNeedsSecondPerson()
        waiver.confirmed_by_key, waiver.confirmed_by, waiver.confirmed_at = actor.key, actor.name, clock.now()
        waiver.save()
        audit.record(actor, "rollout.waiver.confirmed", waiver, after={"gate": waiver.gate}, reason=waiver.reason)
    return waiver


def phase_schedule(*, actor: Actor, phase: Phase) -> Phase:
    """From draft to scheduled: the agencies and dates stand."""
    return _move(actor, phase, "scheduled")


def phase_open(*, actor: Actor, phase: Phase, reason: str) -> Phase:
    """Open the phase. Raises `GatesNotPassed` naming every gate in the way, `OpenerConfirmedWaiver`."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    if phase.waivers.filter(confirmed_by_key=actor.key).exists():
        raise errors.OpenerConfirmedWaiver()
    blocking = [gate.result.reason() for gate in gates_of(phase) if not gate.lets_through]
    if blocking:
        raise errors.GatesNotPassed(blocking)
    return _move(actor, phase, "open", reason)


def phase_pause(*, actor: Actor, phase: Phase, reason: str) -> Phase:
    """Stop new seats; those held stay."""
    return _move(actor, phase, "paused", reason)


def phase_resume(*, actor: Actor, phase: Phase, reason: str) -> Phase:
    """Go on after a pause."""
    return _move(actor, phase, "open", reason, only_from="paused")


def phase_close(*, actor: Actor, phase: Phase, reason: str) -> Phase:
    """End the phase; its agencies stay covered and may join another."""
    return _move(actor, phase, "closed", reason)


def phase_roll_back(*, actor: Actor, phase: Phase, reason: str) -> Phase:
    """Take the phase back: its holders are suspended."""
    actor.require_fresh()
    return _move(actor, phase, "rolled_back", reason)


def _move(actor: Actor, phase: Phase, state: str, reason: str = "", *, only_from: str = "") -> Phase:
    actor.require(Role.ADMINISTRATOR)
    if state != "scheduled":
        given(reason)
    with transaction.atomic():
        phase = Phase.objects.select_for_update().get(pk=phase.pk)
        before = phase.state
        if only_from and before != only_from:
            raise Invalid(f"The phase is not {only_from}.", how_to_fix="A scheduled phase opens through its gates.")
        PHASE.check(before, state)
        phase.state = state
        phase.opened_at = phase.opened_at or (clock.now() if state == "open" else None)
        phase.save(update_fields=["state", "opened_at"])
        if state in ENDED:
            phase.places.update(is_current=False)
        audit.record(
            actor, f"rollout.phase.{state}", phase, before={"state": before}, after={"state": state}, reason=reason
        )
        hooks.call("PHASE_CHANGED", actor, phase)
    return phase
