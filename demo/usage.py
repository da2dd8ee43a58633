"""Ten weeks of use of the assistant: what the vendor would have counted, read week by week as Beacon reads it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import cast

from apps.accounts.actors import SYSTEM, Actor
from apps.agencies.models import Employee
from apps.core import clock
from apps.licenses.models import Seat
from apps.licenses.ports import Listing, UsageSeen
from apps.reports.survey import MINUTES, last_quarter, quarter_end
from apps.reports.survey_services import survey_answer
from apps.vendors.models import Workspace
from apps.vendors.usage_services import Source, usage_fetch

# Of ten people one never begins, and one tries it once; the others write on some working days or on most.
_NEVER, _ONCE = 0.08, 0.10
_WEEKDAYS = 5
_ANSWERING = 0.67


class _Counted:
    """The vendor's figures of people who hold seats, from the day after each seat was granted."""

    def __init__(self, workspace: Workspace) -> None:
        seats = Seat.objects.filter(state="granted", agency__workspace=workspace.name, granted_at__lte=clock.now())
        self.people = list(seats.values_list("employee__email", "granted_at__date", "pk").order_by("pk"))

    def usage(self, first: date, last: date, listing: Listing) -> Iterator[UsageSeen]:
        for email, since, pk in self.people:
            yield from _of(email, since + timedelta(days=1), pk, first, last)
        listing.complete = True


def _of(email: str, begins: date, pk: int, first: date, last: date) -> Iterator[UsageSeen]:
    """One person's days; their habits follow from the seat's number, so that the story is the same each time."""
    dice = random.Random(pk)
    draw, habit = dice.random(), dice.uniform(0.2, 0.9)
    if draw < _NEVER:
        return
    day = begins
    while day <= last:
        writes = day.weekday() < _WEEKDAYS and dice.random() < habit
        if writes and day >= first:
            said = dice.randint(1, 24)
            yield UsageSeen(day, "", email, said, said // 8, said // 5, said // 9)
        if writes and draw < _NEVER + _ONCE:
            return
        day += timedelta(days=1)


def survey(as_employee: Callable[[Employee], Actor]) -> None:
    """On the last day of the quarter that is over, two of three who held a seat by then answer."""
    end = quarter_end(last_quarter(clock.today()))
    dice = random.Random(11)
    holders = Employee.objects.filter(seats__state="granted", seats__granted_at__date__lte=end).order_by("pk")
    with clock.shifted(timedelta(days=(end - clock.today()).days)):
        for employee in holders:
            if dice.random() < _ANSWERING:
                minutes = dice.choices(list(MINUTES), weights=(4, 6, 18, 26, 14, 16, 8, 5, 3))[0]
                survey_answer(actor=as_employee(employee), minutes=minutes, helped=dice.choice((2, 3, 3, 4, 4, 4, 5)))


def tell(days: int) -> None:
    """Read the figures once a week, the last time today."""
    for ago in range(days % 7, days + 1, 7)[::-1]:
        with clock.shifted(timedelta(days=-ago)):
            for workspace in Workspace.objects.filter(is_active=True):
                usage_fetch(actor=SYSTEM, workspace=workspace, source=cast("Source", _source))


@contextmanager
def _source(workspace: Workspace) -> Iterator[_Counted]:
    yield _Counted(workspace)
