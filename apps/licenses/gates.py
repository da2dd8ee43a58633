"""The gate that seats keep (settings.PHASE_GATES)."""

from __future__ import annotations

from django.db.models import Sum

from apps.core import clock
from apps.core.gates import GateResult
from apps.licenses.selectors import contract_in_force
from apps.rollout.models import Phase, PhaseAgency


def seats_cover_forecast(phase: Phase) -> GateResult:
    """The contract has the seats that this phase and those before it promise."""
    contract = contract_in_force(clock.today())
    bought = contract.seats if contract else 0
    earlier = PhaseAgency.objects.filter(phase__state__in=["open", "paused", "closed"]).exclude(phase=phase)
    promised = earlier.aggregate(total=Sum("allocation"))["total"] or 0
    wanted = phase.places.aggregate(total=Sum("allocation"))["total"] or 0
    passed = wanted > 0 and promised + wanted <= bought
    return GateResult(
        "seats",
        "Seats cover the forecast",
        passed,
        f"{promised + wanted:,} seats promised with this phase; {bought:,} bought.",
        "Amend the contract or lower an allocation.",
        "EOTSS administrator",
    )
