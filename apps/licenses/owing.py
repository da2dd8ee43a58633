"""Who still owes what before (or to keep) the use of the assistant: people for their contacts, counts for everybody else.

People who do not take part are nowhere in here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.actors import Actor
from apps.agencies.models import Agency, Employee
from apps.agencies.selectors import agencies_reported_to, employees_visible_to
from apps.core import clock
from apps.core.floor import floored, part_of, share, total_of
from apps.terms.models import TermsVersion
from apps.terms.selectors import acceptable_versions

REQUIREMENTS = {"terms": "Terms", "training": "Training"}


@dataclass(frozen=True, slots=True)
class Owing:
    """What one person still has to do themself."""

    terms: bool
    courses: list[str]
    seat: str

    @property
    def words(self) -> str:
        steps = ["accept the terms"] if self.terms else []
        steps += [f"complete {', '.join(self.courses)}"] if self.courses else []
        return " and ".join(steps)


_OWING = """
    SELECT employee_id, NOT terms_ok, CASE WHEN training_required THEN missing_courses ELSE '{}' END, seat_state
    FROM licenses_eligibility(%s, %s::bigint[], %s::bigint[])
    WHERE NOT has_opted_out AND status <> 'separated'
        AND (seat_id IS NOT NULL OR request_state IN ('submitted', 'approved'))
        AND (NOT terms_ok OR training_required AND cardinality(missing_courses) > 0)
"""


def owing_in(agency_ids: Iterable[int]) -> dict[int, Owing]:
    """By employee id what people of these agencies owe who asked for a seat or hold one, and take part."""
    people = list(Employee.objects.filter(agency__in=agency_ids).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_OWING, [clock.today(), acceptable_versions(clock.today()), people])
        return {row[0]: Owing(row[1], row[2], row[3] or "") for row in cursor.fetchall()}


def people_owing(actor: Actor, agency_ids: Iterable[int]) -> tuple[QuerySet[Employee], dict[int, Owing]]:
    """The people of some agencies who owe something, cut to the actor's scope, and what each owes."""
    people = employees_visible_to(actor).exclude(pk=actor.employee_id or 0)
    owing = owing_in(set(people.filter(agency__in=agency_ids).values_list("agency_id", flat=True)))
    return people.filter(pk__in=list(owing)), owing


# ---- agency by agency -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an agency is: people who asked for a seat or hold one, and how many of them have done their part.

    A figure is None where it is about too few people, or would tell one that is.
    """

    agency: str
    code: str
    people: int | None
    done: int | None

    @property
    def owing(self) -> int | None:
        return None if self.people is None or self.done is None else self.people - self.done

    @property
    def percent(self) -> int | None:
        return share(self.done, self.people)


_PROGRESS = """
    WITH taking AS (
        SELECT employee_id FROM licenses_seat WHERE state <> 'released'
        UNION SELECT employee_id FROM licenses_seatrequest WHERE is_current AND state IN ('submitted', 'approved')
        EXCEPT SELECT employee_id FROM licenses_optout WHERE ended_at IS NULL
    )
    SELECT e.agency_id, count(*), count(a.employee_id)
    FROM taking t JOIN agencies_employee e ON e.id = t.employee_id AND e.status <> 'separated'
    LEFT JOIN (
        SELECT DISTINCT a.employee_id FROM terms_acceptance a JOIN terms_termsversion v ON v.id = a.version_id
        WHERE v.number = %s
    ) a ON a.employee_id = e.id
    GROUP BY e.agency_id
"""


_COVERAGE = """
    SELECT agency_id, count(*), count(*) FILTER (WHERE NOT training_required OR cardinality(missing_courses) = 0)
    FROM licenses_eligibility(%s, %s::bigint[], NULL)
    WHERE NOT has_opted_out AND status <> 'separated'
        AND (seat_id IS NOT NULL OR request_state IN ('submitted', 'approved'))
    GROUP BY agency_id
"""


def terms_progress(actor: Actor, version: TermsVersion) -> tuple[list[Progress], Progress]:
    """Agency by agency how many accepted a version, and the total; within what the actor reads figures of."""
    return _progress(actor, _PROGRESS, [version.number])


def training_coverage(actor: Actor) -> tuple[list[Progress], Progress]:
    """Agency by agency how many have every course that their phase asks for, and the total."""
    return _progress(actor, _COVERAGE, [clock.today(), []])


def _progress(actor: Actor, statement: str, parameters: list[Any]) -> tuple[list[Progress], Progress]:
    agencies = {agency.pk: agency for agency in agencies_reported_to(actor)}
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        counted = {pk: (people, accepted) for pk, people, accepted in cursor.fetchall() if pk in agencies}
    lines = [_line(agencies[pk], *counts) for pk, counts in counted.items()]
    lines.sort(key=lambda line: line.agency)
    people = total_of((counted[pk][0], floored(counted[pk][0])) for pk in counted)
    done = total_of((counts[1], part_of(counts[1], counts[0])) for counts in counted.values())
    return lines, Progress("All agencies", "", people, done if people is not None else None)


def _line(agency: Agency, people: int, done: int) -> Progress:
    return Progress(agency.name, agency.code, floored(people), part_of(done, people))
