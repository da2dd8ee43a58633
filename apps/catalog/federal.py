"""The federal inventory, filled in from the catalog: individual cases, and the table of common tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.agencies.models import Agency
from apps.catalog.inventory import band, choice, columns, common_tasks, practices
from apps.catalog.lifecycle import LIVE
from apps.catalog.models import Lowering, UseCase
from apps.catalog.screening import PRIVATE
from apps.core import clock, hooks

RETIRED_LISTED = timedelta(days=365)
_STAGES = {"pre_deployment": "a", "pilot": "b", "deployed": "c", "retired": "d"}
_GENERATIVE = 3


def cases_listed() -> QuerySet[UseCase]:
    """Published and suspended cases, and those retired within a year."""
    recent = Q(state="retired", retired_on__gt=clock.today() - RETIRED_LISTED)
    listed = UseCase.objects.filter(Q(state__in=[*LIVE, "suspended"]) | recent)
    return listed.select_related("agency__parent").defer("search").order_by("pk")


def takes_short_form(case: UseCase) -> bool:
    """A common task that is not high-impact. High-impact cases are reported one by one, whatever their task (M-25-21)."""
    return bool(case.common_task) and case.tier != "high"


def individual_rows() -> list[tuple[UseCase, dict[str, str]]]:
    """The cases that are reported one by one, each with its 36 columns."""
    cases = [case for case in cases_listed() if not takes_short_form(case)]
    lowered: dict[int, Lowering] = {}
    for lowering in Lowering.objects.filter(is_confirmed=True, case__in=cases).order_by("pk"):
        lowered[lowering.case_id] = lowering
    return [(case, _row(case, lowered.get(case.pk))) for case in cases]


def _row(case: UseCase, lowering: Lowering | None) -> dict[str, str]:
    """One case as the published form has it. Names and addresses of people are in none of the columns."""
    secretariat: Agency = case.agency.parent or case.agency
    presumed = lowering is not None and lowering.from_tier == "high" and case.tier != "high"
    impact = "a" if case.tier == "high" else "b" if presumed else "c"
    row = dict.fromkeys((column.name for column in columns()), "") | {
        "agency": secretariat.code, "agency_name": secretariat.name, "id": f"{secretariat.code} – {case.pk}",
        "use_case_name": case.title, "agency_bureau": case.agency.name, "contact_email": settings.INVENTORY_EMAIL,
        "is_withheld": choice("is_withheld", "a"), "development_stage": choice("development_stage", _STAGES[case.stage]),
        "is_high_impact": choice("is_high_impact", impact),
        "HI_justification": lowering.justification if lowering is not None and presumed else "",
        "topic_area": case.topic_area, "classification": next(c.allowed for c in columns() if c.name == "classification")[_GENERATIVE],
        "problem_solved": case.problem, "benefits": case.benefits, "system_outputs": case.outputs,
    }  # fmt: skip
    if case.stage in {"pilot", "deployed"}:
        row |= _running(case)
    if case.tier == "high":
        row |= {column.name: _said(case.practices.get(column.name, "")) for column in practices()}
    return row


def _running(case: UseCase) -> dict[str, str]:
    """What is asked of pilots and deployed cases. The vendor's model is trained on no state data."""
    return {
        "operational_date": case.operational_on.isoformat() if case.operational_on else "",
        "contracting_usage": choice("contracting_usage", "a"), "vendor_name": settings.INVENTORY_VENDOR,
        "have_ato": "No", "data_description": "No state data are used to train the vendor's model.",
        "has_pii": "Yes" if case.data_class in PRIVATE else "No",
        "demographic_features": choice("demographic_features", "k"), "has_custom_code": "No",
    }  # fmt: skip


def _said(answer: object) -> str:
    return "; ".join(map(str, answer)) if isinstance(answer, list) else str(answer)


def task_rows() -> list[tuple[str, str, str, str]]:
    """The 20 common tasks: used or not, with which product, by how many seats in the agencies that use them."""
    using: dict[str, set[int]] = defaultdict(set)
    running = cases_listed().filter(stage__in=["pilot", "deployed"], state__in=LIVE).exclude(common_task="")
    for case in running.prefetch_related("adoptions"):
        if takes_short_form(case):
            using[case.common_task] |= {case.agency_id, *(one.agency_id for one in case.adoptions.all())}
    return [_task(task, using.get(code, set())) for code, task in common_tasks().items()]


def _task(task: str, agencies: Iterable[int]) -> tuple[str, str, str, str]:
    ids = sorted(agencies)
    if not ids:
        return task, "N", "", ""
    return task, "Y", settings.INVENTORY_PRODUCT, band(sum(hooks.call("SEAT_COUNTS", ids)))
