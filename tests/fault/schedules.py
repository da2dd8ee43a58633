"""One office under any order of events: what people do, what breaks, and what must be true all the same.

`Machine` is Hypothesis's rule-based state machine; `test_schedules.py` runs it. Nothing waits: time is pushed, and a
crash is an exception that nobody catches at one of the named failpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee
from apps.core import clock
from apps.core.errors import BeaconError
from apps.licenses import protection_services as protection
from apps.licenses import services as licenses
from apps.licenses.eligibility import decide
from apps.licenses.models import EmergencyStop, LegalHold, Seat
from apps.licenses.selectors import facts_of, ledger, ledger_of_phase
from apps.licenses.tasks import sweep
from apps.vendors import services
from apps.vendors.dispatch import dispatch
from apps.vendors.errors import SyncUnderWay
from apps.vendors.models import Operation, SyncRun, Workspace
from apps.vendors.sync import LEASE, sync_workspace
from tests.factories.cast import import_rows
from tests.factories.kept import Rows
from tests.fault import truth
from tests.fault.conftest import Office

PEOPLE = 7
STRANGER, SERVICE, MANAGED = "stranger@else.example", "robot@mass.example", "staff107.aaa.a107@mass.example"
APART = frozenset({truth.OWNER, SERVICE, MANAGED})
WRITES = (
    "POST /invites", "DELETE /invites/{invite_id}", "DELETE /users/{user_id}", "POST /groups",
    "POST /groups/{group_id}/users",
)  # fmt: skip
LISTS = ("GET /users", "GET /invites", "GET /groups")
WRITE_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("drop_before", {}), ("drop_after", {}), ("status", {"status": 500}), ("status", {"status": 503, "applied": True}),
    ("status", {"status": 409}), ("status", {"status": 429, "retry_after": "none"}), ("html_200", {}),
    ("truncated_json", {}),
)  # fmt: skip
LIST_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500}), ("truncated_json", {}), ("empty_has_more", {}), ("skipped_row", {"row": 1}),
    ("repeated_row", {"row": 1}), ("missing_field", {"field": "id", "row": 1}),
)  # fmt: skip
CRASHES = ("after_claim", "after_vendor_call", "after_recording", "after_observing", "before_commit_decision")
who = st.integers(0, PEOPLE - 1)
several = st.sets(who, min_size=1, max_size=5)


class Killed(BaseException):
    """The worker ends between two lines."""


class Crash:
    """Stands in for `failpoint` in the modules under test: armed, it kills the first who passes its point."""

    def __init__(self) -> None:
        self.armed = ""

    def __call__(self, name: str) -> None:
        if name == self.armed:
            self.armed = ""
            raise Killed


class Machine(RuleBasedStateMachine):
    """Seven people of agency A, six seats for them and three in agency B; one workspace at a running stand-in."""

    office: ClassVar[Office]
    rows: ClassVar[Rows]
    crash: ClassVar[Crash]

    @initialize(active=st.booleans())
    def begin(self, active: bool) -> None:
        """Four people hold seats; their invitations wait to be sent, or their accounts are there already."""
        self.rows.put_back()
        self.crash.armed = ""
        self.world, self.simulator = self.office.world, self.office.simulator
        self.simulator.clear_faults()
        self.simulator.reset(accept_rate=0.0)
        self.simulator.add_members(
            [{"email": SERVICE, "is_service_account": True}, {"email": MANAGED, "is_scim_managed": True}]
        )
        self.time = time_machine.travel(clock.now(), tick=True)
        self.traveller = self.time.start()
        self.file = {r[0]: list(r) for r in self.world.rows}
        self.people = [f"A10{n}" for n in range(PEOPLE)]
        self.lag, self.by_hand = 0, set[str]()
        self.faults: list[tuple[str, str, dict[str, Any]]] = []
        if active:
            self.a_quiet_day()

    def teardown(self) -> None:
        try:
            if hasattr(self, "time"):
                self.quiet()
                self.check_end()
        finally:
            if hasattr(self, "time"):
                self.time.stop()

    # ---- what people decide ------------------------------------------------------------------------------------------

    def person(self, number: int) -> Employee:
        return Employee.objects.select_related("agency").get(employee_id=self.people[number])

    def act(self, what: Callable[[], object]) -> None:
        """Do it, unless Beacon says why not, or the process dies on the way: then it was not done at all."""
        with suppress(BeaconError, Killed):
            what()

    @rule(some=several)
    def ask_and_are_approved(self, some: set[int]) -> None:
        for person in map(self.person, sorted(some)):
            chief = self.world.alice if person.agency_id == self.world.a.pk else self.world.charlie
            self.act(lambda: licenses.request_approve(actor=chief, request=self.world.ask(person)))  # noqa: B023 - done before the loop goes on

    @rule(some=several)
    def hand_back(self, some: set[int]) -> None:
        for person in map(self.person, sorted(some)):
            self.act(lambda: self.office.hand_back(person))  # noqa: B023 - as above

    @rule(n=who)
    def suspend_or_restore(self, n: int) -> None:
        seat = Seat.objects.filter(employee=self.person(n)).exclude(state="released").first()
        if seat and seat.state == "granted":
            self.act(
                lambda: licenses.seat_suspend(actor=self.world.erin, seat=seat, code="incident", reason="Phishing")
            )
        elif seat:
            self.act(lambda: licenses.seat_restore(actor=self.world.erin, seat=seat, reason="Settled"))

    @rule(n=who, change=st.sampled_from(["left", "active", "AAA", "BBB"]))
    def hr_file(self, n: int, change: str) -> None:
        fresh = self.file[self.people[n]]
        if change in {"AAA", "BBB"}:
            fresh[5] = change
        else:
            fresh[7] = "separated" if change == "left" else "active"
        self.act(lambda: import_rows(list(self.file.values())))

    @rule()
    def half_an_hr_file(self) -> None:
        assert import_rows(list(self.file.values())[: len(self.file) // 2]).state == "held"

    @rule(release=st.booleans())
    def held_run(self, release: bool) -> None:
        run = SyncRun.objects.filter(state="held").first()
        if run and release:
            self.act(lambda: services.run_release(actor=self.world.eve, run=run, number=run.removals, reason="Right"))
        elif run:
            self.act(lambda: services.run_discard(actor=self.world.eve, run=run, reason="Wrong"))

    @rule(n=who, everyone=st.booleans())
    def stop_or_lift(self, n: int, everyone: bool) -> None:
        active = EmergencyStop.objects.filter(lifted_at=None).first()
        erin = self.world.erin
        if active:
            self.act(lambda: protection.stop_lift(actor=erin, stop=active, reason="Over"))
        elif everyone:
            live = Seat.objects.filter(state="granted").count()
            self.act(lambda: protection.stop_start(actor=erin, scope="everyone", reason="Leak", number=live))
        else:
            person = self.person(n)
            self.act(lambda: protection.stop_start(actor=erin, scope="person", reason="Leak", employee=person))

    @rule(n=who)
    def legal_hold(self, n: int) -> None:
        person = self.person(n)
        hold = LegalHold.objects.filter(employee=person, ended_at=None).first()
        paula = self.world.paula
        if hold:
            self.act(lambda: protection.hold_end(actor=paula, hold=hold, reason="Closed"))
        else:
            self.act(lambda: protection.hold_place(actor=paula, employee=person, matter="22-104", reason="Counsel"))

    # ---- what happens at the vendor ----------------------------------------------------------------------------------

    @rule(n=who)
    def accepts(self, n: int) -> None:
        if any(
            i["status"] == "pending" and i["email"] == self.person(n).email
            for i in truth.listed(self.simulator, "invites")
        ):
            self.simulator.accept(self.person(n).email)

    @rule()
    def all_accept(self) -> None:
        self.simulator.accept_all()

    @rule(n=st.integers(0, PEOPLE))
    def owner_adds(self, n: int) -> None:
        email = self.person(n).email if n < PEOPLE else STRANGER
        if email.lower() not in self.members():
            self.simulator.add_members([email])

    @rule(n=st.integers(0, PEOPLE))
    def owner_invites(self, n: int) -> None:
        email = self.person(n).email if n < PEOPLE else STRANGER
        if email.lower() not in self.members() and email.lower() not in truth.pending(self.simulator):
            self.simulator.call("POST", "/v1/organization/invites", {"email": email, "role": "reader"})
            self.by_hand.add(email.lower())

    @rule(some=several)
    def owner_removes(self, some: set[int]) -> None:
        self.simulator.remove_members([self.person(n).email for n in some])

    @rule(seconds=st.sampled_from([0, 60, 300]))
    def lists_trail(self, seconds: int) -> None:
        self.lag = seconds

    @rule(route=st.sampled_from(WRITES), fault=st.sampled_from(WRITE_FAULTS), times=st.integers(1, 3))
    def write_fails(self, route: str, fault: tuple[str, dict[str, Any]], times: int) -> None:
        self._fault(route, fault, times)

    @rule(route=st.sampled_from(LISTS), fault=st.sampled_from(LIST_FAULTS))
    def list_fails(self, route: str, fault: tuple[str, dict[str, Any]]) -> None:
        self._fault(route, fault, 1)

    def _fault(self, route: str, fault: tuple[str, dict[str, Any]], times: int) -> None:
        self.faults.append((self.office.route(*route.split()), fault[0], {"times": times, **fault[1]}))

    # ---- what the machine does ---------------------------------------------------------------------------------------

    @rule(point=st.sampled_from(CRASHES))
    def dies_next_time(self, point: str) -> None:
        self.crash.armed = point

    def a_quiet_day(self) -> None:
        self.send()
        self.simulator.accept_all()
        self.look()
        self.send()

    # Several rules say "tick": Hypothesis leaves some rules out of each schedule, and without a tick nothing happens.

    @rule(minutes=st.sampled_from([0, 1]))
    def soon(self, minutes: int) -> None:
        self.tick(minutes)

    @rule()
    def once_leases_have_ended(self) -> None:
        self.tick(4)

    @rule(again=st.booleans())
    def later(self, again: bool) -> None:
        self.tick(20)
        if again:
            self.simulator.accept_all()
            self.tick(1)

    def tick(self, minutes: int) -> None:
        self.passes(minutes)
        members, granted, held = self.members(), truth.granted(), self.on_hold()
        self.breaks()
        for step in (sweep, self.send, self.look, self.send):
            try:
                step()
            except Killed:
                break
        self.mends()
        kept = (members & granted & truth.granted()) | (members & held)
        assert kept <= self.members(), (
            f"removed although they hold a seat or are under legal hold: {kept - self.members()}"
        )
        self.check_pending()

    def passes(self, minutes: int) -> None:
        self.traveller.shift(timedelta(minutes=minutes))
        self.simulator.advance(minutes * 60)

    def breaks(self) -> None:
        """What was to go wrong at the vendor goes wrong during this tick alone, so that the test itself sees clearly."""
        if self.lag:
            self.simulator.settings(read_lag_seconds=self.lag)
        for route, kind, options in self.faults:
            self.simulator.fault(route, kind, **options)

    def mends(self) -> None:
        if self.lag:
            self.simulator.settings(read_lag_seconds=0)
        if self.faults:
            self.simulator.clear_faults()
            self.faults = []

    def send(self) -> None:
        dispatch(Workspace.objects.get(), budget=0.5)

    def look(self) -> None:
        workspace = Workspace.objects.get()
        try:
            sync_workspace(actor=SYSTEM, workspace=workspace)
        except SyncUnderWay:
            return
        except Killed:
            # Who dies cleans nothing up: neither lease nor run.
            Workspace.objects.update(lease_until=clock.now() + LEASE)
            raise

    def quiet(self) -> None:
        """The faults end; after at most three ticks, far enough apart for leases and pauses, all is as decided."""
        self.crash.armed, self.lag, self.faults = "", 0, []
        for _ in range(3):
            Operation.objects.filter(state="retry").update(next_attempt_at=clock.now())
            self.tick(20)

    # ---- what must be true -------------------------------------------------------------------------------------------

    def members(self) -> set[str]:
        return truth.members(self.simulator)

    def on_hold(self) -> set[str]:
        return {e.lower() for e in LegalHold.objects.filter(ended_at=None).values_list("employee__email", flat=True)}

    @invariant()
    def the_ledger_balances(self) -> None:
        if hasattr(self, "time"):
            assert all(line.balances for line in [*ledger(), *ledger_of_phase(self.world.phase.pk)])

    def check_pending(self) -> None:
        twice = {email for email, count in truth.pending(self.simulator).items() if count > 1}
        assert twice <= self.by_hand
        sent = self.simulator.requests("POST", self.office.base + "/invites")
        assert {str(call["body"]["email"]).lower() for call in sent} <= truth.ever_granted() | self.by_hand

    def check_end(self) -> None:
        now = clock.now()
        wrong = [f for f in facts_of() if (move := decide(f, now)) and move.verb in {"suspend", "release", "grant"}]
        assert not wrong
        differences = truth.differences(self.simulator, apart=APART)
        assert differences == [], (differences, truth.history())
        assert truth.usable(self.simulator) >= APART
