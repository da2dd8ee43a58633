"""The demo's story, told for a small state against a real simulator: what a visitor finds, and that it comes to rest."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Agency, Employee, RosterLine, RosterRun
from apps.audit.models import AuditEvent
from apps.audit.selectors import verify
from apps.catalog.models import UseCase
from apps.core import clock
from apps.incidents.models import BreachAssessment, Incident
from apps.licenses.eligibility import next_step
from apps.licenses.models import OptOut, Seat, SeatRequest
from apps.licenses.selectors import facts_for, ledger, ledger_of_phase, waiting_list
from apps.rollout.gates import gates_of
from apps.rollout.models import GateWaiver, Phase
from apps.terms.models import Acceptance, TermsVersion
from apps.training.models import Completion, CompletionImport
from apps.vendors.dispatch import dispatch
from apps.vendors.memberships import memberships
from apps.vendors.models import Operation, VendorAccount, VendorGroup, VendorInvite, Workspace
from apps.vendors.sync import sync_workspace
from demo import seed, vendor
from demo.cast import BY_KEY, CAST
from demo.house import KEY, KEY_NAME
from simulator.testing import RunningSimulator, start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("story")]
EMPLOYEES = 6_000


@pytest.fixture
def simulated(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSimulator]:
    """Two simulators of the demo's own, and settings that point at them."""
    monkeypatch.setenv(KEY_NAME, KEY)
    with (
        start(tmp_path / "vendor.sqlite3", workspace_key=KEY) as running,
        start(tmp_path / "second.sqlite3", workspace_key=KEY) as second,
    ):
        ports = [urlsplit(one.base_url).port for one in (running, second)]
        settings.ENV = replace(
            settings.ENV, simulator_port=ports[0], second_simulator_port=ports[1], home=tmp_path
        )  # fmt: skip
        yield running


def cast_member(key: str) -> Employee:
    return Employee.objects.get(employee_id=BY_KEY[key].employee_id)


def test_the_story_and_its_end(simulated: RunningSimulator) -> None:
    said: list[str] = []
    seed.tell(EMPLOYEES, said.append)
    assert said[-1].endswith("The story is told.")
    directory_stands()
    rollout_stands()
    seats_stand()
    the_catalog_has_every_state()
    incidents_stand()
    everyone_finds_a_home()
    second_start_changes_nothing()
    vendor_follows(simulated)
    assert verify().problem == ""


def directory_stands() -> None:
    first, second, third = RosterRun.objects.order_by("pk")
    assert [first.state, second.state, third.state] == ["applied", "applied", "held"]
    assert first.counts["joins"] == EMPLOYEES
    assert (second.counts["leavers"], second.counts["rejected"]) == (20, 3)
    assert 10 <= second.counts["moves"] <= 15
    assert second.counts["changes"] > 50
    assert all(RosterLine.objects.filter(run=second, kind="reject").values_list("reason", flat=True))
    assert third.hold_reasons
    assert third.proposed_by == BY_KEY["erin"].name
    assert first.created_at <= second.created_at <= third.created_at
    assert Agency.objects.filter(workspace=vendor.SAFETY).count() == 5
    run = CompletionImport.objects.get()
    assert len(run.rejected) == 2
    assert Completion.objects.count() == run.added > EMPLOYEES / 3


def rollout_stands() -> None:
    first, second, third = Phase.objects.order_by("number")
    assert [first.state, second.state, third.state] == ["open", "scheduled", "scheduled"]
    assert first.opened_at is not None
    assert clock.now() - first.opened_at > timedelta(days=13)
    held_by = {gate.result.code for gate in gates_of(second) if not gate.lets_through}
    assert held_by == {"contacts", "attested"}
    assert not GateWaiver.objects.get(phase=second).is_confirmed
    assert third.planned_start > clock.today()


def seats_stand() -> None:
    states = Counter(SeatRequest.objects.values_list("state", flat=True))
    assert all(states[state] for state in ("submitted", "approved", "declined", "withdrawn"))
    assert all(SeatRequest.objects.filter(state="declined").values_list("decision_reason", flat=True))
    seats = Counter(Seat.objects.values_list("state", flat=True))
    assert all(seats[state] for state in ("held", "granted", "suspended", "released")), seats
    assert {"handed_back", "separated"} <= set(Seat.objects.filter(state="released").values_list("reason", flat=True))
    assert Seat.objects.filter(state="suspended", reason="incident").exists()
    assert waiting_list(Agency.objects.get(code="TSS").pk).exists()
    assert OptOut.objects.exists()
    assert all(line.balances for line in [*ledger(), *ledger_of_phase(Phase.objects.get(number=1).pk)])
    nobody_asked_before_the_phase_opened()
    version = TermsVersion.objects.get(state="published")
    assert Acceptance.objects.filter(version=version, sha256=version.sha256).count() > 30
    steps = {key: next_step(facts_for(cast_member(key).pk)) for key in ("bob", "hana", "dana")}
    assert {key: step and step.code for key, step in steps.items()} == {
        "bob": "training",
        "hana": None,
        "dana": "terms",
    }


def the_catalog_has_every_state() -> None:
    states = set(UseCase.objects.values_list("state", flat=True))
    assert states == {state.value for state in UseCase.State} - {"withdrawn"}
    assert UseCase.objects.filter(agencies_using__gte=3).exists()


def incidents_stand() -> None:
    states = Counter(Incident.objects.values_list("state", flat=True))
    assert states == {"new": 1, "triage": 1, "investigating": 1, "contained": 1, "closed": 1, "dismissed": 1}
    assert BreachAssessment.objects.get().decision == "undecided"
    assert Incident.objects.get(is_anonymous=True).timeline.filter(kind="question").exists()


def nobody_asked_before_the_phase_opened() -> None:
    opened = Phase.objects.get(number=1).opened_at
    assert opened is not None
    asked = SeatRequest.objects.order_by("submitted_at").values_list("submitted_at", flat=True)
    assert opened < asked[0]
    assert list(asked) == list(SeatRequest.objects.order_by("pk").values_list("submitted_at", flat=True))
    queue = SeatRequest.objects.filter(state="submitted")
    late = clock.now() - timedelta(days=3)
    assert queue.filter(submitted_at__lt=late).exists()
    assert queue.filter(submitted_at__gt=late).exists()
    assert queue.filter(employee=cast_member("alice")).exists(), "her own request waits for somebody else"


def everyone_finds_a_home() -> None:
    client = Client()
    for person in CAST:
        assert client.post(reverse("demo:sign_in"), {"person": person.key})["Location"] == "/"
        assert client.get("/").status_code == 200, person.key


def second_start_changes_nothing() -> None:
    events, said = AuditEvent.objects.count(), list[str]()
    assert seed.prepare(said.append) == 0
    assert said == ["The data of the last time are here."]
    assert AuditEvent.objects.count() == events


def vendor_follows(simulated: RunningSimulator) -> None:
    """Worker and beat do this live; here their rounds are made by hand."""
    assert Operation.objects.filter(state="pending", kind="invite").exists(), "the vendor's side is left to be watched"
    workspace = Workspace.objects.get(name=vendor.NAME)
    for _ in range(3):
        dispatch(workspace)
        simulated.accept_all()
        run = sync_workspace(actor=SYSTEM, workspace=workspace).run
        assert (run.state, run.problems) == ("done", [])
    assert not Operation.objects.exclude(state__in=["done", "superseded"]).exists()
    granted = Seat.objects.filter(state="granted", agency__workspace=vendor.NAME)
    holders = set(granted.values_list("employee_id", flat=True))
    ours = VendorAccount.objects.filter(gone_at=None, is_ours=True)
    assert set(ours.values_list("employee_id", flat=True)) == holders
    group = VendorGroup.objects.get(agency__code="TSS")
    assert all(
        groups == [group.vendor_id]
        for groups in ours.filter(employee__agency__code="TSS").values_list("groups", flat=True)
    )
    assert Counter(workspace.drifts.filter(state="open").values_list("kind", flat=True)) == {
        "orphan": 1,
        "unmanaged": 1,
    }
    invites = VendorInvite.objects.filter(workspace=workspace).count()
    assert simulated.request_total("POST", "/v1/manage/workspaces/{workspace_id}/invites") == invites
    safety = Workspace.objects.get(name=vendor.SAFETY)
    sync_workspace(actor=SYSTEM, workspace=safety)
    assert Counter(safety.drifts.filter(state="open").values_list("kind", flat=True)) == {"ghost": 2}
    assert Counter(line.step for line in memberships(safety)) == {"keep": 6, "add": 2}


def test_an_unfinished_seeding_is_named_and_nothing_is_deleted(simulated: RunningSimulator) -> None:
    Agency.objects.create(code="TSS", name="Somebody's own")
    said: list[str] = []
    assert seed.prepare(said.append) == 1
    assert "make demo-reset" in said[0]
    assert Agency.objects.count() == 1


def test_the_record_follows_a_simulator_at_another_port(simulated: RunningSimulator, settings: Settings) -> None:
    workspace = Workspace.objects.create(
        name=vendor.NAME, title="Executive branch", adapter="chatgpt_workspace", credential=vendor.CREDENTIAL,
        address="http://127.0.0.1:1/v1",
    )  # fmt: skip
    vendor.found_again()
    vendor.found_again()
    workspace.refresh_from_db()
    assert workspace.address == vendor.address()
    assert AuditEvent.objects.filter(verb="vendors.workspace.readdressed").count() == 1
    assert os.environ[KEY_NAME] == KEY
