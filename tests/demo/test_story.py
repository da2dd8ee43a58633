"""The demo's cast, and its whole story in a small world against a real simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee, RosterRun
from apps.audit.selectors import verify
from apps.licenses.models import Seat, SeatRequest
from apps.licenses.selectors import ledger
from apps.rollout.gates import gates_of
from apps.rollout.models import GateWaiver, Phase
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Drift, Operation, Workspace
from apps.vendors.sync import sync_workspace
from demo import seed
from demo.cast import CAST
from simulator.testing import RunningSimulator


def test_the_cast_is_told_apart() -> None:
    for name in ("key", "name", "email"):
        assert len({getattr(person, name) for person in CAST}) == len(CAST)


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(180)
def test_the_story_of_a_small_world(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", simulator.base_url.rsplit(":", 1)[1])
    monkeypatch.setenv("BEACON_DEMO_VENDOR_KEY", simulator.admin_key)
    said: list[str] = []
    seed.tell(4000, said.append)
    assert said[-1].endswith("The story is told.")
    assert Employee.objects.count() == 4000
    assert dict(Phase.objects.values_list("number", "state")) == {1: "open", 2: "scheduled", 3: "scheduled"}
    blocking = {gate.result.code for gate in gates_of(Phase.objects.get(number=2)) if not gate.lets_through}
    assert blocking == {"contacts", "attested"}
    assert not GateWaiver.objects.get().is_confirmed
    assert set(SeatRequest.objects.values_list("state", flat=True)) >= {"submitted", "approved", "declined"}
    assert set(Seat.objects.values_list("state", flat=True)) >= {"held", "granted", "released"}
    assert RosterRun.objects.filter(state="held").count() == 1
    assert all(line.balances for line in ledger())
    assert Operation.objects.filter(state="pending", kind="invite").exists()
    workspace = Workspace.objects.get()
    dispatch(workspace)
    simulator.accept_all()
    sync_workspace(actor=SYSTEM, workspace=workspace)
    assert set(Drift.objects.filter(state="open").values_list("kind", flat=True)) == {"orphan", "unmanaged"}
    assert verify().is_intact
    client = Client()
    assert client.get(reverse("demo:sign_in")).status_code == 200
    for person in CAST:
        answer = client.post(reverse("demo:sign_in"), {"person": person.key, "next": "https://elsewhere.example/"})
        assert answer["Location"] == "/"
        assert client.get("/").status_code == 200, person.key
    assert client.post(reverse("demo:sign_in"), {"person": "mallory"}).status_code == 200
