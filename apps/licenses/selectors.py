"""Reading requests, seats, contracts and eligibility, cut to what the actor may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Q, QuerySet

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.core import clock, hooks
from apps.core.errors import Reason
from apps.licenses.eligibility import Facts
from apps.licenses.lifecycle import EOTSS_DAYS
from apps.licenses.models import (
    AccessReview,
    Contract,
    EmergencyStop,
    LegalHold,
    OptOut,
    ReclaimRun,
    ReviewItem,
    Seat,
    SeatPeriod,
    SeatRequest,
)  # fmt: skip
from apps.licenses.reclaim import RETURN_DAYS
from apps.terms.selectors import acceptable_versions


def requests_visible_to(actor: Actor) -> QuerySet[SeatRequest]:
    """One's own, those of the agencies one serves, or all for EOTSS, privacy office and auditors.

    Contacts do not learn who decided not to take part: their requests are not shown to them.
    """
    requests = SeatRequest.objects.select_related("employee", "employee__agency")
    if actor.sees_everyone:
        return requests
    away = Q(employee__in=OptOut.objects.filter(ended_at=None).values("employee"))
    served = Q(employee__agency__in=actor.agency_ids) & ~away
    return requests.filter(Q(employee=actor.employee_id or 0) | served)


def seats_visible_to(actor: Actor) -> QuerySet[Seat]:
    """One's own, those of the agencies one serves, or all for EOTSS, privacy office and auditors.

    Contacts do not learn who handed a seat back: such a seat is not shown to them.
    """
    seats = Seat.objects.select_related("employee", "agency", "phase")
    if actor.sees_everyone:
        return seats
    served = Q(agency__in=actor.agency_ids) & ~Q(state=Seat.State.RELEASED, reason="handed_back")
    return seats.filter(Q(employee=actor.employee_id or 0) | served)


def periods_visible_to(actor: Actor) -> QuerySet[SeatPeriod]:
    """A seat's history, cut like seats: what was handed back is known to the person and to those who see everyone."""
    periods = SeatPeriod.objects.select_related("agency", "phase")
    if actor.sees_everyone:
        return periods
    served = Q(employee__agency__in=actor.agency_ids) & ~Q(reason="handed_back")
    return periods.filter(Q(employee=actor.employee_id or 0) | served)


def contracts_visible_to(actor: Actor) -> QuerySet[Contract]:
    """Money is public; leaders, EOTSS, privacy office and auditors see it in the console."""
    contracts = Contract.objects.all()
    return contracts if actor.sees_everyone or actor.has(Role.LEADER) else contracts.none()


def contract_in_force(on: date) -> Contract | None:
    """The contract whose seats are given out on a day: the one that ends last, where two overlap."""
    return Contract.objects.filter(from_on__lte=on, until_on__gte=on).order_by("-until_on").first()


def waiting_list(place_agency_id: int) -> QuerySet[SeatRequest]:
    """Approved people of an agency for whom no seat is free, in order of approval."""
    return (
        SeatRequest.objects.filter(state=SeatRequest.State.APPROVED, is_current=True, employee__agency=place_agency_id)
        .exclude(employee__seats__state__in=["held", "granted", "suspended"])
        .exclude(employee__status=Employee.Status.SEPARATED)
        .order_by("decided_at", "id")
    )


# ---- stops and holds ---------------------------------------------------------------------------------------

_GUARDIANS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


def stops_visible_to(actor: Actor) -> QuerySet[EmergencyStop]:
    """For EOTSS, the privacy office and auditors."""
    stops = EmergencyStop.objects.select_related("employee", "agency", "phase")
    return stops if actor.has(*_GUARDIANS) else stops.none()


def users_on_hold() -> list[int]:
    """The users of people under legal hold: what Beacon knows of their sign-ins stays (settings.USERS_ON_HOLD)."""
    held = LegalHold.objects.filter(ended_at=None, employee__user__isnull=False)
    return list(held.values_list("employee__user", flat=True).distinct())


def seats_on_hold() -> list[int]:
    """Every seat, also one given back, of people under legal hold."""
    held = LegalHold.objects.filter(ended_at=None).values("employee")
    return list(Seat.objects.filter(employee__in=held).values_list("pk", flat=True))


def holds_visible_to(actor: Actor) -> QuerySet[LegalHold]:
    """For EOTSS, the privacy office and auditors: a matter is nobody else's business."""
    holds = LegalHold.objects.select_related("employee", "employee__agency")
    return holds if actor.has(*_GUARDIANS) else holds.none()


def stops_over(facts: Facts) -> QuerySet[EmergencyStop]:
    """The stops in force that concern a person, earliest first: as in the SQL function of eligibility."""
    concerned = (
        Q(scope="everyone") | Q(employee=facts.employee_id) | Q(agency=facts.agency_id)
        | Q(agency__agencies=facts.agency_id) | Q(phase__in=[facts.phase_id or 0, facts.seat_phase_id or 0])
    )  # fmt: skip
    return EmergencyStop.objects.filter(concerned, lifted_at=None).order_by("started_at").distinct()


def stop_people(stop: EmergencyStop) -> QuerySet[Seat]:
    """The live seats under a stop: granted now. An agency's stop covers the agencies below it."""
    return _under(stop, Seat.objects.filter(state=Seat.State.GRANTED))


def stop_suspended(stop: EmergencyStop) -> QuerySet[Seat]:
    """The seats that the stop keeps suspended."""
    return _under(stop, Seat.objects.filter(state=Seat.State.SUSPENDED, reason="stopped"))


def stop_unsettled(stop: EmergencyStop) -> QuerySet[Seat]:
    """The seats that a stop still has to suspend or, once lifted, that may come back."""
    wanted = Q(state=Seat.State.GRANTED) if stop.is_active else Q(state=Seat.State.SUSPENDED, reason="stopped")
    waiting = Q() if stop.is_active else Q(state=Seat.State.HELD)
    return _under(stop, Seat.objects.filter(wanted | waiting).order_by("pk"))


def _under(stop: EmergencyStop, seats: QuerySet[Seat]) -> QuerySet[Seat]:
    scopes = {
        "person": Q(employee=stop.employee_id),
        "agency": Q(employee__agency=stop.agency_id) | Q(employee__agency__parent=stop.agency_id),
        "phase": Q(phase=stop.phase_id),
        "everyone": Q(),
    }
    return seats.filter(scopes[stop.scope])


def seats_shielded(employee_ids: Iterable[int]) -> set[int]:
    """Those of these employees whose seat nobody reclaims: under legal hold, or concerned by something open elsewhere
    (settings.RECLAIM_SHIELDS).
    """
    ids = set(employee_ids)
    held = LegalHold.objects.filter(employee__in=ids, ended_at=None).values_list("employee_id", flat=True)
    return set(held) | {pk for found in hooks.call("RECLAIM_SHIELDS") for pk in found if pk in ids}


def returnable(employee_id: int | None) -> SeatRequest | None:
    """The approved request behind a seat that was reclaimed in the last 30 days; None where another one counts now."""
    if employee_id is None or SeatRequest.objects.filter(employee=employee_id, is_current=True).exists():
        return None
    last = Seat.objects.filter(employee=employee_id).select_related("request").order_by("-pk").first()
    recent = clock.now() - timedelta(days=RETURN_DAYS)
    if last is None or last.state != Seat.State.RELEASED or last.reason != "reclaimed" or last.changed_at < recent:
        return None
    employed = Employee.objects.exclude(status=Employee.Status.SEPARATED).filter(pk=employee_id).exists()
    return last.request if employed and last.request.state == SeatRequest.State.APPROVED else None


def reviews_visible_to(actor: Actor) -> QuerySet[AccessReview]:
    """For EOTSS, the privacy office and auditors all; for contacts those that ask about their agencies."""
    reviews = AccessReview.objects.select_related("agency")
    if actor.has(*_GUARDIANS):
        return reviews
    return reviews.filter(pk__in=ReviewItem.objects.filter(agency__in=actor.agency_ids).values("review"))


def review_items_visible_to(actor: Actor) -> QuerySet[ReviewItem]:
    """For EOTSS, the privacy office and auditors all; for contacts the holders of their agencies."""
    items = ReviewItem.objects.select_related("review", "employee", "agency", "seat", "assignment__user")
    if actor.has(*_GUARDIANS):
        return items
    # Who handed the seat back meanwhile is nobody's to answer about any more.
    return items.filter(agency__in=actor.agency_ids, seat__isnull=False).exclude(_GONE)


_GONE = Q(decision="", seat__state=Seat.State.RELEASED)


def reviews_waiting(actor: Actor) -> int:
    """How many holders wait for this contact's answer."""
    waiting = ReviewItem.objects.filter(review__state="open", decision="", agency__in=actor.agency_ids)
    return waiting.exclude(_GONE).exclude(employee=actor.employee_id or 0).count()


def reclaim_runs_visible_to(actor: Actor) -> QuerySet[ReclaimRun]:
    """For EOTSS, the privacy office and auditors: counts, no names."""
    runs = ReclaimRun.objects.select_related("contract")
    return runs if actor.has(*_GUARDIANS) else runs.none()


def seats_in(agency_ids: Iterable[int]) -> int:
    """How many people of these agencies hold a seat at the vendor, suspended ones included (settings.SEAT_COUNTS)."""
    return Seat.objects.filter(agency__in=list(agency_ids), state__in=["granted", "suspended"]).count()


# ---- eligibility -------------------------------------------------------------------------------------------

_FACTS = "SELECT * FROM licenses_eligibility(%s, %s::bigint[], %s::bigint[])"


def facts_of(employee_ids: Iterable[int] | None = None, *, as_of: date | None = None) -> list[Facts]:
    """The facts of some employees, or of everybody who has a seat or an approval (None)."""
    day = as_of or clock.today()
    versions = acceptable_versions(day)
    statement, ids = _FACTS, None if employee_ids is None else list(employee_ids)
    if ids == []:
        return []
    if ids is None:
        statement += " WHERE seat_id IS NOT NULL OR request_state = 'approved'"
    with connection.cursor() as cursor:
        cursor.execute(statement, [day, versions, ids])
        return [Facts(*row) for row in cursor.fetchall()]


def facts_for(employee_id: int) -> Facts:
    """The facts of one employee. Raises `Employee.DoesNotExist`."""
    found = facts_of([employee_id])
    if not found:
        raise Employee.DoesNotExist
    return found[0]


@dataclass(frozen=True, slots=True)
class Lacking:
    """How many people of an agency still lack a requirement."""

    taking_part: int
    terms: int
    training: int
    approval: int
    waiting: int


def lacking_in(agency_ids: Iterable[int]) -> Lacking:
    """Counts over the people who asked for a seat and do not have a live one. Those who opted out are in none."""
    asking = SeatRequest.objects.filter(
        is_current=True, state__in=["submitted", "approved"], employee__agency__in=agency_ids
    )
    waiting = asking.exclude(employee__seats__state="granted").values_list("employee_id", flat=True)
    people = [facts for facts in facts_of(waiting) if not facts.has_opted_out]
    return Lacking(
        taking_part=len(people),
        terms=sum(not facts.terms_ok for facts in people),
        training=sum(not facts.training_ok for facts in people),
        approval=sum(facts.request_state == "submitted" for facts in people),
        waiting=sum(facts.request_state == "approved" and facts.seat_id is None for facts in people),
    )


# ---- who may decide ----------------------------------------------------------------------------------------


def why_not_decide(actor: Actor, request: SeatRequest) -> Reason | None:
    """None where `actor` may approve or decline `request`; else the reason, the same on page, API and refusal."""
    if request.employee_id == actor.employee_id:
        return Reason("own_request", "Nobody decides their own request.", "Another contact decides it.", "Contact")
    if request.state != SeatRequest.State.SUBMITTED:
        return Reason("decided", f"The request is {request.get_state_display().lower()}.", "Reload the page.")
    if request.employee.status == Employee.Status.SEPARATED:
        return Reason("separated", "This person has left.", "The request ends by itself.")
    if request.employee.agency_id in actor.agency_ids or actor.is_system:
        return None
    waited = clock.now() - request.submitted_at
    if Role.ADMINISTRATOR in actor.roles and waited >= timedelta(days=EOTSS_DAYS):
        return None
    return Reason(
        "not_contact",
        "Only a contact of the person's agency decides.",
        f"EOTSS steps in after {EOTSS_DAYS} days without a decision.",
        "Agency contact",
    )


def why_not_answer(actor: Actor, item: ReviewItem) -> Reason | None:
    """None where the actor may answer about an item."""
    if item.review.state != AccessReview.State.OPEN:
        return Reason("closed", "The review is closed.", "A new one asks again.")
    if item.decision or (item.seat is not None and item.seat.state == Seat.State.RELEASED):
        return Reason("answered", "Nothing is left to answer.", "Reload the page.")
    own = actor.employee_id is not None and actor.employee_id == item.employee_id
    if own or (item.assignment and item.assignment.user_id == actor.user_id):
        return Reason("own", "Nobody answers about themself.", "A colleague does.", "Another reviewer")
    # Who moved away meanwhile is another agency's holder.
    here = item.seat is not None and item.seat.agency_id == item.agency_id and item.agency_id in actor.agency_ids
    if here or Role.ADMINISTRATOR in actor.roles:
        return None
    return Reason("not_contact", "Only contacts of the agency and EOTSS answer.", "Ask them.", "Agency contact")


# ---- the ledger --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Seats of one contract, phase or agency: free + held + granted + suspended = purchased (or allocated)."""

    name: str
    purchased: int
    free: int
    held: int
    granted: int
    suspended: int

    @property
    def balances(self) -> bool:
        return self.free >= 0 and self.free + self.held + self.granted + self.suspended == self.purchased


_LEDGER = """
    SELECT a.name, pa.allocation, pa.allocation - pa.seats_used,
        count(s.id) FILTER (WHERE s.state = 'held'), count(s.id) FILTER (WHERE s.state = 'granted'),
        count(s.id) FILTER (WHERE s.state = 'suspended')
    FROM rollout_phaseagency pa JOIN agencies_agency a ON a.id = pa.agency_id
    LEFT JOIN licenses_seat s ON s.phase_id = pa.phase_id AND s.agency_id = pa.agency_id AND s.state <> 'released'
    WHERE pa.phase_id = %s GROUP BY pa.id, a.name ORDER BY a.name
"""
_LEDGER_TOTAL = """
    SELECT 'Contract ' || c.number, c.seats, c.seats - c.seats_used,
        count(s.id) FILTER (WHERE s.state = 'held'), count(s.id) FILTER (WHERE s.state = 'granted'),
        count(s.id) FILTER (WHERE s.state = 'suspended')
    FROM licenses_contract c LEFT JOIN licenses_seat s ON s.contract_id = c.id AND s.state <> 'released'
    GROUP BY c.id ORDER BY c.from_on
"""


def ledger() -> list[LedgerLine]:
    """One line for each contract, counted from the seats themselves against the counter."""
    return _lines(_LEDGER_TOTAL, [])


def ledger_of_phase(phase_id: int) -> list[LedgerLine]:
    """One line for each agency of a phase."""
    return _lines(_LEDGER, [phase_id])


def _lines(statement: str, parameters: list[int]) -> list[LedgerLine]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [LedgerLine(*row) for row in cursor.fetchall()]
