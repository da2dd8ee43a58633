"""The chapters of the demo's story, in the order in which a state would live them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Actor, Role
from apps.accounts.models import User
from apps.accounts.selectors import actor_for
from apps.agencies import fiction, roster_services
from apps.agencies import services as agencies
from apps.agencies.management.commands.make_roster import AGENCIES, places
from apps.agencies.models import Agency, Employee, RosterRun
from apps.core import clock
from apps.core.task_types import TASK_TYPES
from apps.licenses import services as licenses
from apps.licenses.lifecycle import BACKUP_DAYS
from apps.licenses.models import Seat, SeatRequest
from apps.rollout import services as rollout
from apps.rollout.models import Phase, PhaseAgency
from apps.terms import services as terms
from apps.terms.models import TermsVersion
from apps.training import import_services as training_imports
from apps.training import services as training
from apps.training.models import Course
from apps.vendors import services as vendors
from apps.vendors.models import Workspace
from apps.vendors.planning import group_name
from apps.vendors.sync import sync_workspace
from demo import catalog, incidents, knowledge, usage, vendor
from demo.cast import BY_KEY, CAST
from demo.texts import (
    DECLINES,
    NOTES,
    TERMS,
    TERMS_NEXT,
    TERMS_NEXT_SUMMARY,
    TERMS_SPANISH,
    TERMS_SPANISH_TITLE,
    TERMS_TITLE,
)

# Agencies with criminal-justice information under special rules have a workspace of their own, which their identity
# provider manages.
REGULATED = ("CHS", "POL", "DOC", "PAR", "SOR")
PAROLE, PAROLE_ASKING, PAROLE_DELIVERED = "PAR", 8, 6
SECOND = (("DOR", 600), ("DUA", 400), ("DIA", 120), ("PFM", 150))
THIRD = (("MMA", 400), ("WEL", 800))
ASKING, ALLOCATION, QUEUE = 430, 320, 40
# Days before today: the ground is laid, people are trained, phase 1 opens. From then on they ask week by week and Alice
# decides a day later; the last quarter asked in the last nine days.
GROUND, TRAINED, OPENED = 110, 90, 75
WEEKS_OF_ASKING = range(68, 12, -7)
# Rows of the second night that no reader can use: an unknown agency, an address that is none, a day that does not exist.
REJECTED = (
    "E900001,new.person@mass.example,New,Person,Analyst,XYZ,,active,no,2026-11-02",
    "E900002,no date@mass.example,No,Mail,Analyst,DOR,,active,no,2026-11-02",
    "E900003,odd.date@mass.example,Odd,Date,Analyst,DOR,,active,no,2026-02-31",
)
Chapter = tuple[str, Callable[[], None]]


class Story:
    """Tells the story for a number of people; smaller worlds get the same chapters in proportion.

    `folder` is where the HR files are kept, to look at and to upload again. Services run under the clock of their
    day, so the console shows a past; the audit trail keeps the true time, and so it shows a seeding.
    """

    def __init__(self, employees: int, folder: Path) -> None:
        self.employees, self.folder = employees, folder
        self.dice = random.Random(7)
        self.rows: list[list[str]] = []

    def chapters(self) -> list[Chapter]:
        return [
            (f"{self.employees:,} employees in 72 agencies from an HR file", partial(self.ago, GROUND, self.directory)),
            ("The cast, their roles and the agencies' contacts", partial(self.ago, GROUND, self.people)),
            ("Terms, courses and the contract", partial(self.ago, GROUND, self.ground)),
            ("Training from the learning system", partial(self.ago, TRAINED, self.training)),
            ("Two workspaces at the vendor, looked at for the first time", partial(self.ago, OPENED, self.workspaces)),
            ("Phase 1 opens, phase 2 is held by two gates, phase 3 is planned", partial(self.ago, OPENED, self.phases)),
            ("The Parole Board's people come through the identity provider", self.parole),
            ("Employees of EOTSS accept the terms and ask for seats", self.asking),
            ("Alice approves, declines and leaves a queue", self.deciding),
            ("Ten weeks of use, as the vendor counted them", partial(usage.tell, OPENED)),
            ("Some say how much time it saved them", partial(usage.survey, self.as_employee)),
            ("Some hand their seat back, some do not take part, one is suspended", self.handing_back),
            ("Fourteen use cases, from an idea to a retired one", partial(self.ago, 6, self.catalog)),
            (
                "The knowledge center: tools, articles, questions, the vendor's obligations",
                partial(self.ago, 1, self.knowledge),
            ),
            ("The next night's HR file: leavers, movers, changes, bad rows", self.second_night),
            ("A third file that would separate too many is held", self.third_night),
            ("The next version of the terms is announced, in English and Spanish", self.next_terms),
            ("Incidents: one at the breach desk, one without a name, one not looked at yet", self.incidents),
            ("Two accounts appear at the vendor that nobody decided", self.drift),
        ]

    @staticmethod
    def ago(days: int, chapter: Callable[[], None]) -> None:
        with clock.shifted(timedelta(days=-days)):
            chapter()

    # -- who is who ----------------------------------------------------------------------------------------------

    def actor(self, key: str) -> Actor:
        user = User.objects.get(email__iexact=BY_KEY[key].email)
        found = actor_for(user)
        if found is None:
            raise RuntimeError(f"{user} has left, and the story still needs them.")
        return replace(found, is_fresh=True)

    def as_employee(self, employee: Employee) -> Actor:
        """Somebody without a sign-in of their own in the demo, acting for themselves."""
        return Actor(
            key=f"employee-{employee.pk}", name=str(employee), employee_id=employee.pk, agency_id=employee.agency_id
        )

    def staff(self, agency: str, count: int) -> list[Employee]:
        """Active people of an agency who are not of the cast."""
        people = Employee.objects.filter(agency__code=agency, status="active").exclude(employee_id__startswith="D0")
        return list(people.order_by("employee_id")[:count])

    def share(self, count: int) -> int:
        """`count` for 721 people in EOTSS, in proportion for fewer."""
        there = Employee.objects.filter(agency__code="TSS").count()
        return max(4, round(count * min(1.0, there / 721)))

    # -- chapters ------------------------------------------------------------------------------------------------

    def incidents(self) -> None:
        paula, bob, alice = self.actor("paula"), self.actor("bob"), self.actor("alice")
        self.ago(incidents.FIRST, partial(incidents.earlier, paula, bob))
        self.ago(incidents.SECOND, partial(incidents.lately, paula, bob, alice))
        self.ago(incidents.THIRD, partial(incidents.yesterday, alice))

    def directory(self) -> None:
        agencies.agencies_load(actor=SYSTEM, path=AGENCIES)
        cast = [
            [p.employee_id, p.email, p.first, p.last, p.title, p.agency, "", "active", "no", "2019-05-06", ""]
            for p in CAST
            if p.employee_id
        ]
        crowd = fiction.people(places(), self.employees - len(cast), 1, clock.today())
        self.rows = [*cast, *crowd]
        self.import_rows(SYSTEM, "hr-first-night.csv", self.rows)

    def import_rows(self, actor: Actor, name: str, rows: Iterable[list[str]], *, apply: bool = True) -> RosterRun:
        content = fiction.to_csv(rows)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)
        run = roster_services.roster_receive(actor=actor, file_name=name, content=content)
        run = roster_services.roster_plan(actor=SYSTEM, run=run)
        if apply:
            run = roster_services.roster_confirm(actor=actor, run=run)
            run = roster_services.roster_apply(actor=SYSTEM, run=run)
            if run.state != RosterRun.State.APPLIED:
                raise RuntimeError(f"{name} was not applied: {run.error or run.hold_reasons}")
        return run

    def people(self) -> None:
        for person in CAST:
            user = accounts.user_create(actor=SYSTEM, email=person.email, name=person.name)
            if person.employee_id:
                employee = Employee.objects.get(employee_id=person.employee_id)
                agencies.employee_link_user(actor=SYSTEM, employee=employee, user=user)
        for key, role in (("erin", Role.ADMINISTRATOR), ("victor", Role.ADMINISTRATOR), ("paula", Role.PRIVACY),
                          ("lee", Role.LEADER), ("audrey", Role.AUDITOR)):  # fmt: skip
            accounts.role_grant(actor=SYSTEM, user=User.objects.get(email__iexact=BY_KEY[key].email), role=role)
        for key, kind in (("alice", "primary"), ("adam", "backup"), ("charlie", "primary"), ("cora", "backup")):
            self.contact(Employee.objects.get(employee_id=BY_KEY[key].employee_id), kind)
        for code, count in (("DUA", 2), ("PFM", 2), ("DIA", 1), ("MMA", 2), ("WEL", 1),
                            (PAROLE, 2)):  # fmt: skip
            for employee, kind in zip(self.staff(code, count), ("primary", "backup"), strict=False):
                self.contact(employee, kind)

    def contact(self, employee: Employee, kind: str) -> None:
        agencies.contact_add(actor=self.actor("erin"), employee=employee, agency=employee.agency, kind=kind)

    def ground(self) -> None:
        erin, paula = self.actor("erin"), self.actor("paula")
        draft = terms.terms_draft(actor=paula, title=TERMS_TITLE, body=TERMS)
        terms.terms_publish(actor=paula, version=draft, reason="First version, agreed with the agencies' counsel")
        training.course_create(
            actor=erin, code="AI-101", title="Working with the AI assistant", provider="State learning system",
            url="https://learning.example/ai-101", valid_days=365,
        )  # fmt: skip
        training.course_create(
            actor=erin, code="AI-PRIV", title="Privacy and public records with AI", provider="Privacy office",
            url="https://learning.example/ai-priv",
        )  # fmt: skip
        licenses.contract_create(
            actor=erin, number="26-04261-A", vendor="Assistant vendor", from_on=clock.today(),
            until_on=clock.today() + timedelta(days=3 * 365), seats=40_000, price_per_seat_year=Decimal("108.00"),
        )  # fmt: skip

    def next_terms(self) -> None:
        paula = self.actor("paula")
        draft = terms.terms_draft(
            actor=paula, title=TERMS_TITLE, body=TERMS_NEXT, summary_of_changes=TERMS_NEXT_SUMMARY
        )
        terms.terms_translate(actor=paula, version=draft, language="es", title=TERMS_SPANISH_TITLE, body=TERMS_SPANISH)
        terms.terms_publish(
            actor=paula,
            version=draft,
            on=clock.today() + timedelta(days=10),
            reason="After the questions of the first weeks",
        )

    def training(self) -> None:
        day = clock.today()
        lines = ["employee_id,course,completed_on,score,record_id"]
        people = Employee.objects.filter(status="active").order_by("pk").values_list("employee_id", "agency__code")
        for employee_id, agency in people.iterator():
            likely = 0.88 if agency == "TSS" else 0.30
            if employee_id in {BY_KEY["bob"].employee_id, BY_KEY["dana"].employee_id}:
                continue
            for course in ("AI-101", "AI-PRIV"):
                if self.dice.random() < likely or employee_id == BY_KEY["hana"].employee_id:
                    done = day - timedelta(days=self.dice.randint(0, 15))
                    lines.append(f"{employee_id},{course},{done},{self.dice.randint(80, 100)},{course}-{employee_id}")
        lines += [
            f"E999999,AI-101,{day},90,ghost",
            f"{BY_KEY['erin'].employee_id},AI-999,{day},90,unknown-course",
        ]
        training_imports.completions_import(
            actor=self.actor("erin"), file_name="learning-system.csv", content="\n".join(lines).encode()
        )

    def workspaces(self) -> None:
        regulated = Agency.objects.filter(code__in=REGULATED)
        rest = Agency.objects.exclude(code__in=REGULATED)
        self.workspace(vendor.NAME, "Executive branch", "chatgpt_workspace", list(rest))
        self.workspace(vendor.SAFETY, "Public safety", "idp_managed", list(regulated))
        self.look()

    def workspace(self, name: str, title: str, adapter: str, agencies: list[Agency]) -> None:
        erin, paula = self.actor("erin"), self.actor("paula")
        made = vendors.workspace_create(
            actor=erin, name=name, title=title, adapter=adapter, address=vendor.address(name),
            credential=vendor.CREDENTIAL, seats=36_000 if name == vendor.NAME else 4_000, vendor_ref=vendor.REF,
            rate_limits=vendor.LIMITS,
        )  # fmt: skip
        vendors.agencies_place(actor=erin, workspace=made, agencies=agencies)
        vendors.workspace_record_retention(actor=paula, workspace=made, days=180, reason="Records schedule, item 4")
        vendors.workspace_expect(
            actor=paula, workspace=made, approved_owners=["owner@beacon.example"],
            key_expires_on=clock.today() + timedelta(days=300), reason="Security review of the workspace",
        )  # fmt: skip

    def look(self) -> None:
        """One look at the vendor, without asking for anything: the posture that gates read is of this moment."""
        for workspace in Workspace.objects.all():
            sync_workspace(actor=SYSTEM, workspace=workspace, plan_only=True)

    def phases(self) -> None:
        """One phase opens with every gate passed; one is held by two gates, a waiver asked for; one lies ahead."""
        self.first_phase()
        self.second_phase()
        third = self.phase(3, "Health and assistance", "Notices in plain words.", OPENED + 90, 2000)
        for code, allocation in THIRD:
            self.place(third, code, allocation)
        rollout.phase_schedule(actor=self.actor("erin"), phase=third)

    def first_phase(self) -> None:
        erin = self.actor("erin")
        phase = self.phase(
            1, "EOTSS", "The technology office learns first, so that it can help the others.", 0, 600, lasts=120
        )
        place = self.place(phase, "TSS", self.share(ALLOCATION))
        rollout.phase_agency_attest(
            actor=self.actor("alice"), place=place, evidence="Blocked by the web proxy, change 20817"
        )
        parole = self.place(phase, PAROLE, 20)
        rollout.phase_agency_attest(actor=erin, place=parole, evidence="No public AI tool passes the board's firewall")
        self.sign_off(phase, "Terms, training and retention are in order")
        rollout.phase_schedule(actor=erin, phase=phase)
        rollout.phase_open(actor=erin, phase=phase, reason="All gates pass; steering committee agreed")

    def second_phase(self) -> None:
        erin = self.actor("erin")
        phase = self.phase(2, "Revenue and labor", "Shorter answers to taxpayers and claimants.", OPENED + 35, 1500)
        for code, allocation in SECOND:
            place = self.place(phase, code, allocation)
            if code != "PFM":
                evidence = "Confirmed by the agency's security officer"
                rollout.phase_agency_attest(actor=erin, place=place, evidence=evidence)
        self.sign_off(phase, "Reviewed with Revenue's counsel")
        rollout.phase_schedule(actor=erin, phase=phase)
        reason = "Family and Medical Leave moves to the new proxy before the phase starts"
        rollout.waiver_request(actor=erin, phase=phase, gate="attested", reason=reason)

    def place(self, phase: Phase, code: str, allocation: int) -> PhaseAgency:
        agency = Agency.objects.get(code=code)
        return rollout.phase_agency_add(actor=self.actor("erin"), phase=phase, agency=agency, allocation=allocation)

    def sign_off(self, phase: Phase, reason: str) -> None:
        rollout.phase_sign_off(actor=self.actor("paula"), phase=phase, reason=reason)

    def phase(self, number: int, name: str, goal: str, begins_in: int, cap: int, lasts: int = 60) -> Phase:
        start = clock.today() + timedelta(days=begins_in)
        return rollout.phase_create(
            actor=self.actor("erin"), number=number, name=name, goal=goal, planned_start=start,
            planned_end=start + timedelta(days=lasts), seat_cap=cap, required_courses=["AI-101", "AI-PRIV"],
        )  # fmt: skip

    def parole(self) -> None:
        """Approved ten weeks ago; the identity team has entered all but two of them."""
        contact, _, *people = self.staff(PAROLE, PAROLE_ASKING + 2)
        version = TermsVersion.objects.get(state="published")
        with clock.shifted(timedelta(days=-70)):
            for employee in people:
                actor = self.as_employee(employee)
                terms.terms_accept(actor=actor, version=version, sha256=version.sha256)
                for course in ("AI-101", "AI-PRIV"):
                    training.training_waive(
                        actor=self.actor("paula"), employee=employee, course=Course.objects.get(code=course),
                        until_on=clock.today() + timedelta(days=300), reason="Trained by the board itself",
                    )  # fmt: skip
                licenses.request_submit(actor=actor, task_types=["summaries"], note="")
            waiting = SeatRequest.objects.filter(employee__in=[person.pk for person in people])
            licenses.requests_decide(
                actor=self.as_contact(contact), request_ids=list(waiting.values_list("pk", flat=True)), approve=True
            )
        agency = Agency.objects.get(code=PAROLE)
        delivered = [employee.email for employee in people[:PAROLE_DELIVERED]]
        vendor.identity_provider_pushes(delivered, group_name(agency.code, agency.name))

    def as_contact(self, employee: Employee) -> Actor:
        """A contact without a sign-in of their own, as a request would build them."""
        return Actor(
            key=f"employee-{employee.pk}", name=str(employee), employee_id=employee.pk, agency_id=employee.agency_id,
            roles={Role.CONTACT: frozenset({employee.agency.code})}, agency_ids=frozenset({employee.agency_id}),
        )  # fmt: skip

    def asking(self) -> None:
        version = TermsVersion.objects.get(state="published")
        bob, hana, alice = (
            Employee.objects.get(employee_id=BY_KEY[key].employee_id) for key in ("bob", "hana", "alice")
        )
        crowd = self.staff("TSS", self.share(ASKING))
        lately = len(crowd) * 3 // 4
        self.asking_by_the_week(crowd[:lately], version)
        people = [bob, hana, *crowd[lately:], alice]
        for position, employee in enumerate(people):
            # One after the other over nine days, the last of them an hour ago.
            ago = timedelta(days=9) * (1 - position / len(people)) + timedelta(hours=1)
            with clock.shifted(-ago):
                self.ask(employee, version, accepts=employee in (bob, hana, alice) or self.dice.random() < 0.9)

    def asking_by_the_week(self, crowd: list[Employee], version: TermsVersion) -> None:
        weeks = len(WEEKS_OF_ASKING)
        for week, ago in enumerate(WEEKS_OF_ASKING):
            with clock.shifted(timedelta(days=-ago)):
                for employee in crowd[week::weeks]:
                    self.ask(employee, version, accepts=self.dice.random() < 0.9)
            with clock.shifted(timedelta(days=1 - ago)):
                waiting = SeatRequest.objects.filter(state="submitted", employee__agency__code="TSS")
                licenses.requests_decide(
                    actor=self.actor("alice"), request_ids=list(waiting.values_list("pk", flat=True)), approve=True,
                    reason="Welcome",
                )  # fmt: skip

    def ask(self, employee: Employee, version: TermsVersion, *, accepts: bool) -> None:
        actor = self.as_employee(employee)
        if accepts:
            terms.terms_accept(actor=actor, version=version, sha256=version.sha256)
        licenses.request_submit(
            actor=actor, task_types=self.dice.sample(sorted(TASK_TYPES), self.dice.randint(1, 3)),
            note=self.dice.choice(NOTES),
        )  # fmt: skip

    def deciding(self) -> None:
        """Most are approved. Some wait, a few of them for days; Alice's own is not hers to decide."""
        alice = self.actor("alice")
        first, *others = (
            SeatRequest.objects.filter(state="submitted").exclude(employee=alice.employee_id).order_by("pk")
        )
        second, *crowd = others
        late = clock.now() - timedelta(days=BACKUP_DAYS)
        old, new = ([r for r in crowd if (r.submitted_at < late) == is_old] for is_old in (True, False))
        quarter = self.share(QUEUE) // 4
        queue = {*self.dice.sample(old, quarter), *self.dice.sample(new, min(len(new), self.share(QUEUE) - quarter))}
        rest = [request for request in crowd if request not in queue]
        declined = self.dice.sample(rest, self.share(8))
        for number, request in enumerate(declined):
            licenses.request_decline(actor=alice, request=request, reason=DECLINES[number % len(DECLINES)])
        for request in sorted(queue, key=lambda one: -one.pk)[: self.share(4) // 2]:
            employee = Employee.objects.get(pk=request.employee_id)
            licenses.request_withdraw(actor=self.as_employee(employee), request=request)
        approved = [first.pk, second.pk, *(r.pk for r in rest if r not in declined)]
        licenses.requests_decide(actor=alice, request_ids=approved, approve=True, reason="Welcome")

    def handing_back(self) -> None:
        holders = Employee.objects.filter(seats__state="granted", agency__code="TSS").exclude(
            employee_id__startswith="D0"
        )
        for employee in list(holders.order_by("-pk")[: self.share(9)]):
            licenses.seat_hand_back(actor=self.as_employee(employee))
        seat = Seat.objects.filter(state="granted", employee__in=self.staff("TSS", 700)).order_by("pk").first()
        if seat is not None:
            licenses.seat_suspend(
                actor=self.actor("paula"),
                seat=seat,
                code="incident",
                reason="Restricted data were entered; under review",
            )
        for employee in self.staff("TSS", 700)[-self.share(12) :]:
            if not employee.seat_requests.exists():
                licenses.participation_decline(actor=self.as_employee(employee))

    def catalog(self) -> None:
        catalog.tell(self)

    def knowledge(self) -> None:
        knowledge.tell(self)

    def second_night(self) -> None:
        crowd = list(range(len(BY_KEY), len(self.rows)))
        holders = set(Employee.objects.filter(seats__state="granted").values_list("employee_id", flat=True))
        holding = [at for at in crowd if self.rows[at][0] in holders]
        gone = set(self.dice.sample([at for at in crowd if at not in holding], 17) + holding[:3])
        movers = [at for at in self.dice.sample(crowd, 40) if at not in gone][:13] + [
            at for at in holding[5:7] if at not in gone
        ]
        rows = [list(row) for row in self.rows]
        for at in movers:
            rows[at][5] = "DOR" if rows[at][5] != "DOR" else "DUA"
        for at in self.dice.sample(crowd, min(300, len(crowd) // 20)):
            rows[at][4] = f"Senior {rows[at][4]}"
        kept = [row for at, row in enumerate(rows) if at not in gone]
        self.rows = [list(row) for row in kept]
        kept += [[*row.split(","), ""] for row in REJECTED]
        self.import_rows(self.actor("erin"), "hr-second-night.csv", kept)

    def third_night(self) -> None:
        cut = [row for row in self.rows if not (row[5] == "DOB" and row[0] > "D")]
        self.import_rows(self.actor("erin"), "hr-third-night.csv", cut, apply=False)

    def drift(self) -> None:
        self.look()
        without = Employee.objects.filter(agency__code="TSS", status="active", seats=None).exclude(
            employee_id__startswith="D0"
        )
        somebody = without.order_by("-pk")[0]
        vendor.add_members(
            {"email": somebody.email, "name": str(somebody), "role": "reader"},
            {"email": "trial.account@vendor.example", "name": "Trial Account", "role": "reader"},
        )
