"""The gate that the terms keep (settings.PHASE_GATES)."""

from __future__ import annotations

from apps.core.gates import GateResult
from apps.terms.selectors import version_in_force


def terms_in_force(phase: object) -> GateResult:
    """Some version of the terms is in force."""
    version = version_in_force()
    return GateResult(
        "terms",
        "Terms in force",
        version is not None,
        f"Version {version.number} is in force." if version else "No version is published.",
        "The privacy office publishes the terms.",
        "Privacy officer",
    )
