"""What seats do when lower apps report a change (settings.ROSTER_APPLIED, ELIGIBILITY_CHANGED, PHASE_CHANGED)."""

from __future__ import annotations

from collections.abc import Iterable

from apps.accounts.actors import Actor
from apps.agencies.models import Employee
from apps.agencies.roster_services import RosterEffect
from apps.audit import services as audit
from apps.core import bell
from apps.licenses.models import Seat, SeatRequest
from apps.licenses.settle import seats_settle
from apps.licenses.tasks import settle_everyone
from apps.rollout.models import Phase


def eligibility_changed(actor: Actor, employee_ids: Iterable[int] | None) -> None:
    """A fact about these people changed: settle their seats. None: about everybody; a worker does it at once."""
    if employee_ids is None:
        bell.ring(settle_everyone)
    else:
        seats_settle(actor=actor, employee_ids=employee_ids)


def roster_applied(actor: Actor, effect: RosterEffect) -> None:
    """Leavers' requests end and their seats go back; movers' and changed people's seats follow the facts."""
    ended = SeatRequest.objects.filter(employee__in=effect.left, state=SeatRequest.State.SUBMITTED)
    ids = list(ended.values_list("pk", flat=True))
    ended.update(state=SeatRequest.State.WITHDRAWN, is_current=False)
    audit.record_many(
        actor,
        "licenses.request.withdrawn",
        SeatRequest,
        [audit.Entry(str(pk), f"Request {pk}", reason="Left state service") for pk in ids],
    )
    seats_settle(actor=actor, employee_ids=[*effect.left, *effect.moved, *effect.changed])
    _waiting_now_served(actor, effect.left)


def phase_changed(actor: Actor, phase: Phase) -> None:
    """A phase opened, paused, closed, was rolled back or got more seats: settle everybody in its agencies."""
    agencies = list(phase.places.values_list("agency_id", flat=True))
    seats = Seat.objects.exclude(state=Seat.State.RELEASED).filter(agency__in=agencies).values_list("employee_id")
    approved = SeatRequest.objects.filter(
        state=SeatRequest.State.APPROVED, is_current=True, employee__agency__in=agencies
    ).values_list("employee_id")
    seats_settle(actor=actor, employee_ids=[row[0] for row in seats.union(approved)])


def _waiting_now_served(actor: Actor, left: list[int]) -> None:
    """Leavers freed seats: their agencies' waiting lists move up."""
    if not left:
        return
    agencies = Employee.objects.filter(pk__in=left).values("agency_id")
    waiting = SeatRequest.objects.filter(
        state=SeatRequest.State.APPROVED, is_current=True, employee__agency__in=agencies
    )
    seats_settle(actor=actor, employee_ids=waiting.values_list("employee_id", flat=True))
