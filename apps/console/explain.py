"""Explain this person: each requirement with since when it is so and where that is known from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.agencies.models import Employee
from apps.audit.models import AuditEvent
from apps.licenses.eligibility import Facts, Requirement, requirements
from apps.licenses.models import Seat, SeatRequest
from apps.licenses.selectors import stops_over
from apps.rollout.lifecycle import PHASE
from apps.rollout.models import Phase
from apps.terms.models import Acceptance
from apps.training.models import Completion, Waiver


@dataclass(frozen=True, slots=True)
class Explained:
    """A requirement, since when it stands as it does (a time, a day or unknown), and the source in words."""

    requirement: Requirement
    since: datetime | date | None
    source: str
    url_name: str = ""
    url_arg: Any = None

    @property
    def is_day(self) -> bool:
        """Whether `since` is a calendar day and not a moment."""
        return self.since is not None and not isinstance(self.since, datetime)


def explained(employee: Employee, facts: Facts) -> list[Explained]:
    """Every requirement of the person, in the order in which people meet them."""
    sources = {
        "stop": _stop, "employment": _employment, "phase": _phase, "terms": _terms, "training": _training,
        "approval": _approval, "capacity": _capacity, "placement": _placement,
    }  # fmt: skip
    return [sources[found.code](employee, facts, found) for found in requirements(facts)]


def _stop(_employee: Employee, facts: Facts, found: Requirement) -> Explained:
    stop = stops_over(facts).first()
    if stop is None:
        return Explained(found, None, "Emergency stop")
    return Explained(found, stop.started_at, f"{stop} by {stop.started_by}", "console:stop", stop.pk)


def _employment(employee: Employee, _facts: Facts, found: Requirement) -> Explained:
    since = employee.end_on if employee.status == "separated" else employee.start_on
    return Explained(found, since, f"{employee.get_source_display()}, employee id {employee.employee_id}")


def _phase(_employee: Employee, facts: Facts, found: Requirement) -> Explained:
    if facts.phase_id is None:
        return Explained(found, None, "No phase has the agency")
    phase = Phase.objects.get(pk=facts.phase_id)
    event = AuditEvent.objects.filter(
        record_type=Phase._meta.label, record_id=str(phase.pk), verb__in=[f"rollout.phase.{state}" for state in PHASE.states]
    ).order_by("-pk").first()  # fmt: skip
    source = (
        f"{phase}, {event.verb.rpartition('.')[2].replace('_', ' ')} by {event.actor_name}" if event else str(phase)
    )
    return Explained(found, event.at if event else None, source, "rollout:phase", phase.number)


def _terms(employee: Employee, _facts: Facts, found: Requirement) -> Explained:
    last = Acceptance.objects.filter(employee=employee).select_related("version").order_by("-accepted_at").first()
    if last is None:
        return Explained(found, None, "Nothing accepted so far")
    return Explained(found, last.accepted_at, f"Acceptance of version {last.version.number}, by {last.channel}")


def _training(employee: Employee, _facts: Facts, found: Requirement) -> Explained:
    last = Completion.objects.filter(employee=employee).select_related("course").order_by("-completed_on").first()
    waiver = Waiver.objects.filter(employee=employee).select_related("course").order_by("-until_on").first()
    if last is None and waiver is None:
        return Explained(found, None, "No completion and no waiver on record")
    if last is None and waiver is not None:
        return Explained(found, waiver.until_on, f"{waiver.course.code} waived until that day")
    return Explained(found, last.completed_on, f"{last.course.code}, from {last.source}") if last else _nothing(found)


def _approval(employee: Employee, facts: Facts, found: Requirement) -> Explained:
    request = SeatRequest.objects.filter(pk=facts.request_id or 0).first()
    if request is None:
        request = SeatRequest.objects.filter(employee=employee).order_by("-pk").first()
    if request is None:
        return Explained(found, None, "Never asked")
    since = request.decided_at or request.submitted_at
    by = f", decided by {request.decided_by_name}" if request.decided_by_name else ""
    return Explained(found, since, f"{request}{by}", "licenses:request", request.pk)


def _capacity(_employee: Employee, facts: Facts, found: Requirement) -> Explained:
    seat = Seat.objects.filter(pk=facts.seat_id or 0).select_related("contract").first()
    if seat is None:
        return _nothing(found)
    return Explained(found, seat.held_at, f"{seat} under {seat.contract}", "licenses:seat", seat.pk)


def _placement(employee: Employee, facts: Facts, found: Requirement) -> Explained:
    if not facts.workspace:
        return Explained(found, None, "The agency's record")
    placed = AuditEvent.objects.filter(
        verb="vendors.workspace.placed", after__agencies__contains=[employee.agency.code]
    ).order_by("-pk").first()  # fmt: skip
    source = f"Placed by {placed.actor_name}" if placed else "The agency's record"
    return Explained(found, placed.at if placed else None, source)


def _nothing(found: Requirement) -> Explained:
    return Explained(found, None, "Nothing on record yet")
