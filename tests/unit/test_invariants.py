"""What holds for every combination of facts: the rules settle, never contradict themselves and never touch what is not ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from apps.licenses.eligibility import Facts, Move, Status, decide, next_step, requirements
from apps.licenses.lifecycle import RELEASE_REASONS, SEAT, SELF_ENDING, SUSPENDED_DAYS, SUSPENSION_REASONS
from apps.rollout.lifecycle import GIVES_SEATS, KEEPS_SEATS, PHASE
from apps.vendors.reconcile import Wanted, hold_reasons

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO, LATELY = NOW - timedelta(days=SUSPENDED_DAYS, seconds=1), NOW - timedelta(days=SUSPENDED_DAYS)

# ---- seats -----------------------------------------------------------------------------------------------------------

STATES = {None: [""], "held": ["approved"], "granted": ["met"], "suspended": sorted(SUSPENSION_REASONS)}


def situations() -> list[Facts]:
    """Every status, phase, request, seat and reason together, with and without terms, training, workspace and a move."""
    found = []
    for status, phase, request, (seat, reasons), terms, trained, placed, moved in product(
        ["active", "leave", "separated"], [None, *sorted(PHASE.states)],
        [None, "submitted", "approved", "declined", "withdrawn", "expired"], STATES.items(),
        [True, False], [True, False], [True, False], [True, False],
    ):  # fmt: skip
        for reason in reasons:
            has = seat is not None
            found.append(
                Facts(
                    employee_id=1, status=status, agency_id=1, workspace="main" if placed else "",
                    place_id=1 if phase else None, phase_id=1 if phase else None, phase_number=1 if phase else None,
                    phase_state=phase, training_required=True, missing_courses=[] if trained else ["AI-101"],
                    terms_ok=terms, request_id=1 if request else None, request_state=request, decided_at=NOW,
                    seat_id=1 if has else None, seat_state=seat, seat_reason=reason if has else None,
                    seat_since=NOW if has else None, seat_agency_id=(2 if moved else 1) if has else None,
                    seat_phase_id=(2 if moved else 1) if has else None, seat_contract_id=1 if has else None,
                    has_opted_out=False,
                )
            )  # fmt: skip
    return found


ALL = situations()
AFTER = {
    "hold": "held",
    "grant": "granted",
    "restore": "granted",
    "suspend": "suspended",
    "recause": "suspended",
    "release": None,
}


def carried_out(facts: Facts, move: Move) -> Facts:
    """The facts once the move is made."""
    if move.verb == "transfer":
        return facts._replace(seat_agency_id=facts.agency_id, seat_phase_id=facts.phase_id)
    if move.verb == "release":
        gone = move.reason != "agency_left"
        request = None if gone else facts.request_state
        return facts._replace(seat_id=None, seat_state=None, request_state=request)
    if move.verb == "hold":
        return facts._replace(
            seat_id=1, seat_state="held", seat_reason="approved", seat_since=NOW, seat_agency_id=facts.agency_id,
            seat_phase_id=facts.phase_id,
        )  # fmt: skip
    return facts._replace(seat_state=AFTER[move.verb], seat_reason=move.reason, seat_since=NOW)


def test_every_situation_settles_in_a_few_moves_and_stays_there() -> None:
    for start in ALL:
        facts, trail = start, []
        while (move := decide(facts, NOW)) is not None:
            trail.append(move)
            assert len(trail) <= 4, (start, trail)
            facts = carried_out(facts, move)


def test_every_move_is_in_the_table_and_has_a_reason_that_people_can_read() -> None:
    for facts in ALL:
        move = decide(facts, NOW)
        if move is None or move.verb == "transfer":
            continue
        if move.verb == "hold":
            assert facts.seat_state is None
        elif move.verb == "recause":
            # No step: the seat stays suspended, for another reason than the stop that is over.
            assert (facts.seat_state, facts.seat_reason) == ("suspended", "stopped")
        else:
            assert SEAT.allows(str(facts.seat_state), AFTER[move.verb] or "released"), (facts, move)
        if move.verb == "release":
            assert move.reason in RELEASE_REASONS
        if move.verb in {"suspend", "recause"}:
            assert move.reason in SELF_ENDING


def test_nobody_who_left_keeps_a_seat_and_nobody_gets_one_outside_a_phase_that_gives() -> None:
    for facts in ALL:
        move = decide(facts, NOW)
        if facts.status == "separated" and facts.seat_state:
            assert move == Move("release", "separated")
        if move and move.verb in {"hold", "grant"}:
            assert (facts.status, facts.request_state) == ("active", "approved")
            assert facts.phase_state in GIVES_SEATS
        if move and move.verb == "grant":
            assert facts.terms_ok
            assert facts.training_ok
            assert facts.workspace


def test_whoever_may_stay_stays_and_leave_shields() -> None:
    for facts in ALL:
        fine = facts.terms_ok and facts.training_ok and facts.phase_state in KEEPS_SEATS
        at_home = (facts.seat_agency_id, facts.seat_phase_id) == (facts.agency_id, facts.phase_id)
        if facts.seat_state == "granted" and fine and at_home and facts.status != "separated":
            assert decide(facts, NOW) is None


def test_a_suspension_by_a_person_is_lifted_by_nobody_but_a_person() -> None:
    for facts in ALL:
        if facts.seat_state == "suspended" and facts.seat_reason not in SELF_ENDING:
            move = decide(facts, NOW)
            assert move is None or move.verb in {"release", "transfer"}


@pytest.mark.parametrize(("since", "over"), [(LATELY, False), (LONG_AGO, True)])
def test_thirty_days_suspended_is_the_line(since: datetime, over: bool) -> None:
    facts = next(f for f in ALL if f.seat_state == "suspended" and f.seat_reason == "incident" and f.status == "active")
    assert (decide(facts._replace(seat_since=since), NOW) == Move("release", "lapsed")) is over


def test_there_is_one_next_step_exactly_where_something_is_unmet_and_it_has_an_owner() -> None:
    for facts in ALL:
        unmet = [one for one in requirements(facts) if not one.is_met]
        step = next_step(facts)
        assert (step is None) == (not unmet)
        if step is not None:
            assert step in unmet
            assert step.owner
            assert step.text.endswith(".")
            # Nothing that the person can do is hidden behind something that others owe.
            assert step.status is Status.NOW or all(one.status is not Status.NOW for one in unmet)


def test_a_held_seat_that_lacks_nothing_is_granted() -> None:
    for facts in ALL:
        if facts.seat_state == "held" and next_step(facts) is None and facts.seat_agency_id == facts.agency_id:
            assert decide(facts, NOW) == Move("grant", "met")


# ---- the vendor --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "members", "before", "held"),
    [
        (0, 1000, 1000, False),
        (25, 1000, 1000, False),
        (26, 1000, 1000, True),
        (40, 2000, 2000, False),
        (41, 2000, 2000, True),
        (1, 0, 5, True),
    ],
)
def test_many_who_vanished_wait_for_a_second_person(again: int, members: int, before: int, held: bool) -> None:
    wanted = [Wanted("invite", f"p{n}", n, "", "", is_again=True) for n in range(again)]
    newcomers = [Wanted("invite", f"n{n}", n, "", "") for n in range(5000)]
    assert bool(hold_reasons([*wanted, *newcomers], members, before, {})) is held
