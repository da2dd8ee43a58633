"""What the public may see of the roll-out (`/transparency/`), while somebody has switched it on.

Totals as of the end of the last month, so that nobody learns from day to day who came or went; texts as they are now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.audit import services as audit
from apps.catalog.models import UseCase
from apps.catalog.screening import TIERS
from apps.core import clock
from apps.core.errors import NotFound, given
from apps.core.kept import forget, kept
from apps.core.task_types import TASK_TYPES
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.trends import suppressed
from apps.knowledge.models import Tool
from apps.reports.access import month_ends
from apps.reports.figures import Figures, figures_on, history_id, is_known
from apps.reports.models import Transparency
from apps.reports.past_registers import Registers, registers_on
from apps.reports.scopes import EVERYTHING
from apps.terms.selectors import version_in_force

NOT_USED_FOR = (
    "Deciding on anybody's eligibility, benefits or services.",
    "Answering residents without a state employee who reads and sends the answer.",
    "Watching employees: no one's conversations are read, and no one's use is shown to their managers.",
    "Training the vendor's public models: what employees enter is not used for that.",
)
_STATES = {
    "scheduled": "Planned",
    "open": "Open",
    "paused": "Paused",
    "closed": "Completed",
    "rolled_back": "Ended early",
}
_KEY, KEPT_SECONDS = "reports:transparency", 3600


def transparency_switch(*, actor: Actor, is_on: bool, reason: str) -> Transparency:
    """Show the page to the public, or take it away."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    actor.require_fresh()
    reason = given(reason)
    with transaction.atomic():
        switch, _ = Transparency.objects.update_or_create(
            pk=True, defaults={"is_on": is_on, "changed_by": actor.name, "changed_at": clock.now()}
        )
        audit.record(actor, "reports.transparency.switched", switch, after={"is_on": is_on}, reason=reason)
        transaction.on_commit(lambda: forget(f"{_KEY}:{history_id()}"))
    return switch


def is_on() -> bool:
    """Whether the public may see it."""
    return Transparency.objects.filter(is_on=True).exists()


def public_data() -> dict[str, Any]:
    """What the public sees, from the cache for an hour at most. Raises `NotFound` while it is switched off."""
    if not is_on():
        raise NotFound()
    return kept(f"{_KEY}:{history_id()}", KEPT_SECONDS, transparency_data)


def transparency_data() -> dict[str, Any]:
    """Everything on the page, as plain data: its JSON twin."""
    ends = [day for day in month_ends()[1:] if is_known(day)]
    figures = figures_on(ends[0], fresh=False) if ends else None
    registers = registers_on(ends[0]) if ends else None
    terms = version_in_force()
    return {
        "as_of": ends[0].isoformat() if ends else None,
        "totals": _totals(figures, registers) if figures and registers else None,
        "phases": _phases(registers) if registers else [],
        "use_cases": _use_cases(),
        "not_used_for": list(NOT_USED_FOR),
        "terms": terms and {
            "number": terms.number, "title": terms.title, "text": terms.body, "sha256": terms.sha256,
            "effective_on": terms.effective_on.isoformat() if terms.effective_on else None,
        },
        "incidents": _incidents(registers, figures) if registers and figures else [],
        "tools_not_permitted": list(Tool.objects.filter(status="prohibited").order_by("name").values_list("name", flat=True)),
    }  # fmt: skip


def _totals(figures: Figures, registers: Registers) -> dict[str, Any]:
    started = {phase.id for phase in registers.phases if phase.state in {"open", "paused", "closed"}}
    taking_part = [place for place in figures.landscape.places.values() if place.phase_id in started]
    return {
        "seats_bought": sum(contract.seats for contract in registers.contracts),
        "people_with_a_seat": figures.of(EVERYTHING, "enabled"),
        "agencies": len(taking_part),
        "cost_a_year": f"{sum(contract.seats * contract.price for contract in registers.contracts):.2f}",
    }


def _phases(registers: Registers) -> list[dict[str, Any]]:
    return [
        {
            "number": phase.number, "name": phase.name, "state": _STATES.get(phase.state, phase.state),
            "planned_start": phase.planned_start.isoformat(), "planned_end": phase.planned_end.isoformat(),
        }
        for phase in registers.phases
    ]  # fmt: skip


def _use_cases() -> list[dict[str, Any]]:
    cases = UseCase.objects.filter(state__in=["published", "conditions"]).select_related("agency").order_by("pk")
    return [
        {
            "number": case.number, "title": case.title, "agency": case.agency.name,
            "kind_of_work": TASK_TYPES.get(case.task_type, ""), "tier": TIERS.get(case.tier, ""),
            "purpose": case.problem, "who_checks": case.checker,
        }
        for case in cases
    ]  # fmt: skip


def _incidents(registers: Registers, figures: Figures) -> list[dict[str, Any]]:
    first = clock.end_of(figures.day - timedelta(days=365))
    counts = [
        sum(one.category == code and one.reported_at >= first for one in registers.incidents) for code in CATEGORIES
    ]
    return [
        {"kind": label, "count": count} for label, count in zip(CATEGORIES.values(), suppressed(counts), strict=True)
    ]
