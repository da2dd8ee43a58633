"""What reports cost, for everybody with a seat: a day's counts from the histories, a whole report cold and warm, its PDF.

With "usage-year" beside "report" there is a year of use below them (14.6 million rows). The floor is one scan of the
people in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.cache import cache
from django.db import connection

from apps.core import clock
from apps.reports.adoption import adoption
from apps.reports.compliance import compliance
from apps.reports.document import data_of
from apps.reports.past import standing_on
from apps.reports.renderings import pdf_of
from apps.reports.scopes import EVERYTHING

Timed = Callable[..., float]
Figure = Callable[..., dict[str, Any]]


def figures(timed: Timed, figure: Figure) -> Iterator[dict[str, Any]]:
    """The present day: its history is the longest."""
    day = clock.today()

    def scan() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT agency_id, count(*) FROM agencies_employee_at(now()) GROUP BY 1")
            cursor.fetchall()

    def cold() -> None:
        cache.clear()
        adoption(day, EVERYTHING)

    floor = timed(scan, 3)
    yield figure("report_counts_of_a_day", timed(lambda: standing_on(day), 3), floor)
    yield figure("report_adoption_cold_twelve_months", timed(cold), floor)
    yield figure("report_adoption", timed(lambda: adoption(day, EVERYTHING), 3), floor)
    yield figure("report_compliance", timed(lambda: compliance(day, EVERYTHING, is_floored=False), 3), floor)
    data = data_of(adoption(day, EVERYTHING))
    pdf_of(data)
    yield figure("report_adoption_pdf", timed(lambda: pdf_of(data)), floor)
