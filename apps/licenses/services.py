"""Every write to requests, seats and contracts. Seats themselves are moved by settle.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency, Employee
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import BeaconError, Invalid, NotPermitted, Reason, given
from apps.core.task_types import TASK_TYPES
from apps.licenses import errors
from apps.licenses.eligibility import Move
from apps.licenses.lifecycle import REQUEST, SEAT, SELF_ENDING, SUSPENSION_REASONS
from apps.licenses.mails import requests_decided, steps_remind
from apps.licenses.models import Amendment, Contract, OptOut, Seat, SeatRequest
from apps.licenses.selectors import facts_for, requests_visible_to, why_not_decide
from apps.licenses.settle import people_lock, refill, seats_move, seats_settle
from apps.rollout.lifecycle import GIVES_SEATS

# ---- contracts ---------------------------------------------------------------------------------------------


def contract_create(
    *, actor: Actor, number: str, vendor: str, from_on: date, until_on: date, seats: int, price_per_seat_year: Decimal
) -> Contract:
    """Record a contract. `price_per_seat_year` is in US dollars."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        contract = Contract.objects.create(
            number=number, vendor=vendor, from_on=from_on, until_on=until_on, seats=seats,
            price_per_seat_year=price_per_seat_year,
        )  # fmt: skip
        audit.record(
            actor, "licenses.contract.created", contract,
            after={"seats": seats, "price": price_per_seat_year, "until": until_on},
        )  # fmt: skip
    return contract


def contract_amend(*, actor: Actor, contract: Contract, seats: int, effective_on: date, note: str) -> Amendment:
    """Add (or, negative, take away) seats. Raises `ContractExhausted` below the seats in use."""
    actor.require(Role.ADMINISTRATOR)
    if effective_on > clock.today():
        raise Invalid("An amendment is recorded on the day it takes effect.")
    with transaction.atomic(), translated():
        contract = Contract.objects.select_for_update().get(pk=contract.pk)
        before = contract.seats
        contract.seats += seats
        if contract.seats < contract.seats_used:
            raise errors.ContractExhausted(f"{contract.seats_used:,} seats are in use.")
        contract.save(update_fields=["seats"])
        amendment = Amendment.objects.create(
            contract=contract, effective_on=effective_on, seats=seats, note=note, recorded_by=actor.name
        )
        audit.record(
            actor, "licenses.contract.amended", contract,
            before={"seats": before}, after={"seats": contract.seats}, reason=note,
        )  # fmt: skip
        seats_settle(actor=actor)
    return amendment


# ---- asking and deciding -----------------------------------------------------------------------------------


def request_submit(*, actor: Actor, task_types: Sequence[str], note: str = "") -> SeatRequest:
    """The acting employee asks for a seat. Ends an opt-out. Raises `PhaseNotOpen`, `AlreadyRequested`."""
    if actor.employee_id is None:
        raise NotPermitted("Only employees ask for a seat.")
    if unknown := set(task_types) - set(TASK_TYPES):
        raise Invalid(f"Unknown task types: {', '.join(sorted(unknown))}.")
    with transaction.atomic(), translated():
        people_lock([actor.employee_id])
        facts = facts_for(actor.employee_id)
        if facts.phase_state not in GIVES_SEATS:
            raise errors.PhaseNotOpen(
                how_to_fix="You can ask once your agency's phase is open. EOTSS plans the phases."
            )
        if facts.seat_id or facts.request_state in REQUEST.open_states:
            raise errors.AlreadyRequested()
        SeatRequest.objects.filter(employee=actor.employee_id, is_current=True).update(is_current=False)
        OptOut.objects.filter(employee=actor.employee_id, ended_at=None).update(ended_at=clock.now())
        request = SeatRequest.objects.create(
            employee_id=actor.employee_id, task_types=list(task_types), note=note.strip(), submitted_at=clock.now()
        )
        audit.record(
            actor, "licenses.request.submitted", request, after={"task_types": list(task_types)}, role=Role.EMPLOYEE
        )
    return request


def request_withdraw(*, actor: Actor, request: SeatRequest) -> SeatRequest:
    """The employee takes the request back, while it waits for a decision or for a seat."""
    if request.employee_id != actor.employee_id:
        raise NotPermitted("Only the person who asked withdraws the request.")
    with transaction.atomic():
        people_lock([request.employee_id])
        request = SeatRequest.objects.select_for_update().get(pk=request.pk)
        if request.seats.exclude(state=Seat.State.RELEASED).exists():
            raise Invalid("There is a seat already.", how_to_fix="Hand the seat back instead.")
        REQUEST.check(request.state, "withdrawn")
        before, request.state, request.is_current = request.state, SeatRequest.State.WITHDRAWN, False
        request.save(update_fields=["state", "is_current"])
        audit.record(actor, "licenses.request.withdrawn", request, before={"state": before}, role=Role.EMPLOYEE)
    return request


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request of a decision: decided, or why not."""

    request: SeatRequest
    refusal: Reason | None

    @property
    def is_done(self) -> bool:
        return self.refusal is None


def requests_decide(*, actor: Actor, request_ids: Iterable[int], approve: bool, reason: str = "") -> list[Outcome]:
    """Approve or decline requests, one or hundreds, and give out the seats that follow.

    Each request ends decided or with the reason why not; one refusal never costs the others. A decline needs a
    reason, which the employee reads. Requests outside the actor's scope are left out as if they did not exist.
    """
    if not approve and not reason.strip():
        raise Invalid("Give a reason.", how_to_fix="The employee reads it.")
    with transaction.atomic(), translated():
        visible = dict(requests_visible_to(actor).filter(pk__in=list(request_ids)).values_list("pk", "employee_id"))
        people_lock(visible.values())
        locked = SeatRequest.objects.select_for_update(of=("self",)).select_related("employee", "employee__agency")
        requests = list(locked.filter(pk__in=visible).order_by("pk"))
        outcomes = [Outcome(request, why_not_decide(actor, request)) for request in requests]
        decided = [outcome.request for outcome in outcomes if outcome.is_done]
        _decide(actor, decided, approve, reason.strip())
        if approve:
            seats_settle(actor=actor, employee_ids=[request.employee_id for request in decided])
        requests_decided(decided)
    return outcomes


def request_approve(*, actor: Actor, request: SeatRequest, reason: str = "") -> SeatRequest:
    """Approve one request. Raises `SelfApproval`, `NotPermitted` or another error that says why not."""
    return _single(actor, request, approve=True, reason=reason)


def request_decline(*, actor: Actor, request: SeatRequest, reason: str) -> SeatRequest:
    """Decline one request with a reason that the employee reads."""
    return _single(actor, request, approve=False, reason=reason)


def _single(actor: Actor, request: SeatRequest, *, approve: bool, reason: str) -> SeatRequest:
    outcomes = requests_decide(actor=actor, request_ids=[request.pk], approve=approve, reason=reason)
    if not outcomes:
        raise NotPermitted()
    refusal = outcomes[0].refusal
    if refusal is not None:
        kinds: dict[str, type[BeaconError]] = {"own_request": errors.SelfApproval, "not_contact": NotPermitted}
        raise kinds.get(refusal.code, BeaconError)(reasons=[refusal])
    return outcomes[0].request


def _decide(actor: Actor, requests: list[SeatRequest], approve: bool, reason: str) -> None:
    state = SeatRequest.State.APPROVED if approve else SeatRequest.State.DECLINED
    now = clock.now()
    for request in requests:
        request.state, request.decided_at, request.decision_reason = state, now, reason
        request.decided_by_id, request.decided_by_name = actor.employee_id, actor.name
    SeatRequest.objects.bulk_update(
        requests, ["state", "decided_at", "decided_by", "decided_by_name", "decision_reason"], batch_size=500
    )
    audit.record_many(
        actor,
        f"licenses.request.{state.value}",
        SeatRequest,
        [
            audit.Entry(
                str(r.pk), str(r), {"state": "submitted"}, {"state": state.value, "employee": r.employee_id}, reason
            )
            for r in requests
        ],
    )


# ---- holders -----------------------------------------------------------------------------------------------


def seat_hand_back(*, actor: Actor) -> Seat:
    """The acting employee gives the seat back, at once, without a reason. Raises `NothingToHandBack`."""
    with transaction.atomic():
        seat = Seat.objects.filter(employee=actor.employee_id or 0).exclude(state=Seat.State.RELEASED).first()
        if seat is None:
            raise errors.NothingToHandBack()
        seats_move(actor, Move("release", "handed_back"), [seat.pk])
        OptOut.objects.get_or_create(employee_id=seat.employee_id, ended_at=None)
        refill(actor, [seat])
        seat.refresh_from_db()
    return seat


def participation_decline(*, actor: Actor) -> OptOut:
    """The acting employee does not want to take part. Complete, silent, and undone by simply asking."""
    if actor.employee_id is None:
        raise NotPermitted("Only employees take part.")
    with transaction.atomic():
        people_lock([actor.employee_id])
        if facts_for(actor.employee_id).seat_id:
            raise Invalid("You hold a seat.", how_to_fix="Hand it back; that is one step too.")
        # Also a request that was approved and waits for a seat: nobody gets one against their word.
        waiting = SeatRequest.objects.filter(employee=actor.employee_id, is_current=True, state__in=REQUEST.open_states)
        for request in waiting:
            request_withdraw(actor=actor, request=request)
        opt_out, _ = OptOut.objects.get_or_create(employee_id=actor.employee_id, ended_at=None)
        audit.record(actor, "licenses.participation.declined", opt_out, role=Role.EMPLOYEE)
    return opt_out


def seat_revoke(*, actor: Actor, seat: Seat, reason: str) -> Seat:
    """Take a seat away. EOTSS and the privacy office, with a reason."""
    return _move_one(actor, seat, Move("release", "revoked"), reason)


def seat_suspend(*, actor: Actor, seat: Seat, code: str, reason: str) -> Seat:
    """Suspend a seat for an incident or a review; it ends by a person's decision."""
    if code not in SUSPENSION_REASONS or code in SELF_ENDING:
        raise Invalid("There is no such reason for a suspension.")
    return _move_one(actor, seat, Move("suspend", code), reason)


def seat_restore(*, actor: Actor, seat: Seat, reason: str) -> Seat:
    """Lift a suspension."""
    return _move_one(actor, seat, Move("restore", "met"), reason)


def _move_one(actor: Actor, seat: Seat, move: Move, reason: str) -> Seat:
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    given(reason)
    states = {"release": "released", "suspend": "suspended", "restore": "granted"}
    with transaction.atomic():
        seat = Seat.objects.select_for_update().get(pk=seat.pk)
        SEAT.check(seat.state, states[move.verb])
        seats_move(actor, move, [seat.pk], note=reason.strip())
        if move.verb == "release":
            refill(actor, [seat])
        seat.refresh_from_db()
    return seat


# ---- reminding ---------------------------------------------------------------------------------------------


def people_remind(*, actor: Actor, steps: Mapping[int, str]) -> int:
    """Remind people of a contact's agencies of what is left to do, by employee in words. Returns how many mails are new.

    At most one a week for each person; none to those who do not take part or switched reminders off.
    """
    actor.require(Role.CONTACT)
    people = Employee.objects.filter(pk__in=steps)
    if people.exclude(agency__in=actor.agency_ids).exists():
        raise NotPermitted("Only contacts of a person's agency remind them.")
    with transaction.atomic():
        people_lock(steps)
        sent = steps_remind(steps)
        agencies = list(Agency.objects.filter(employees__in=people).distinct().order_by("code"))
        if agencies:
            audit.record(
                actor, "licenses.people.reminded", agencies[0],
                after={"people": len(steps), "mails": sent, "agencies": [agency.code for agency in agencies]},
            )  # fmt: skip
    return sent
