"""The gates that the vendor's side keeps (settings.PHASE_GATES)."""

from __future__ import annotations

from apps.core.gates import GateResult
from apps.rollout.models import Phase
from apps.vendors.models import Workspace
from apps.vendors.posture import problems


def _workspaces(phase: Phase) -> tuple[list[Workspace], list[str]]:
    """The workspaces of the phase's agencies, and the agencies that have none."""
    placed = dict(phase.places.values_list("agency__code", "agency__workspace"))
    homeless = sorted(code for code, name in placed.items() if not name)
    return list(Workspace.objects.filter(name__in=set(placed.values()))), homeless


def posture_clean(phase: Phase) -> GateResult:
    """Every workspace of the phase was looked at within 24 hours and shows what it should."""
    workspaces, homeless = _workspaces(phase)
    bad = [f"{workspace.title}: {text}" for workspace in workspaces for text in problems(workspace)[:3]]
    passed = bool(workspaces) and not bad and not homeless
    detail = (
        f"No workspace for {', '.join(homeless[:6])}."
        if homeless or not workspaces
        else " ".join(bad)
        if bad
        else "Every workspace was looked at within 24 hours and is as expected."
    )
    return GateResult(
        "posture", "Vendor posture clean", passed, detail, "Look at the posture page of the workspace.",
        "EOTSS administrator",
    )  # fmt: skip


def retention_recorded(phase: Phase) -> GateResult:
    """The retention of every workspace is on record."""
    workspaces, homeless = _workspaces(phase)
    missing = [workspace.title for workspace in workspaces if workspace.retention_days is None]
    passed = bool(workspaces) and not missing and not homeless
    detail = (
        "Some agencies have no workspace."
        if homeless or not workspaces
        else f"Not recorded for {', '.join(missing)}."
        if missing
        else "Recorded for every workspace."
    )
    return GateResult(
        "retention", "Retention recorded", passed, detail, "Record it on the workspace's page.", "Privacy officer"
    )
