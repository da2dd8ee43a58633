"""The published figures of a day: counts from past.py, cut by publishing.py, the same for every reader and report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.cache import cache

from apps.core import clock
from apps.reports.past import REASONS, Standing, standing_on
from apps.reports.publishing import Measure, Shown, publish
from apps.reports.scopes import Landscape, Scope, landscape_on

MEASURES = (
    Measure("people"),
    Measure("eligible", "people"),
    Measure("asked", "people"),
    Measure("approved", "asked"),
    Measure("enabled", "approved"),
    Measure("activated", "enabled"),
    Measure("monthly", "activated"),
    Measure("weekly", "monthly"),
    Measure("habitual", "monthly"),
    Measure("no_terms", "enabled"),
    Measure("no_training", "enabled"),
    Measure("no_phase", "enabled"),
    Measure("suspended", "approved"),
    *(Measure(f"suspended_{code}", "suspended") for code in REASONS),
    Measure("no_employment"),
)
# After midnight, acts that began before it may still be on their way.
_SETTLING = timedelta(minutes=15)
_KEPT = 30 * 24 * 3600


def latest_day() -> date:
    """The last day that is over for good: the newest that a report can be about."""
    return clock.day_before(clock.now() - _SETTLING)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a day: `exact` counts for those who may see every person, `shown` for everybody else."""

    standing: Standing
    landscape: Landscape
    shown: dict[str, Shown]

    @property
    def day(self) -> date:
        return self.standing.day

    def exact(self, measure: str, agencies: Iterable[int]) -> int:
        counts = self.standing.counts
        return sum(counts.get(pk, {}).get(measure, 0) for pk in agencies)

    def of(self, scope: Scope, measure: str) -> int | None:
        """The published figure of a scope; None where it is not shown."""
        shown = self.shown[measure]
        return shown.leaves.get(scope.id) if scope.kind == "agency" else shown.nodes.get(scope.node)


def figures_on(day: date, *, fresh: bool = True) -> Figures:
    """The figures of a day that is over.

    `fresh` reads the histories. Otherwise a day's counts may come from the cache: they cannot change any more, and a
    page that shows twelve months would read twelve days. What is stored and signed is always read afresh.
    """
    key = f"reports:standing:{day.isoformat()}"
    standing = None if fresh else cache.get(key)
    if standing is None:
        standing = standing_on(day)
        cache.set(key, standing, _KEPT)
    landscape = landscape_on(day)
    counts = {pk: standing.counts.get(pk, {}) for pk in landscape.places}
    return Figures(standing, landscape, publish(counts, landscape.groupings, MEASURES))
