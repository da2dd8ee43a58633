"""The state that the measures need: everybody with a seat. Written set-based, because living 40,000 histories is not
what is measured; the same triggers and constraints hold.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import connection

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import User
from apps.agencies import services as agencies
from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.licenses import services as licenses
from apps.rollout import services as rollout
from apps.rollout.models import Phase
from apps.terms.models import TermsVersion
from apps.training import services as training
from apps.vendors import services as vendors
from apps.vendors.models import Operation, Workspace
from apps.vendors.planning import operations_write
from apps.vendors.reconcile import Wanted, person_target

_PEOPLE: dict[str, User] = {}


def roll_out() -> None:
    """One phase with every agency; everybody trained, agreed, approved and granted."""
    course = training.course_create(actor=SYSTEM, code="AI-101", title="Course", valid_days=365)
    today = clock.today()
    total = Employee.objects.count() + 1000
    contract = licenses.contract_create(
        actor=SYSTEM, number="B-1", vendor="V", from_on=today, until_on=today + timedelta(days=365), seats=total,
        price_per_seat_year=Decimal(108),
    )  # fmt: skip
    phase = rollout.phase_create(
        actor=SYSTEM,
        number=1,
        name="All",
        planned_start=today,
        planned_end=today,
        seat_cap=total,
        required_courses=["AI-101"],
    )
    for agency in Agency.objects.all():
        rollout.phase_agency_add(
            actor=SYSTEM, phase=phase, agency=agency, allocation=agency.planned_headcount * 2 + 100
        )
    rollout.phase_schedule(actor=SYSTEM, phase=phase)
    Phase.objects.filter(pk=phase.pk).update(state="open")
    Agency.objects.update(workspace="bench")
    version = TermsVersion.objects.create(number=1, title="T", body="B")
    TermsVersion.objects.filter(pk=version.pk).update(state="published", sha256="x" * 64, effective_on=today)
    with connection.cursor() as cursor:
        for statement, values in (
            ("INSERT INTO terms_acceptance (employee_id, version_id, sha256, language, channel)"
             " SELECT id, %s, 'x', 'en', 'console' FROM agencies_employee", [version.pk]),
            ("INSERT INTO training_completion (employee_id, course_id, completed_on, source, source_id)"
             " SELECT id, %s, %s, 'bench', id FROM agencies_employee", [course.pk, today]),
            ("INSERT INTO licenses_seatrequest (employee_id, state, is_current, task_types, note, submitted_at,"
             " decided_by_name, decision_reason) SELECT id, 'submitted', true, '{drafting}', '', now(), '', ''"
             " FROM agencies_employee", []),
            ("UPDATE licenses_seatrequest SET state = 'approved', decided_at = now()", []),
            ("INSERT INTO licenses_seat (employee_id, request_id, contract_id, phase_id, agency_id, state, reason, changed_by)"
             " SELECT e.id, r.id, %s, %s, e.agency_id, 'held', 'approved', 'bench' FROM agencies_employee e"
             " JOIN licenses_seatrequest r ON r.employee_id = e.id", [contract.pk, phase.pk]),
            ("UPDATE licenses_seat SET state = 'granted', reason = 'met', changed_at = now()", []),
            ("ANALYZE", []),
        ):  # fmt: skip
            cursor.execute(statement, values or None)


def people() -> dict[str, User]:
    """Four people who open pages."""
    if _PEOPLE:
        return _PEOPLE
    employees = list(Employee.objects.filter(agency__code="TSS", status="active").order_by("pk")[:3])
    for name, employee in zip(("erin", "alice", "bob"), employees, strict=True):
        _PEOPLE[name] = accounts.user_create(actor=SYSTEM, email=f"{name}@bench.example", name=name)
        agencies.employee_link_user(actor=SYSTEM, employee=employee, user=_PEOPLE[name])
    _PEOPLE["lee"] = accounts.user_create(actor=SYSTEM, email="lee@bench.example", name="Lee")
    accounts.role_grant(actor=SYSTEM, user=_PEOPLE["erin"], role=Role.ADMINISTRATOR)
    accounts.role_grant(actor=SYSTEM, user=_PEOPLE["lee"], role=Role.LEADER)
    agencies.contact_add(actor=SYSTEM, employee=employees[1], agency=employees[1].agency, kind="primary")
    return _PEOPLE


def workspace_at(address: str) -> Workspace:
    """A workspace whose record names no number of seats, so that none is waited for."""
    return vendors.workspace_create(
        actor=SYSTEM, name="bench", title="Bench", adapter="openai_organization", address=address,
        credential="env:BEACON_BENCH_KEY", seats=0,
    )  # fmt: skip


def chatgpt_workspace_at(address: str, ref: str, limit: int) -> Workspace:
    """A ChatGPT workspace with so many calls a minute of each kind."""
    return vendors.workspace_create(
        actor=SYSTEM, name="chatgpt", title="ChatGPT", adapter="chatgpt_workspace", address=address,
        credential="env:BEACON_BENCH_WORKSPACE_KEY", seats=0, vendor_ref=ref, rate_limits={"*": limit},
    )  # fmt: skip


def accounts_for_all_seats(workspace: Workspace) -> None:
    """Every account belongs to Beacon, as after a finished roll-out."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vendors_vendoraccount SET is_ours = true WHERE workspace_id = %s", [workspace.pk])
        cursor.execute("ANALYZE vendors_vendoraccount")


def operations(workspace: Workspace, count: int) -> None:
    """`count` invitations waiting to be sent."""
    Operation.objects.all().delete()
    employees = Employee.objects.order_by("pk")[:count]
    wanted = [Wanted("invite", person_target(e.pk), e.pk, f"op{e.pk}@bench.example", "bench") for e in employees]
    operations_write(workspace, wanted, cause="Bench")
