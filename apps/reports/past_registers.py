"""What else stood at the end of a past day: contracts, phases, use cases, incidents, reviews, the vendor's side.

Counts and states, no names of people. Everything is read from histories (audit.history) and from dates that records
carry; the same day gives the same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from apps.core import clock


class Contract(NamedTuple):
    """A contract in force on the day; the price is per seat and year."""

    number: str
    from_on: date
    until_on: date
    seats: int
    price: Decimal


class Phase(NamedTuple):
    """A phase as it was planned and ruled on the day."""

    id: int
    number: int
    name: str
    state: str
    planned_start: date
    planned_end: date
    seat_cap: int
    training_before_access: bool


class Case(NamedTuple):
    """A use case that was published on the day. `users` are the agencies that use it, its owner included."""

    id: int
    title: str
    agency_id: int
    tier: str
    stage: str
    result: str
    minutes_saved: int | None
    answers: int | None
    method: str
    users: int


class Incident(NamedTuple):
    """An incident reported by the day, without anything that was told in it."""

    agency_id: int | None
    category: str
    severity: int | None
    state: str
    is_near_miss: bool
    reported_at: datetime
    acknowledge_by: datetime
    acknowledged_at: datetime | None


class GateWaiver(NamedTuple):
    """A gate that two people let pass."""

    phase_id: int
    gate: str
    reason: str
    confirmed_at: datetime


class Wrong(NamedTuple):
    """Something open at the vendor's side: how many of a kind in a workspace, and since when the oldest."""

    workspace: str
    kind: str
    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Registers:
    """Everything about one day that is not counted by person."""

    contracts: list[Contract]
    phases: list[Phase]
    cases: list[Case]
    incidents: list[Incident]
    gate_waivers: list[GateWaiver]
    drift: list[Wrong]
    posture: list[Wrong]
    failed: list[Wrong]
    reviews_open: int
    reviews_late: int
    holds: int
    stops: int
    seats_counted: dict[str, int]


_CONTRACTS = """
    SELECT number, from_on, until_on, seats, price_per_seat_year FROM licenses_contract_at(%(moment)s)
    WHERE from_on <= %(day)s AND until_on >= %(day)s ORDER BY from_on, number
"""
_PHASES = """
    SELECT id, number, name, state, planned_start, planned_end, seat_cap, training_before_access
    FROM rollout_phase_at(%(moment)s) WHERE state <> 'draft' ORDER BY number
"""
_CASES = """
    SELECT c.id, c.title, c.agency_id, c.tier, c.stage, c.result, c.minutes_saved, c.answers, c.method,
        1 + (SELECT count(*) FROM catalog_adoption_at(%(moment)s) a WHERE a.case_id = c.id AND a.agency_id <> c.agency_id)
    FROM catalog_usecase_at(%(moment)s) c WHERE c.state IN ('published', 'conditions') ORDER BY c.id
"""
_INCIDENTS = """
    SELECT agency_id, category, severity, state, is_near_miss, reported_at, acknowledge_by, acknowledged_at
    FROM incidents_incident_at(%(moment)s)
    WHERE reported_at < %(moment)s AND duplicate_of_id IS NULL AND state <> 'dismissed' ORDER BY id
"""
_GATE_WAIVERS = """
    SELECT phase_id, gate, reason, confirmed_at FROM rollout_gatewaiver_at(%(moment)s)
    WHERE confirmed_at IS NOT NULL ORDER BY phase_id, gate
"""
_WRONG = """
    SELECT w.name, x.{kind}, count(*), min(x.{since}) FROM {table}_at(%(moment)s) x
    JOIN vendors_workspace w ON w.id = x.workspace_id WHERE {condition} GROUP BY 1, 2 ORDER BY 1, 2
"""
_REVIEWS = """
    SELECT count(*), count(*) FILTER (WHERE due_on < %(day)s) FROM licenses_accessreview
    WHERE opened_at < %(moment)s AND (closed_at IS NULL OR closed_at >= %(moment)s)
"""
_HOLDS = """
    SELECT count(DISTINCT employee_id) FROM licenses_legalhold
    WHERE placed_at < %(moment)s AND (ended_at IS NULL OR ended_at >= %(moment)s)
"""
_STOPS = """
    SELECT count(*) FROM licenses_emergencystop
    WHERE started_at < %(moment)s AND (lifted_at IS NULL OR lifted_at >= %(moment)s)
"""
_SEATS = """
    SELECT state, count(*) FROM licenses_seatperiod
    WHERE during && tstzrange(%(moment)s - interval '1 microsecond', %(moment)s) GROUP BY state
"""


def registers_on(day: date) -> Registers:
    """The registers at the end of a calendar day of the state."""
    given = {"day": day, "moment": clock.end_of(day)}
    reviews = _rows(_REVIEWS, given)[0]
    return Registers(
        contracts=[Contract(*row) for row in _rows(_CONTRACTS, given)],
        phases=[Phase(*row) for row in _rows(_PHASES, given)],
        cases=[Case(*row) for row in _rows(_CASES, given)],
        incidents=[Incident(*row) for row in _rows(_INCIDENTS, given)],
        gate_waivers=[GateWaiver(*row) for row in _rows(_GATE_WAIVERS, given)],
        drift=_wrong("drift", "kind", "first_seen_at", "x.state = 'open'", given),
        posture=_wrong("posturecheck", "code", "since", "x.state <> 'good'", given),
        failed=_wrong("operation", "kind", "created_at", "true", given),
        reviews_open=reviews[0], reviews_late=reviews[1],
        holds=_rows(_HOLDS, given)[0][0], stops=_rows(_STOPS, given)[0][0],
        seats_counted=dict(_rows(_SEATS, given)),
    )  # fmt: skip


def _wrong(table: str, kind: str, since: str, condition: str, given: dict[str, Any]) -> list[Wrong]:
    statement = _WRONG.format(table=f"vendors_{table}", kind=kind, since=since, condition=condition)
    return [Wrong(*row) for row in _rows(statement, given)]


_OLDEST = """
    SELECT s.reason, min(lower(s.during))
    FROM licenses_seatperiod s JOIN agencies_employee_at(%(moment)s) e ON e.id = s.employee_id
    WHERE s.state = 'suspended' AND e.agency_id = ANY (%(agencies)s)
        AND s.during && tstzrange(%(moment)s - interval '1 microsecond', %(moment)s)
    GROUP BY 1
"""


def suspended_since(day: date, agencies: Iterable[int]) -> dict[str, datetime]:
    """For each reason the moment since which the seat that is suspended longest has been so."""
    given = {"moment": clock.end_of(day), "agencies": list(agencies)}
    return dict(_rows(_OLDEST, given))


_WAIVED = """
    SELECT count(DISTINCT w.employee_id) FROM training_waiver_at(%(moment)s) w
    JOIN agencies_employee_at(%(moment)s) e ON e.id = w.employee_id
    WHERE w.until_on >= %(day)s AND e.status <> 'separated' AND e.agency_id = ANY (%(agencies)s)
"""


def people_with_waivers(day: date, agencies: Iterable[int]) -> int:
    """How many people need not take a course that is required."""
    given = {"day": day, "moment": clock.end_of(day), "agencies": list(agencies)}
    return int(_rows(_WAIVED, given)[0][0])


def _rows(statement: str, given: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return found
