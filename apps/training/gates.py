"""The gate that training keeps (settings.PHASE_GATES)."""

from __future__ import annotations

from typing import Protocol

from apps.core.gates import GateResult
from apps.training.models import Course


class PhaseWithCourses(Protocol):
    """What the gate reads of a phase; the phase itself belongs to a stranger."""

    required_courses: list[str]
    training_before_access: bool


def courses_active(phase: PhaseWithCourses) -> GateResult:
    """Every required course exists and is active; a phase with training before access names at least one."""
    active = set(Course.objects.filter(is_active=True).values_list("code", flat=True))
    missing = sorted(set(phase.required_courses) - active)
    passed = not missing and (bool(phase.required_courses) or not phase.training_before_access)
    detail = (
        f"Not active: {', '.join(missing)}."
        if missing
        else "All required courses are active."
        if passed
        else "The phase asks for training but names no course."
    )
    return GateResult(
        "courses", "Required courses active", passed, detail,
        "Name active courses in the phase, or switch off training before access.", "EOTSS administrator",
    )  # fmt: skip
