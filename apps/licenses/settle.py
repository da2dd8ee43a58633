"""Settling: bring seats to where the facts say they belong, for a few people or for everybody.

Level-triggered: it may run at any time, any number of times, and twice at once.

1. Lock the people, so that two acts on the same person are seen one after the other.
2. Read the facts; `eligibility.decide` says what each seat must do.
3. Move existing seats, set-based, by (verb, reason).
4. Reserve seats for the approved, in order of approval, as far as contract, phase and allocation reach.
5. Repeat until nothing moves: a reserved seat may be granted at once, a transferred one restored.

Locks are taken in one order everywhere: people, requests, seats, contract, phase, agency; so nobody waits in a circle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from apps.accounts.actors import Actor
from apps.agencies.models import Employee
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import BeaconError
from apps.licenses.eligibility import Facts, Move, decide
from apps.licenses.lifecycle import REASONS
from apps.licenses.models import Contract, Seat, SeatRequest
from apps.licenses.selectors import contract_in_force, facts_of
from apps.rollout.models import Phase, PhaseAgency

_STATE = {
    "grant": "granted", "restore": "granted", "suspend": "suspended", "recause": "suspended", "release": "released",
}  # fmt: skip
_FROM = {"grant": "held", "restore": "suspended", "suspend": "granted", "recause": "suspended"}
_PAST = {
    "grant": "granted", "restore": "restored", "suspend": "suspended", "recause": "suspended", "release": "released",
    "hold": "held", "transfer": "transferred",
}  # fmt: skip
_PASSES = 5


@dataclass(frozen=True, slots=True)
class SeatChange:
    """A seat that moved, for the hooks in settings.SEATS_CHANGED: whether its holder should now be at the vendor."""

    seat_id: int
    employee_id: int
    state: str
    reason: str
    verb: str = ""


def seats_settle(*, actor: Actor, employee_ids: Iterable[int] | None = None) -> int:
    """Move every seat that must move; returns how many did. `None` looks at everybody with a seat or an approval.

    Writes one audit event per moved seat, in the caller's transaction where there is one.
    """
    ids = None if employee_ids is None else sorted(set(employee_ids))
    if ids is not None and not ids:
        return 0
    moved = 0
    with transaction.atomic():
        for _ in range(_PASSES):
            count = _one_pass(actor, ids)
            moved += count
            if not count:
                break
    return moved


def _one_pass(actor: Actor, ids: list[int] | None) -> int:
    if ids is not None:
        people_lock(ids)
    now = clock.now()
    wanted: dict[Move, list[Facts]] = defaultdict(list)
    for facts in facts_of(ids):
        move = decide(facts, now)
        if move is not None:
            wanted[move].append(facts)
    if ids is None and wanted:
        # Everybody was looked at without locks; look again, locked, at those who must move.
        return _one_pass(actor, sorted({f.employee_id for people in wanted.values() for f in people}))
    moved = 0
    for move, people in sorted(wanted.items(), key=lambda item: item[0].verb == "hold"):
        if move.verb == "hold":
            moved += _hold(actor, people)
        elif move.verb == "transfer":
            moved += sum(_transfer(actor, facts) for facts in people)
        else:
            moved += seats_move(actor, move, [facts.seat_id for facts in people if facts.seat_id is not None])
    return moved


def refill(actor: Actor, freed: Iterable[Seat]) -> None:
    """Seats came back: the first of the agency's waiting list get them."""
    agencies = {seat.agency_id for seat in freed}
    waiting = SeatRequest.objects.filter(
        state=SeatRequest.State.APPROVED, is_current=True, employee__agency__in=agencies,
        employee__status=Employee.Status.ACTIVE,
    ).exclude(employee__seats__state__in=["held", "granted", "suspended"])  # fmt: skip
    seats_settle(actor=actor, employee_ids=waiting.values_list("employee_id", flat=True))


def people_lock(ids: Iterable[int]) -> None:
    """Let acts on the same people go one after the other, until the transaction ends. Taken before any other lock."""
    ids = list(ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM agencies_employee WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ids])


_MOVE = """
    UPDATE licenses_seat SET state = %(state)s, reason = %(reason)s, changed_by = %(by)s, changed_at = %(now)s,
        granted_at = CASE WHEN %(state)s = 'granted' THEN COALESCE(granted_at, %(now)s) ELSE granted_at END
    WHERE id IN (SELECT id FROM licenses_seat WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE)
        AND (state <> %(state)s OR %(from)s = %(state)s) AND (%(from)s = '' OR state = %(from)s)
    RETURNING id, employee_id, request_id
"""


def seats_move(actor: Actor, move: Move, seat_ids: list[int], *, note: str = "") -> int:
    """Move seats in one statement, close the requests of released ones, tell the trail and the vendor's side."""
    state = _STATE[move.verb]
    with translated(), connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "state": state, "reason": move.reason, "by": actor.name, "now": clock.now(), "ids": sorted(seat_ids),
                "from": _FROM.get(move.verb, ""),
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    if state == "released" and move.reason != "agency_left":
        SeatRequest.objects.filter(pk__in=[row[2] for row in rows]).update(is_current=False)
    changes = [SeatChange(row[0], row[1], state, move.reason, move.verb) for row in rows]
    _tell(actor, move, changes, note)
    return len(changes)


def _hold(actor: Actor, people: list[Facts]) -> int:
    """Reserve seats in order of approval, as many as are free under contract, phase and allocation."""
    contract = contract_in_force(clock.today())
    if contract is None:
        return 0
    free_in_contract = Contract.objects.select_for_update().get(pk=contract.pk).seats_free
    phases = {
        p.pk: p
        for p in Phase.objects.filter(pk__in={f.phase_id or 0 for f in people}).order_by("pk").select_for_update()
    }
    places = PhaseAgency.objects.filter(pk__in={f.place_id or 0 for f in people}).order_by("pk").select_for_update()
    free = {place.pk: place.seats_free for place in places}
    free_in_phase = {pk: phase.seats_free for pk, phase in phases.items()}
    seats: list[Seat] = []
    now = clock.now()
    for facts in sorted(people, key=lambda f: (f.decided_at or now, f.request_id or 0)):
        place, phase = facts.place_id or 0, facts.phase_id or 0
        if free_in_contract <= 0 or free_in_phase[phase] <= 0 or free[place] <= 0:
            continue
        free_in_contract, free_in_phase[phase], free[place] = (
            free_in_contract - 1, free_in_phase[phase] - 1, free[place] - 1,
        )  # fmt: skip
        seats.append(
            Seat(
                employee_id=facts.employee_id, request_id=facts.request_id or 0, contract=contract, phase_id=phase,
                agency_id=facts.agency_id, reason="approved", changed_by=actor.name, changed_at=now, held_at=now,
            )
        )  # fmt: skip
    with translated():
        made = Seat.objects.bulk_create(seats)
    _tell(actor, Move("hold", "approved"), [SeatChange(s.pk, s.employee_id, "held", "approved", "hold") for s in made])
    return len(made)


def _transfer(actor: Actor, facts: Facts) -> int:
    """Let a seat follow its holder into the new agency or phase; where no seat is free there, it waits suspended."""
    try:
        with transaction.atomic(), translated():
            Seat.objects.filter(pk=facts.seat_id or 0).update(
                agency=facts.agency_id, phase=facts.phase_id, changed_by=actor.name, changed_at=clock.now()
            )
    except BeaconError:
        if facts.seat_agency_id == facts.agency_id or facts.seat_state == "suspended":
            return 0
        verb, reason = ("suspend", "moved") if facts.seat_state == "granted" else ("release", "agency_left")
        return seats_move(actor, Move(verb, reason), [facts.seat_id or 0])
    change = SeatChange(
        facts.seat_id or 0, facts.employee_id, facts.seat_state or "", facts.seat_reason or "", "transfer"
    )
    _tell(actor, Move("transfer", facts.seat_reason or ""), [change])
    return 1


def _tell(actor: Actor, move: Move, changes: list[SeatChange], note: str = "") -> None:
    if not changes:
        return
    reason = note or REASONS.get(move.reason, move.reason)
    audit.record_many(
        actor,
        f"licenses.seat.{_PAST[move.verb]}",
        Seat,
        (
            audit.Entry(
                str(change.seat_id), f"Seat {change.seat_id}",
                after={"state": change.state, "employee": change.employee_id}, reason=reason,
            )
            for change in changes
        ),
    )  # fmt: skip
    hooks.call("SEATS_CHANGED", actor, changes)
