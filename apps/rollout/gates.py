"""Gates: what must hold before a phase opens. Each is computed from the record, never ticked.

settings.PHASE_GATES lists the functions; some live in higher apps, which know seats and the vendor. Each takes a
`Phase` and returns a `core.gates.GateResult`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from apps.agencies.selectors import contacts_in_force
from apps.core import hooks
from apps.core.gates import GateResult
from apps.rollout.models import GateWaiver, Phase

CONTACTS_PER_AGENCY = 2


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate's result together with its waiver, if two people (or so far one) let it pass."""

    result: GateResult
    waiver: GateWaiver | None = None

    @property
    def is_waived(self) -> bool:
        return self.waiver is not None and self.waiver.is_confirmed

    @property
    def lets_through(self) -> bool:
        return self.result.passed or self.is_waived


def gates_of(phase: Phase) -> list[Gate]:
    """Every gate of the phase with its waiver, in the order of the settings."""
    waivers = {waiver.gate: waiver for waiver in phase.waivers.all()}
    results: list[GateResult] = hooks.call("PHASE_GATES", phase)
    return [Gate(result, waivers.get(result.code)) for result in results]


def contacts_in_every_agency(phase: Phase) -> GateResult:
    """Two active contacts in every agency of the phase."""
    counts = dict(
        contacts_in_force()
        .filter(agency__places__phase=phase)
        .values_list("agency__code")
        .annotate(Count("pk", distinct=True))
    )
    agencies = phase.places.values_list("agency__code", flat=True)
    short = sorted(code for code in agencies if counts.get(code, 0) < CONTACTS_PER_AGENCY)
    return GateResult(
        "contacts",
        "Two contacts in every agency",
        bool(agencies) and not short,
        f"Missing in {_listed(short)}." if short else "Every agency has two active contacts.",
        "Name a primary and a backup contact.",
        "EOTSS administrator",
    )


def agencies_attested(phase: Phase) -> GateResult:
    """Every agency has stated that public AI tools are blocked on its devices."""
    missing = sorted(phase.places.filter(attested_at=None).values_list("agency__code", flat=True))
    has_any = phase.places.filter(~Q(attested_at=None)).exists()
    return GateResult(
        "attested",
        "Public AI tools blocked",
        has_any and not missing,
        f"No attestation from {_listed(missing)}." if missing or not has_any else "Every agency has attested.",
        "The agency's contact attests on the phase's page.",
        "Agency contact",
    )


def privacy_signed_off(phase: Phase) -> GateResult:
    """The privacy office has signed the phase off."""
    signed = phase.privacy_signed_at is not None
    return GateResult(
        "privacy",
        "Privacy office signed off",
        signed,
        f"Signed by {phase.privacy_signed_by}." if signed else "Not signed yet.",
        "A privacy officer signs on the phase's page.",
        "Privacy officer",
    )


def _listed(codes: list[str]) -> str:
    if not codes:
        return "any agency"
    shown = ", ".join(codes[:6])
    return f"{shown} and {len(codes) - 6} more" if len(codes) > 6 else shown
