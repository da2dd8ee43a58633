"""The pure core as tables of cases: eligibility, reconciliation, lifecycles, permissions, cells, the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.actors import SYSTEM, Actor, Role
from apps.agencies.lifecycle import ROSTER_RUN
from apps.core.errors import IllegalTransition, NotPermitted
from apps.core.lifecycle import Lifecycle
from apps.core.spreadsheets import safe_cell
from apps.licenses.eligibility import Facts, decide, next_step, requirements
from apps.licenses.lifecycle import REQUEST, SEAT
from apps.rollout.lifecycle import PHASE
from apps.terms.lifecycle import TERMS
from apps.vendors import reconcile
from apps.vendors.lifecycle import DRIFT, OPERATION, SYNC
from apps.vendors.reconcile import Wanted
from config.env import ROOT, BadEnvironment, read

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
READY = Facts(
    employee_id=1, status="active", agency_id=1, workspace="main", place_id=1, phase_id=1, phase_number=1,
    phase_state="open", training_required=True, missing_courses=[], terms_ok=True, request_id=1,
    request_state="approved", decided_at=NOW, seat_id=1, seat_state="held", seat_reason="approved", seat_since=NOW,
    seat_agency_id=1, seat_phase_id=1, seat_contract_id=1, has_opted_out=False,
)  # fmt: skip
GRANTED = READY._replace(seat_state="granted")
SUSPENDED = READY._replace(seat_state="suspended", seat_reason="terms")
NO_SEAT = READY._replace(seat_id=None, seat_state=None, seat_agency_id=None, seat_phase_id=None)


@pytest.mark.parametrize(
    ("facts", "verb", "reason"),
    [
        (NO_SEAT, "hold", "approved"),
        (NO_SEAT._replace(phase_state="closed"), "hold", "approved"),
        (NO_SEAT._replace(phase_state="paused"), None, None),
        (NO_SEAT._replace(phase_state="scheduled"), None, None),
        (NO_SEAT._replace(request_state="submitted"), None, None),
        (NO_SEAT._replace(status="leave"), None, None),
        (READY, "grant", "met"),
        (READY._replace(terms_ok=False), None, None),
        (READY._replace(missing_courses=["AI-101"]), None, None),
        (READY._replace(missing_courses=["AI-101"], training_required=False), "grant", "met"),
        (READY._replace(workspace=""), None, None),
        (READY._replace(phase_state="paused"), None, None),
        (READY._replace(phase_state="rolled_back"), "release", "agency_left"),
        (READY._replace(status="separated"), "release", "separated"),
        (GRANTED, None, None),
        (GRANTED._replace(status="leave"), None, None),
        (GRANTED._replace(phase_state="paused"), None, None),
        (GRANTED._replace(terms_ok=False), "suspend", "terms"),
        (GRANTED._replace(missing_courses=["AI-101"]), "suspend", "training"),
        (GRANTED._replace(phase_state="rolled_back"), "suspend", "rolled_back"),
        (GRANTED._replace(status="separated"), "release", "separated"),
        (GRANTED._replace(agency_id=2, phase_id=2), "transfer", "approved"),
        (GRANTED._replace(agency_id=2, phase_id=None, phase_state=None), "suspend", "moved"),
        (SUSPENDED, "restore", "met"),
        (SUSPENDED._replace(terms_ok=False), None, None),
        (SUSPENDED._replace(seat_reason="incident"), None, None),
        (SUSPENDED._replace(seat_reason="incident", seat_since=NOW - timedelta(days=31)), "release", "lapsed"),
        (SUSPENDED._replace(status="separated"), "release", "separated"),
    ],
)
def test_what_a_seat_must_do(facts: Facts, verb: str | None, reason: str | None) -> None:
    move = decide(facts, NOW)
    assert (move is None) == (verb is None)
    if move is not None:
        assert (move.verb, move.reason) == (verb, reason)


@pytest.mark.parametrize(
    ("facts", "code", "owner"),
    [
        (NO_SEAT._replace(terms_ok=False, request_state=None, missing_courses=["X"]), "terms", "You"),
        (NO_SEAT._replace(request_state=None, missing_courses=["X"]), "training", "You"),
        (NO_SEAT._replace(request_state=None), "approval", "You"),
        (NO_SEAT._replace(request_state="submitted"), "approval", "Your agency's contact"),
        (NO_SEAT, "capacity", "EOTSS"),
        (NO_SEAT._replace(request_state=None, phase_state="scheduled"), "phase", "EOTSS"),
        (READY._replace(workspace=""), "placement", "EOTSS"),
    ],
)
def test_the_single_next_step_and_who_owes_it(facts: Facts, code: str, owner: str) -> None:
    step = next_step(facts)
    assert step is not None
    assert (step.code, step.owner) == (code, owner)


def test_a_holder_owes_nothing() -> None:
    assert next_step(GRANTED) is None
    assert all(requirement.is_met for requirement in requirements(GRANTED))


@pytest.mark.parametrize(
    ("removals", "members", "before", "held"),
    [
        (0, 0, 1000, False),
        (25, 1000, 1000, False),
        (26, 1000, 1000, True),
        (1, 0, 1000, True),
        (1, 799, 1000, True),
        (1, 801, 1000, False),
    ],
)
def test_the_guard_stops_before_the_first_call(removals: int, members: int, before: int, held: bool) -> None:
    wanted = [Wanted("remove", f"p{n}", n, "", "", agency_id=n) for n in range(removals)]
    per_agency = dict.fromkeys(range(removals), 100)
    assert bool(reconcile.hold_reasons(wanted, members, before, per_agency)) is held


def test_the_guard_knows_agencies() -> None:
    wanted = [Wanted("remove", f"p{n}", n, "", "", agency_id=1) for n in range(4)]
    assert reconcile.hold_reasons(wanted, 1000, 1000, {1: 20})
    assert not reconcile.hold_reasons(wanted, 1000, 1000, {1: 400})


# ---- the rest of the core ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "machine", [REQUEST, SEAT, PHASE, TERMS, OPERATION, SYNC, DRIFT, ROSTER_RUN], ids=lambda m: m.name
)
def test_every_state_can_be_reached_and_final_states_are_final(machine: Lifecycle) -> None:
    reached = set(machine.initial)
    while more := {new for old, new in machine.pairs() if old in reached} - reached:
        reached |= more
    assert reached == set(machine.states)
    final = machine.states - machine.open_states
    assert final or machine is DRIFT
    for state in final:
        with pytest.raises(IllegalTransition):
            machine.check(state, next(iter(machine.initial)))


def test_roles_are_asked_for_by_name() -> None:
    bob = Actor(key="1", name="Bob")
    with pytest.raises(NotPermitted, match="EOTSS administrator"):
        bob.require(Role.ADMINISTRATOR)
    SYSTEM.require(Role.ADMINISTRATOR)
    assert bob.role == "employee"
    both = Actor(key="2", name="Eve", roles={Role.LEADER: frozenset({""}), Role.ADMINISTRATOR: frozenset({""})})
    assert both.role == "administrator"


@given(st.text())
def test_no_exported_cell_begins_like_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert cell.removeprefix("'") == text or cell == text


def test_every_bad_value_of_the_environment_is_named_at_once() -> None:
    with pytest.raises(BadEnvironment) as refused:
        read({"SECRET_KEY": "tiny-and-secret", "DATABASE_URL": "mysql://x", "PORT": "many"}, production=True)
    text = str(refused.value)
    for name in (
        "SECRET_KEY",
        "DATABASE_URL",
        "BROKER_URL",
        "PORT",
        "ALLOWED_HOSTS",
        "OIDC_SERVER_URL",
        "OIDC_CLIENT_ID",
    ):
        assert name in text
    assert "tiny-and-secret" not in text
    assert text.count("ALLOWED_HOSTS is not set") == 1
    assert "PUBLIC_URL" not in text, "what follows from another mistake is no mistake of its own"
    assert "IDENTITY_PROVIDERS_FILE" in text, "the other way to name a provider"


def test_a_command_says_what_is_wrong_with_the_environment_and_no_more(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql:///nowhere", "BROKER_URL": "redis://nowhere", "PATH": os.environ["PATH"]}
    environ["IDENTITY_PROVIDERS_FILE"] = str(tmp_path / "nowhere.toml")
    said = subprocess.run(
        [sys.executable, "manage.py", "check_sign_in"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr.startswith("The environment cannot be used:\n  - IDENTITY_PROVIDERS_FILE cannot be read")
    assert len(said.stderr.splitlines()) == 2
    # In production no server of our own stands in for a database that nobody named.
    environ = {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "BEACON_HOME": str(tmp_path),
        "PATH": environ["PATH"],
    }
    said = subprocess.run(
        [sys.executable, "manage.py", "check_sign_in"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert "DATABASE_URL is not set" in said.stderr
    assert not list(tmp_path.iterdir())


def test_the_demo_needs_no_environment() -> None:
    assert read({}, production=False).port == 8000
