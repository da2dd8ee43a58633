"""The vendor's failure modes 14 to 25 of the reference (vendor-api.md, section 10); see test_twenty_five.py."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
import time_machine

from apps.accounts.models import User
from apps.core import clock
from apps.licenses.models import Seat
from apps.licenses.ports import Transient
from apps.vendors.models import (
    Allowance,
    Attempt,
    Drift,
    Operation,
    VendorAccount,
    VendorEvent,
    VendorInvite,
    Workspace,
)
from apps.vendors.providers import provider_for, wire_for
from apps.vendors.vendor_log import OVERLAP, log_read
from tests.fault.conftest import Office, never_came

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """A worker that ends between two lines, as far as a test can do that without losing itself."""


def dies(monkeypatch: pytest.MonkeyPatch, office: Office, point: str) -> None:
    """Let a dispatching worker die at a failpoint."""

    def reach(name: str) -> None:
        if name == point:
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("apps.vendors.dispatch.failpoint", reach)
        with pytest.raises(Killed):
            office.send()


# ---- invitations and accounts ------------------------------------------------------------------------------------------


def test_14_several_invitations_of_one_address_and_an_accepted_one_that_proves_nothing(either: Office) -> None:
    """Bob accepted and was removed at the vendor: the accepted invitation stays in the list, and he is invited again."""
    either.active(1)
    person = either.person(0)
    either.simulator.remove_members([person.email])
    either.look()
    assert VendorInvite.objects.get(employee=person, gone_at=None).status == "accepted"
    assert Drift.objects.get(state="open").kind == "ghost"
    either.send()
    assert either.invitations() == 2
    body = {"email": person.email.upper(), "role": "reader", "projects": []}
    either.simulator.call("POST", "/v1/organization/invites", body)
    sent = either.invitations()
    either.settle()
    assert VendorInvite.objects.filter(employee=person, gone_at=None).count() == 3
    either.simulator.accept(person.email)
    either.settle()
    account = VendorAccount.objects.get(employee=person, gone_at=None)
    assert account.is_ours
    assert either.invitations() == sent


@pytest.mark.parametrize("gone", ["already", "accepted"])
def test_15_what_was_deleted_already_or_accepted_meanwhile_ends_without_an_account(either: Office, gone: str) -> None:
    either.active(2)
    either.world.holder(either.person(2))
    either.send()
    if gone == "already":
        either.simulator.remove_members([either.person(0).email])
        either.hand_back(either.person(0))
        either.send()
        assert Operation.objects.get(kind="remove").state == "done"
    either.hand_back(either.person(2))
    either.simulator.accept(either.person(2).email)
    either.send()
    assert Operation.objects.get(kind="withdraw").state == "done"
    either.settle()
    assert either.simulator.counts()["users"] == (2 if gone == "already" else 3)
    assert not Operation.objects.filter(state="needs_attention").exists()


def test_16_who_the_identity_provider_manages_is_never_written_to_twice(either: Office) -> None:
    """The ChatGPT API tells only by refusing: one call, then it is known, named, and left alone for good."""
    either.active(2)
    person = either.person(0)
    either.simulator.idp_sync(members=[person.email])
    either.look()
    either.hand_back(person)
    for _ in range(4):
        either.send()
        Operation.objects.filter(state="retry").update(next_attempt_at=clock.now())
        either.look()
    assert either.removals() == (1 if either.workspace.adapter == "chatgpt_workspace" else 0)
    assert VendorAccount.objects.get(employee=person).is_scim
    assert either.simulator.counts()["users"] == 3
    attention = Operation.objects.filter(state="needs_attention", employee=person)
    assert attention.exists() or Drift.objects.filter(state="open", employee=person).exists()


def test_17_a_removed_member_who_comes_back_is_drift_and_not_a_loop(either: Office) -> None:
    either.active(2)
    person = either.person(0)
    either.hand_back(person)
    either.send()
    either.simulator.add_members([person.email])
    for _ in range(4):
        either.wait(minutes=16)
        either.look()
        either.send()
    assert either.removals() == 1
    drift = Drift.objects.get(state="open")
    assert (drift.kind, drift.employee_id) == ("orphan", person.pk)


# ---- keys, plans, answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["expired", "creator left", "403"])
def test_18_a_key_that_ends_halts_all_marks_nobody_and_is_never_written_down(
    either: Office, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    either.active(1)
    for number in (1, 2, 3):
        either.world.holder(either.person(number))
    if end == "expired":
        either.simulator.expire_key()
    elif end == "creator left" and either.workspace.adapter == "chatgpt_workspace":
        either.simulator.settings(creator_active=False)
    else:
        either.simulator.fault("*", "status", status=403, times=None)
    either.send()
    assert either.look().state == "failed"
    either.workspace.refresh_from_db()
    assert either.workspace.is_halted
    sent = either.invitations()
    assert either.send() == 0
    assert either.invitations() == sent
    assert Operation.objects.filter(kind="invite", state="pending").count() == 3
    keys = (either.simulator.admin_key, either.simulator.workspace_key)
    words = [caplog.text, either.workspace.halt_reason, *Attempt.objects.values_list("message", flat=True)]
    words += [str(problem) for run in either.workspace.runs.all() for problem in run.problems]
    assert not any(key in text for key in keys for text in words)
    either.simulator.clear_faults()
    either.simulator.settings(key_expires_at=None, creator_active=True)
    either.settle()
    assert either.simulator.counts()["invites_pending"] == 3


def test_19_404_everywhere_is_a_wrong_plan_or_address_and_never_that_all_are_gone(either: Office) -> None:
    either.active(3)
    if either.workspace.adapter == "chatgpt_workspace":
        either.simulator.settings(plan_has_admin_api=False)
    else:
        Workspace.objects.update(address=either.simulator.vendor_url + "/elsewhere")
        either.workspace.refresh_from_db()
    for _ in range(2):
        assert either.look().state == "failed"
        either.send()
    either.workspace.refresh_from_db()
    assert either.workspace.is_halted
    assert "404" in either.workspace.halt_reason or "address" in either.workspace.halt_reason
    assert either.members() == 3
    assert not Drift.objects.exists()
    assert Seat.objects.filter(state="granted").count() == 3


WORDS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": "502_html"}),
    ("html_200", {}),
    ("truncated_json", {}),
    ("status", {"status": 422}),
]


@pytest.mark.parametrize(("kind", "options"), WORDS, ids=[f"{k} {o}" for k, o in WORDS])
def test_20_what_is_no_answer_of_the_api_is_written_down_safely(
    either: Office, kind: str, options: dict[str, Any], client: Any
) -> None:
    either.simulator.fault(either.route("POST", "/invites"), kind, times=1, **options)
    either.world.holders(1)
    either.send()
    attempt = Attempt.objects.filter(operation__kind="invite").latest("pk")
    assert attempt.outcome in {"OutcomeUnknown", "Rejected"}
    assert attempt.message
    assert "<" not in attempt.message
    assert len(attempt.message) <= 300
    assert attempt.request_id
    assert attempt.status == (502 if options.get("status") == "502_html" else options.get("status", attempt.status))
    client.force_login(User.objects.get(email="erin.administrator@mass.example"))
    assert b"<h1>502" not in client.get("/vendor/").content


@pytest.mark.parametrize("key", ["", "no\nkey", "schlüssel"])
def test_21_a_key_that_is_none_and_hostile_variables(either: Office, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    either.active(1)
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "hostile")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer hostile\nX-Evil: 1")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert either.look().state == "done"
    either.world.holder(either.person(1))
    variable = either.workspace.credential.partition(":")[2]
    good = {"BEACON_TEST_VENDOR_KEY": "sim-admin-key", "BEACON_TEST_WORKSPACE_KEY": "sim-workspace-key"}[variable]
    monkeypatch.setenv(variable, key)
    either.send()
    assert either.look().state == "failed"
    either.workspace.refresh_from_db()
    assert either.workspace.is_halted
    monkeypatch.setenv(variable, good)
    either.settle()
    assert either.simulator.counts()["invites_pending"] == 1
    assert either.invitations() == 2


# ---- workers, seats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["after_claim", "after_vendor_call", "after_recording"])
def test_22_a_worker_killed_in_mid_batch_leaves_nothing_twice_and_nothing_undone(
    either: Office, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    either.active(2)
    for number in range(2, 6):
        either.world.holder(either.person(number))
    either.hand_back(either.person(0))
    dies(monkeypatch, either, point)
    assert either.send() == 0 or point == "after_recording"
    either.wait(minutes=4)  # the lease ends
    either.send()
    either.settle()
    assert either.invitations() == 2 + 4
    assert either.simulator.counts()["invites_pending"] == 4
    assert either.simulator.counts()["users"] == 2
    assert not Operation.objects.exclude(state__in=["done", "superseded"]).exists()


def test_23_members_invitations_and_what_is_in_flight_never_exceed_the_workspaces_seats(either: Office) -> None:
    """Three seats are bought, one of them is used by somebody whom Beacon did not invite, the owner has another."""
    Workspace.objects.update(seats=3)
    either.simulator.add_members(["stranger@else.example"])
    either.look()
    either.world.holders(4)
    for _ in range(3):
        either.send()
        either.look()
    assert either.invitations() == 1
    counts = either.simulator.counts()
    assert counts["users"] + counts["invites_pending"] == 3
    waiting = Operation.objects.filter(kind="invite", state="pending")
    assert waiting.count() == 3
    either.simulator.remove_members(["stranger@else.example"])
    either.settle()
    assert either.invitations() == 2
    Workspace.objects.update(seats=10)
    either.settle()
    assert either.invitations() == 4


# ---- the vendor's own log ----------------------------------------------------------------------------------------------


def test_24_the_vendors_log_comes_in_once_late_lines_too_and_odd_ones_as_they_are(either: Office) -> None:
    either.active(2)
    either.wait(minutes=30)  # the compliance API offers a file once its ten minutes are over
    new, problems = log_read(either.workspace)
    assert new > 0
    assert problems == []
    assert log_read(either.workspace)[0] <= 2  # at most what reading itself has written meanwhile
    kept = VendorEvent.objects.count()
    late = VendorEvent.objects.filter(type__contains="nvite").order_by("at").first()
    assert late is not None
    never_came(VendorEvent.objects.filter(pk=late.pk))  # as if the vendor had held it back
    either.workspace.refresh_from_db()
    assert either.workspace.log_until is not None
    assert late.at > either.workspace.log_until - OVERLAP
    log_read(either.workspace)
    assert VendorEvent.objects.filter(event_id=late.event_id).count() == 1
    assert VendorEvent.objects.count() >= kept
    ids = list(VendorEvent.objects.values_list("event_id", flat=True))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("field", ["actor", "type", "effective_at"])
def test_24_a_line_without_one_of_its_fields_costs_no_other_line(house: Office, field: str) -> None:
    house.active(2)
    house.simulator.fault("GET /v1/organization/audit_logs", "missing_field", field=field, row=0, times=1)
    new, _ = log_read(house.workspace)
    house.workspace.refresh_from_db()
    never_came(VendorEvent.objects.all())
    Workspace.objects.update(log_until=None)
    house.workspace.refresh_from_db()
    whole, _ = log_read(house.workspace)
    assert whole - new == (0 if field == "actor" else 1)


# ---- clocks and redirects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [-4, 4])
def test_25_clocks_that_disagree_by_minutes_cost_no_second_invitation(either: Office, minutes: int) -> None:
    if minutes > 0:
        either.simulator.advance(minutes * 60)
    here = clock.now() + timedelta(minutes=max(0, -minutes))
    with time_machine.travel(here, tick=True):
        either.simulator.fault(either.route("POST", "/invites"), "drop_after", times=1)
        either.world.holders(2)
        either.send()
        either.settle()
        assert either.invitations() == 2
        assert VendorInvite.objects.filter(is_ours=True, gone_at=None).count() == 2
        either.simulator.accept_all()
        either.settle()
    assert either.members() == 2


@contextmanager
def listening(answer: int, location: str = "") -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that answers everything with one status; yields its address and the headers of what came."""
    came: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(answer)
            if location:
                self.send_header("location", location)
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_DELETE = do_GET  # noqa: N815 - the names are the library's

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_25_the_key_is_never_carried_along_a_redirect(either: Office, status: int) -> None:
    either.world.holders(1)
    with listening(200) as (elsewhere, came), listening(status, elsewhere + "/v1/x") as (address, asked):
        Workspace.objects.update(address=address + "/v1")
        either.workspace.refresh_from_db()
        assert either.look().state in {"incomplete", "failed"}
        either.send()
        assert asked
        assert came == []
        with wire_for(either.workspace) as wire, pytest.raises((Transient, httpx2.HTTPError)):
            wire.fetch(address + "/file")
        assert "authorization" not in asked[-1]
        assert came == []
    Workspace.objects.update(address=either.simulator.vendor_url, halted_at=None)
    Allowance.objects.all().delete()
    either.workspace.refresh_from_db()
    with provider_for(either.workspace) as provider:
        assert provider.member_by_email("owner@beacon.example") is not None
