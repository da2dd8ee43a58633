"""The cast whose names mean access, and a small world for them, built only through services.

Alice is contact of agency A, Bob works there; Charlie is contact of agency B, Dana works there. Paula is privacy
officer, Erin and Eve are EOTSS administrators, Lee is a leader, Audrey an auditor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Actor, Role
from apps.accounts.models import User
from apps.accounts.selectors import actor_for
from apps.agencies import fiction, roster_services
from apps.agencies import services as agencies
from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.licenses import services as licenses
from apps.licenses.models import Contract, Seat, SeatRequest
from apps.rollout import services as rollout
from apps.rollout.models import Phase, PhaseAgency
from apps.terms import services as terms
from apps.terms.models import TermsVersion
from apps.training import services as training
from apps.training.models import Course
from apps.vendors import services as vendors
from apps.vendors.models import Workspace
from tests.factories.kept import kept

PEOPLE = [
    # employee id, first, last, agency
    ("A001", "Alice", "Contact", "AAA"),
    ("A002", "Adam", "Backup", "AAA"),
    ("A003", "Bob", "Employee", "AAA"),
    ("A004", "Erin", "Administrator", "AAA"),
    ("A005", "Eve", "Administrator", "AAA"),
    ("A006", "Paula", "Privacy", "AAA"),
    ("B001", "Charlie", "Contact", "BBB"),
    ("B002", "Cora", "Backup", "BBB"),
    ("B003", "Dana", "Employee", "BBB"),
]


def row(
    employee_id: str, first: str, last: str, agency: str, *, status: str = "active", title: str = "Analyst"
) -> list[str]:
    """One row of an HR file."""
    email = f"{first}.{last}.{employee_id}@mass.example".lower()
    return [employee_id, email, first, last, title, agency, "", status, "no", "2020-01-01", ""]


def staff(agency: str, count: int, start: int = 100) -> list[list[str]]:
    """`count` more people of an agency; ids and names follow from their number."""
    return [row(f"{agency[0]}{start + n}", f"Staff{start + n}", agency.title(), agency) for n in range(count)]


def import_rows(rows: list[list[str]]) -> roster_services.RosterRun:
    """Bring rows in as an HR file, plan, confirm and apply."""
    run = roster_services.roster_receive(actor=SYSTEM, file_name="hr.csv", content=fiction.to_csv(rows))
    run = roster_services.roster_plan(actor=SYSTEM, run=run)
    if run.state == "planned":
        run = roster_services.roster_confirm(actor=SYSTEM, run=run)
        run = roster_services.roster_apply(actor=SYSTEM, run=run)
    return run


@dataclass
class World:
    """What `build` made. Actors are read anew from the database by `actor`, as a request does."""

    a: Agency
    b: Agency
    rows: list[list[str]]
    users: dict[str, User]
    version: TermsVersion
    course: Course
    contract: Contract
    phase: Phase
    place: PhaseAgency
    workspace: Workspace | None = None
    extra: dict[str, object] = field(default_factory=dict)

    # -- people ------------------------------------------------------------------------------------------------

    def actor(self, name: str) -> Actor:
        found = actor_for(self.users[name])
        assert found is not None, f"{name} has left"
        return replace(found, is_fresh=True)

    @property
    def alice(self) -> Actor:
        return self.actor("alice")

    @property
    def bob(self) -> Actor:
        return self.actor("bob")

    @property
    def charlie(self) -> Actor:
        return self.actor("charlie")

    @property
    def dana(self) -> Actor:
        return self.actor("dana")

    @property
    def erin(self) -> Actor:
        return self.actor("erin")

    @property
    def eve(self) -> Actor:
        return self.actor("eve")

    @property
    def paula(self) -> Actor:
        return self.actor("paula")

    @property
    def lee(self) -> Actor:
        return self.actor("lee")

    @property
    def audrey(self) -> Actor:
        return self.actor("audrey")

    def employee(self, employee_id: str) -> Employee:
        return Employee.objects.select_related("agency").get(employee_id=employee_id)

    def as_employee(self, employee: Employee) -> Actor:
        """An actor for somebody without a sign-in of their own, as `actor_for` would build it."""
        return Actor(
            key=f"employee-{employee.pk}", name=str(employee), employee_id=employee.pk, agency_id=employee.agency_id
        )

    # -- building ----------------------------------------------------------------------------------------------

    @classmethod
    def build(
        cls, *, seats: int = 1000, cap: int = 100, allocation: int = 50, more: int = 0, open_phase: bool = True
    ) -> World:
        """Two agencies with their people, terms v1, one course, a contract and a phase with agency A.

        `more` adds that many people to agency A.
        """
        options = (seats, cap, allocation, more, open_phase)
        return kept(("world", *options), lambda: cls._build(*options))

    @classmethod
    def _build(cls, seats: int, cap: int, allocation: int, more: int, open_phase: bool) -> World:
        # The directory was there before: reports are about days that are over.
        with clock.shifted(timedelta(days=-2)):
            a = Agency.objects.create(code="AAA", name="Agency of Apples")
            b = Agency.objects.create(code="BBB", name="Bureau of Berries")
            rows = [row(*person) for person in PEOPLE] + staff("AAA", more)
            import_rows(rows)
        users = cls._users()
        erin, paula = actor_for(users["erin"]), actor_for(users["paula"])
        assert erin
        assert paula
        erin, paula = replace(erin, is_fresh=True), replace(paula, is_fresh=True)
        for code, kind, agency in (
            ("A001", "primary", a),
            ("A002", "backup", a),
            ("B001", "primary", b),
            ("B002", "backup", b),
        ):
            agencies.contact_add(actor=erin, employee=Employee.objects.get(employee_id=code), agency=agency, kind=kind)
        version = terms.terms_draft(actor=paula, title="Terms of use", body="# Terms\n\nState business only.")
        version = terms.terms_publish(actor=paula, version=version, reason="First version")
        course = training.course_create(actor=erin, code="AI-101", title="Using the assistant", valid_days=365)
        contract = licenses.contract_create(
            actor=erin, number="C-1", vendor="Vendor", from_on=clock.today() - timedelta(days=30),
            until_on=clock.today() + timedelta(days=1000), seats=seats, price_per_seat_year=Decimal("108.00"),
        )  # fmt: skip
        Agency.objects.filter(pk__in=[a.pk, b.pk]).update(workspace="main")
        phase = rollout.phase_create(
            actor=erin, number=1, name="First", planned_start=clock.today(), planned_end=clock.today() + timedelta(days=60),
            seat_cap=cap, required_courses=["AI-101"],
        )  # fmt: skip
        place = rollout.phase_agency_add(actor=erin, phase=phase, agency=a, allocation=allocation)
        world = cls(a, b, rows, users, version, course, contract, phase, place)
        if open_phase:
            world.open_phase()
        return world

    @staticmethod
    def _users() -> dict[str, User]:
        users: dict[str, User] = {}
        for employee_id, first, last, _ in PEOPLE:
            user = accounts.user_create(
                actor=SYSTEM, email=f"{first}.{last}@mass.example".lower(), name=f"{first} {last}"
            )
            agencies.employee_link_user(actor=SYSTEM, employee=Employee.objects.get(employee_id=employee_id), user=user)
            users[first.lower()] = user
        for name in ("Lee", "Audrey"):
            users[name.lower()] = accounts.user_create(actor=SYSTEM, email=f"{name}@mass.example".lower(), name=name)
        for name, role in (
            ("erin", Role.ADMINISTRATOR), ("eve", Role.ADMINISTRATOR), ("paula", Role.PRIVACY), ("lee", Role.LEADER),
            ("audrey", Role.AUDITOR),
        ):  # fmt: skip
            accounts.role_grant(actor=SYSTEM, user=users[name], role=role)
        return users

    def open_phase(self) -> Phase:
        """Open the phase as two people would: what the vendor's side owes is waived, the rest is done."""
        rollout.phase_agency_attest(actor=self.alice, place=self.place, evidence="Blocked by the web proxy, ticket 7")
        rollout.phase_sign_off(actor=self.paula, phase=self.phase, reason="Reviewed")
        for gate in ("posture", "retention"):
            waiver = rollout.waiver_request(
                actor=self.erin, phase=self.phase, gate=gate, reason="No workspace in this test"
            )
            rollout.waiver_confirm(actor=self.eve, waiver=waiver)
        rollout.phase_schedule(actor=self.erin, phase=self.phase)
        self.phase = rollout.phase_open(actor=self.erin, phase=self.phase, reason="All set")
        return self.phase

    def with_vendor(
        self, address: str, *, key: str = "env:BEACON_TEST_VENDOR_KEY", adapter: str = "openai_organization",
        name: str = "main", retention: int = 180, **more: Any,
    ) -> Workspace:  # fmt: skip
        """The workspace `main` (or another) at a running simulator; its retention is on record unless that is 0."""
        self.workspace = vendors.workspace_create(
            actor=self.erin, name=name, title=f"{name.title()} workspace", adapter=adapter, address=address,
            credential=key, seats=1000, approved_owners=["owner@beacon.example"], **more,
        )  # fmt: skip
        if retention:
            vendors.workspace_record_retention(
                actor=self.paula, workspace=self.workspace, days=retention, reason="Records schedule"
            )
        return self.workspace

    # -- living a history ----------------------------------------------------------------------------------------

    def accept(self, employee: Employee) -> None:
        terms.terms_accept(actor=self.as_employee(employee), version=self.version, sha256=self.version.sha256)

    def train(self, employee: Employee, on: date | None = None) -> None:
        training.completion_record(
            actor=self.erin, employee=employee, course=self.course, completed_on=on or clock.today()
        )

    def ask(self, employee: Employee) -> SeatRequest:
        return licenses.request_submit(actor=self.as_employee(employee), task_types=["drafting"])

    def approve(self, request: SeatRequest) -> SeatRequest:
        return licenses.request_approve(actor=self.alice, request=request)

    def holder(self, employee: Employee) -> Seat:
        """An employee of agency A with a granted seat, by every step that people take."""
        self.accept(employee)
        self.train(employee)
        self.approve(self.ask(employee))
        return Seat.objects.get(employee=employee, state="granted")

    def holders(self, count: int) -> list[Seat]:
        """Seats of the first `count` additional people of agency A (build with `more`)."""
        return [self.holder(employee) for employee in self.staff(count)]

    def staff(self, count: int) -> Iterable[Employee]:
        return list(Employee.objects.filter(first_name__startswith="Staff").order_by("employee_id")[:count])
