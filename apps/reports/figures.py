"""The published figures of a day: counts from past.py, cut by publishing.py, the same for every reader and report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Min

from apps.audit.models import Fact
from apps.core import clock
from apps.core.kept import kept
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
        """The published figure of a scope: its total, or the sum of what is shown in it where the total would give a
        hidden figure away. None where nothing is shown.
        """
        return self.pair(scope, measure, measure)[0]

    def pair(self, scope: Scope, measure: str, other: str) -> tuple[int | None, int | None]:
        """Two figures of a scope about the same agencies, so that they may be compared."""
        one, two = self.shown[measure], self.shown[other]
        if scope.kind != "agency" and scope.node in one.nodes and scope.node in two.nodes:
            return one.nodes[scope.node], two.nodes[scope.node]
        both = [p.id for p in self.landscape.agencies_in(scope) if p.id in one.leaves and p.id in two.leaves]
        sums = [sum(shown.leaves[pk] for pk in both) for shown in (one, two)]
        if scope.kind == "agency":
            return (sums[0], sums[1]) if both else (None, None)
        # Nothing but zeros beside something hidden would read as nobody.
        return (sums[0] or None, sums[1] if sums[0] else None)

    def is_whole(self, scope: Scope, measure: str) -> bool:
        """Whether the figure is that of the whole scope, and not of the agencies shown only."""
        shown = self.shown[measure]
        return scope.id in shown.leaves if scope.kind == "agency" else scope.node in shown.nodes


def first_day() -> date | None:
    """The first day that Beacon knows anything of."""
    first = Fact.objects.aggregate(at=Min("since"))["at"]
    return None if first is None else clock.day_of(first)


def is_known(day: date) -> bool:
    """Whether Beacon knows anything of a day."""
    first = first_day()
    return first is not None and day >= first


def history_id() -> str:
    """Which history this is: another database, or one that was filled anew, has another first fact."""
    first = Fact.objects.order_by("pk").values_list("pk", "since").first()
    return f"{first[0]}-{first[1].timestamp()}" if first else "empty"


def figures_on(day: date, *, fresh: bool = True) -> Figures:
    """The figures of a day that is over.

    `fresh` reads the histories. Otherwise a day's counts may come from the cache: they cannot change any more, and a
    page that shows twelve months would read twelve days. What is stored and signed is always read afresh.
    """
    key = f"reports:standing:{history_id()}:{day.isoformat()}"
    standing = standing_on(day) if fresh else kept(key, _KEPT, lambda: standing_on(day))
    landscape = landscape_on(day)
    counts = {pk: standing.counts.get(pk, {}) for pk in landscape.places}
    return Figures(standing, landscape, publish(counts, landscape.groupings, MEASURES))
