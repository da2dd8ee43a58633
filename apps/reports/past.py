"""How things stood at the end of a past day: counts of people by agency, from the histories (audit.history, SeatPeriod).

One row of counts an agency, from which every report takes its figures. People are counted where they worked that day.
The same day gives the same counts whenever it is asked for: what was recorded later is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from apps.core import clock
from apps.licenses.lifecycle import SUSPENSION_REASONS
from apps.terms.selectors import acceptable_versions_then

# People by stage, then live seats that lack something, then suspended seats by reason.
STAGES = ("people", "eligible", "asked", "approved", "enabled", "activated")
LACKING = ("no_terms", "no_training", "no_phase")
REASONS = tuple(SUSPENSION_REASONS)

_STANDING = """
WITH place AS MATERIALIZED (
    SELECT DISTINCT ON (pa.agency_id) pa.agency_id, p.state IN ('open', 'paused', 'closed') AS is_open,
        CASE WHEN p.training_before_access THEN p.required_courses ELSE '{}' END AS required
    FROM rollout_phaseagency_at(%(moment)s) pa JOIN rollout_phase_at(%(moment)s) p ON p.id = pa.phase_id
    ORDER BY pa.agency_id, CASE p.state WHEN 'open' THEN 0 WHEN 'paused' THEN 0 WHEN 'closed' THEN 1
        WHEN 'scheduled' THEN 2 WHEN 'draft' THEN 3 ELSE 4 END, p.number DESC
), seat AS MATERIALIZED (
    SELECT employee_id, state, reason, lower(during) AS since FROM licenses_seatperiod
    WHERE during && tstzrange(%(moment)s - interval '1 microsecond', %(moment)s)
), request AS MATERIALIZED (
    SELECT employee_id, state FROM licenses_seatrequest_at(%(moment)s) WHERE is_current
), agreed AS MATERIALIZED (
    SELECT DISTINCT employee_id FROM terms_acceptance
    WHERE version_id = ANY (%(versions)s) AND accepted_at < %(moment)s
), course AS MATERIALIZED (
    SELECT k.id, k.valid_days, k.code AS counts_as FROM training_course_at(%(moment)s) k
    UNION ALL
    SELECT k.id, k.valid_days, wanted.code FROM training_course_equivalents_at(%(moment)s) q
    JOIN training_course_at(%(moment)s) k ON k.id = q.to_course_id
    JOIN training_course_at(%(moment)s) wanted ON wanted.id = q.from_course_id
), valid AS MATERIALIZED (
    SELECT employee_id, array_agg(code) AS codes FROM (
        SELECT c.employee_id, k.counts_as AS code FROM training_completion c JOIN course k ON k.id = c.course_id
        WHERE c.recorded_at < %(moment)s AND c.completed_on <= %(day)s
            AND (k.valid_days IS NULL OR c.completed_on + k.valid_days >= %(day)s)
        UNION ALL
        SELECT w.employee_id, k.code FROM training_waiver_at(%(moment)s) w
        JOIN training_course_at(%(moment)s) k ON k.id = w.course_id WHERE w.until_on >= %(day)s
    ) x GROUP BY employee_id
), used AS MATERIALIZED (
    SELECT DISTINCT employee_id FROM vendors_seatuse_at(%(moment)s) WHERE first_use_on <= %(day)s
), person AS (
    SELECT e.id, e.agency_id, COALESCE(place.is_open, false) AS is_open, seat.state, seat.reason,
        request.state AS asked, agreed.employee_id IS NOT NULL AS has_terms,
        COALESCE(place.required <@ COALESCE(valid.codes, '{}'), true) AS has_training,
        used.employee_id IS NOT NULL AS has_used
    FROM agencies_employee_at(%(moment)s) e
    LEFT JOIN place ON place.agency_id = e.agency_id
    LEFT JOIN seat ON seat.employee_id = e.id
    LEFT JOIN request ON request.employee_id = e.id
    LEFT JOIN agreed ON agreed.employee_id = e.id
    LEFT JOIN valid ON valid.employee_id = e.id
    LEFT JOIN used ON used.employee_id = e.id
    WHERE e.status <> 'separated'
)
"""
_COUNTED = """
SELECT agency_id, count(*), count(*) FILTER (WHERE is_open),
    count(*) FILTER (WHERE state IS NOT NULL OR asked IN ('submitted', 'approved', 'declined', 'expired')),
    count(*) FILTER (WHERE state IS NOT NULL OR asked = 'approved'),
    count(*) FILTER (WHERE state = 'granted'), count(*) FILTER (WHERE state = 'granted' AND has_used),
    count(*) FILTER (WHERE state = 'granted' AND NOT has_terms),
    count(*) FILTER (WHERE state = 'granted' AND NOT has_training),
    count(*) FILTER (WHERE state = 'granted' AND NOT is_open),
    count(*) FILTER (WHERE state = 'suspended'), {reasons}
FROM person GROUP BY agency_id
"""
_USE = """
SELECT agency_id, sum(active_28), sum(active), sum(habitual) FROM vendors_usageweek_at(%(moment)s)
WHERE week = %(week)s GROUP BY agency_id
"""
# The last week that was over by the day and that the vendor had told of.
_WEEK = """
SELECT max(week) FROM vendors_usageweek_at(%(moment)s) WHERE week <= %(day)s::date - 6 AND active > 0
"""
_LEAVERS = """
SELECT e.agency_id, count(*) FROM licenses_seatperiod s
JOIN agencies_employee_at(%(moment)s) e ON e.id = s.employee_id AND e.status = 'separated'
WHERE s.state = 'granted' AND s.during && tstzrange(%(moment)s - interval '1 microsecond', %(moment)s)
GROUP BY e.agency_id
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts by agency id at the end of `day`; `week` is the Monday of the week that use is told of, None where of none."""

    day: date
    counts: dict[int, dict[str, int]]
    week: date | None


def standing_on(day: date) -> Standing:
    """Every agency's counts at the end of a calendar day of the state, use included."""
    given = {"day": day, "moment": clock.end_of(day), "versions": acceptable_versions_then(day)}
    reasons = ", ".join(f"count(*) FILTER (WHERE state = 'suspended' AND reason = '{code}')" for code in REASONS)
    names = (*STAGES, *LACKING, "suspended", *(f"suspended_{code}" for code in REASONS))
    # Everybody is read anyway. Right after an import, before the planner has looked, it takes everybody for a few and reads
    # them in loops: a quarter of a second becomes a quarter of a minute.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        people = _rows(_STANDING + _COUNTED.format(reasons=reasons), given)
        cursor.execute("SET LOCAL enable_nestloop = on")
    counts = {row[0]: dict(zip(names, row[1:], strict=True)) for row in people}
    week = _rows(_WEEK, given)[0][0]
    for agency, monthly, weekly, habitual in _rows(_USE, given | {"week": week}) if week else ():
        counts.setdefault(agency, {}).update(monthly=int(monthly), weekly=int(weekly), habitual=int(habitual))
    for agency, count in _rows(_LEAVERS, given):
        counts.setdefault(agency, {})["no_employment"] = count
    return Standing(day, counts, week)


def _rows(statement: str, given: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return found
