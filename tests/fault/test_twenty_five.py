"""The vendor's failure modes 1 to 13 of the reference (vendor-api.md, section 10), each over real HTTP and against both
adapters that write; test_twenty_five_more.py has 14 to 25.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import time_machine
from django.db import connections

from apps.core import clock
from apps.vendors import services, wire
from apps.vendors.dispatch import dispatch
from apps.vendors.errors import NeedsSecondPerson, SyncUnderWay, WrongNumber
from apps.vendors.models import (
    Allowance,
    Assumption,
    Drift,
    Operation,
    SyncRun,
    VendorAccount,
    VendorGroup,
    VendorInvite,
    Workspace,
)
from apps.vendors.sync import sync_workspace
from tests.factories.cast import import_rows, row
from tests.fault.conftest import Office, lists_catch_up

pytestmark = pytest.mark.django_db(transaction=True)


def addresses(office: Office) -> Counter[str]:
    """How many invitations were asked of the vendor for each address, in lower case."""
    sent = office.simulator.requests("POST", office.base + "/invites")
    return Counter(str(call["body"]["email"]).lower() for call in sent)


def short_pages(office: Office) -> None:
    """Lists of members come in pages of twenty, so that cursors matter with sixty members."""
    if office.workspace.adapter == "chatgpt_workspace":
        Assumption.objects.create(workspace=office.workspace, code="users_limit", is_changed=True, value="20")
    office.simulator.seed(120)
    office.look()


# ---- writes whose outcome is unclear -----------------------------------------------------------------------------------


def test_01_a_post_that_timed_out_after_it_acted_is_found_by_address_and_not_sent_again(
    either: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob's record has another case than the vendor's; the SDK itself repeats nothing."""
    from apps.agencies.models import Employee

    person = either.person(0)
    Employee.objects.filter(pk=person.pk).update(email=person.email.title())
    either.world.holder(either.person(0))
    with monkeypatch.context() as impatient:
        impatient.setattr(wire, "TIMEOUT", httpx2.Timeout(0.3))
        either.simulator.fault(either.route("POST", "/invites"), "delay", seconds=0.6, when="after", times=1)
        either.send()
    assert Operation.objects.get(kind="invite").is_unclear
    either.settle()
    assert addresses(either) == {person.email.lower(): 1}
    assert Operation.objects.get(kind="invite").state == "done"
    assert VendorInvite.objects.get(gone_at=None).is_ours
    repeats = {str(call["retry_count"]) for call in either.simulator.requests() if call["method"] != "GET"}
    assert repeats <= {"0", "None"}


@pytest.mark.parametrize("status", [409, 500, 503])
def test_02_after_a_refusal_a_wave_sends_nobody_a_second_invitation(either: Office, status: int) -> None:
    """Six people, the first three calls refused: no wave asks twice for anybody, and in the end each has one."""
    either.simulator.fault(either.route("POST", "/invites"), "status", status=status, times=3)
    either.world.holders(6)
    for _ in range(4):
        before = addresses(either)
        either.send()
        assert all(count <= 1 for count in (addresses(either) - before).values())
        Operation.objects.filter(state="retry").update(next_attempt_at=clock.now())
        lists_catch_up()
        either.look()
    assert either.simulator.counts()["invites_pending"] == 6
    assert set(VendorInvite.objects.filter(gone_at=None, is_ours=True).values_list("email_key", flat=True)) == set(
        addresses(either)
    )


@pytest.mark.parametrize(("word", "at_least"), [("none", 60), ("long", 600)])
def test_03_a_429_pauses_one_route_without_anybody_sleeping(
    either: Office, monkeypatch: pytest.MonkeyPatch, word: str, at_least: int
) -> None:
    either.active(2)
    naps: list[float] = []
    monkeypatch.setattr("apps.vendors.dispatch.time.sleep", naps.append)
    either.simulator.fault(either.route("POST", "/invites"), "status", status=429, retry_after=word, times=1)
    either.world.holder(either.person(2))
    either.send()
    waiting = Operation.objects.get(kind="invite", state="retry")
    assert waiting.next_attempt_at >= clock.now() + timedelta(seconds=at_least - 5)
    assert waiting.attempts == 0  # the vendor did not try, so it does not count as a failure
    either.world.holder(either.person(3))
    either.hand_back(either.person(0))
    either.send()
    assert either.removals() == 1  # another route goes on
    assert Operation.objects.filter(kind="invite", state__in=["retry", "pending"]).count() == 2
    assert naps == []
    either.wait(minutes=at_least // 60 + 1)
    either.send()
    assert not Operation.objects.filter(kind="invite", state__in=["retry", "pending"]).exists()


# ---- several workers ---------------------------------------------------------------------------------------------------


def test_04_workers_share_one_allowance(either: Office) -> None:
    """Forty calls a minute have a bucket of two: two workers at once send two invitations and not four."""
    Workspace.objects.update(rate_limits={"invite": 40})
    either.world.holders(6)
    gate = threading.Barrier(2)

    def work(_: int) -> int:
        gate.wait()
        try:
            return dispatch(Workspace.objects.get(), budget=0.0)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as workers:
        sent = sum(workers.map(work, range(2)))
    assert sent == either.invitations() == 2


def test_04_one_sync_at_a_time_and_a_lease_that_ends_by_itself(either: Office) -> None:
    workspace = either.workspace
    dead = SyncRun.objects.create(workspace=workspace, started_by_key="system", started_by="Beacon")
    Workspace.objects.update(lease_until=clock.now() + timedelta(minutes=3), fence=7)
    with pytest.raises(SyncUnderWay):
        either.look()
    either.wait(minutes=4)
    assert either.look().state == "done"
    dead.refresh_from_db()
    workspace.refresh_from_db()
    assert (dead.state, workspace.fence, workspace.lease_until) == ("failed", 8, None)


# ---- lists -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stuck_cursor", "null_cursor", "empty_has_more"])
@pytest.mark.parametrize("path", ["/users", "/invites", "/groups"])
def test_05_a_list_without_an_end_makes_the_run_incomplete(either: Office, kind: str, path: str) -> None:
    either.active(2)
    if path == "/users":
        short_pages(either)
    either.simulator.fault(either.route("GET", path), kind, times=None)
    run = either.look()
    if kind == "stuck_cursor" and path != "/users":
        assert run.state in {"incomplete", "done"}  # one page has no cursor to be stuck at
    else:
        assert run.state == "incomplete"
        assert run.problems
    assert (either.members(), either.removals()) == (2, 0)


def test_06_an_incomplete_list_removes_nobody_and_many_removals_ask_a_second_person(either: Office) -> None:
    either.active(6)
    for number in range(6):
        either.hand_back(either.person(number))
    Operation.objects.filter(kind="remove").update(state="superseded")
    either.simulator.fault(either.route("GET", "/users"), "truncated_json", times=None)
    assert either.look().state == "incomplete"
    assert either.send() == 0
    either.simulator.clear_faults()
    run = sync_workspace(actor=either.world.erin, workspace=either.workspace).run
    assert (run.state, run.removals, either.send()) == ("held", 6, 0)
    with pytest.raises(NeedsSecondPerson):
        services.run_release(actor=either.world.erin, run=run, number=6, reason="Mine")
    with pytest.raises(WrongNumber):
        services.run_release(actor=either.world.eve, run=run, number=5, reason="Nearly")
    services.run_release(actor=either.world.eve, run=run, number=6, reason="They handed back")
    either.send()
    assert either.removals() == 6


@pytest.mark.parametrize("path", ["/users", "/invites"])
def test_07_rows_twice_or_missing_change_nothing_until_the_vendor_says_so_of_the_person(
    either: Office, path: str
) -> None:
    either.active(3)
    either.world.holder(either.person(3))
    either.send()
    if path == "/users":
        either.wait(minutes=20)  # what Beacon wrote itself is no longer trusted over a list
    invited = either.invitations()
    for row_number in (1, 2):
        either.simulator.fault(either.route("GET", path), "repeated_row", row=row_number, times=1)
        either.simulator.fault(either.route("GET", path), "skipped_row", row=0, times=1)
        either.simulator.fault(either.route("GET", path), "skipped_row", row=2, times=1)
        assert either.look().state == "done"
        either.send()
    assert (either.members(), either.invitations(), either.removals()) == (3, invited, 0)
    assert VendorAccount.objects.filter(gone_at=None).count() == 4
    assert not Drift.objects.exists()


def test_08_a_list_that_trails_makes_nobody_flap(either: Office) -> None:
    """Ten minutes behind: an invitation, its acceptance, a removal and a withdrawal, each asked for once."""
    either.active(2)
    either.world.holder(either.person(3))
    either.send()
    either.simulator.settings(read_lag_seconds=600)
    either.world.holder(either.person(2))
    either.hand_back(either.person(0))
    either.hand_back(either.person(3))
    before = either.invitations()
    for _ in range(5):
        either.send()
        either.look()
        either.wait(minutes=1)
    assert (either.invitations() - before, either.removals()) == (1, 1)
    assert either.calls("DELETE", "/invites/{invite_id}") == 1
    either.simulator.accept_all()
    for _ in range(5):
        either.look()
        either.send()
        either.wait(minutes=4)
    assert (either.invitations() - before, either.removals()) == (1, 1)
    assert not Drift.objects.filter(state="open").exists()


@pytest.mark.parametrize("odd", [None, 17, ["x"], {"a": 1}], ids=str)
def test_09_one_record_that_cannot_be_read_is_set_aside_and_the_others_go_on(either: Office, odd: Any) -> None:
    either.active(3)
    either.world.holder(either.person(3))
    invited = either.invitations()
    either.simulator.fault(either.route("GET", "/users"), "unknown_enum", field="role", value=odd, row=1, times=None)
    either.simulator.fault(either.route("GET", "/invites"), "missing_field", field="email", row=0, times=None)
    run = either.look()
    either.send()
    assert run.state == "done"
    assert any("set aside" in problem for problem in run.problems)
    assert (either.members(), either.invitations(), either.removals()) == (3, invited + 1, 0)
    either.look()
    either.send()
    assert (either.invitations(), either.removals()) == (invited + 1, 0)


def test_10_what_nobody_documented_is_kept_word_for_word_and_said(either: Office) -> None:
    from apps.vendors.models import VendorEvent
    from apps.vendors.vendor_log import log_read

    either.active(2)
    either.world.holder(either.person(2))
    either.send()
    either.simulator.fault(
        either.route("GET", "/users"), "unknown_enum", field="role", value="wizard", row=1, times=None
    )
    either.simulator.fault(
        either.route("GET", "/invites"), "unknown_enum", field="status", value="on_hold", row=0, times=None
    )
    is_chatgpt = either.workspace.adapter == "chatgpt_workspace"
    kind = "source" if is_chatgpt else "group_type"
    either.simulator.fault(
        either.route("GET", "/groups"), "unknown_enum", field=kind, value="constellation", times=None
    )
    if is_chatgpt:
        route = either.route("GET", "/users")
        either.simulator.fault(route, "extra_field", field="seat_type", value="hologram", row=1, times=None)
    run = either.look()
    assert run.state == "done"
    assert VendorAccount.objects.filter(role="wizard", gone_at=None).count() == 1
    assert "wizard" in Drift.objects.get(kind="wrong_role", state="open").detail
    assert VendorInvite.objects.filter(status="on_hold").count() == 1
    assert any("on_hold" in problem for problem in run.problems)
    assert VendorGroup.objects.filter(gone_at=None).count() == 1
    assert VendorAccount.objects.filter(seat_type="hologram").exists() == is_chatgpt
    if not is_chatgpt:
        either.simulator.fault("GET /v1/organization/audit_logs", "unknown_enum", field="type", value="tea.poured")
        log_read(either.workspace)
        assert VendorEvent.objects.filter(type="tea.poured").exists()


# ---- people and addresses ----------------------------------------------------------------------------------------------


def test_11_people_without_an_address_and_service_accounts_match_nobody_and_stay(either: Office) -> None:
    either.simulator.seed(5, oddities=True)
    either.active(2)
    either.simulator.clear_requests()
    for _ in range(3):
        run = either.look()
        either.send()
    assert run.state == "done"
    assert either.simulator.request_total("DELETE") == 0
    assert not VendorAccount.objects.filter(email="", employee__isnull=False).exists()
    assert not Operation.objects.filter(employee=None).exclude(kind="group_create").exists()
    without = VendorAccount.objects.get(email="", is_service=False)
    assert Drift.objects.filter(account=without, kind="unmanaged", state="open").exists()


def test_12_the_vendors_id_binds_an_account_and_the_address_only_the_first_time(either: Office) -> None:
    """HR writes Bob's address anew, in another case: he is neither invited again nor lost."""
    either.active(1)
    person = either.person(0)
    account = VendorAccount.objects.get(employee=person)
    fresh = row(person.employee_id, "Robert", "Newname", "AAA")
    fresh[1] = "ROBERT.Newname@Mass.Example"
    import_rows([fresh if r[0] == person.employee_id else r for r in either.world.rows])
    invited = either.invitations()
    either.settle()
    account.refresh_from_db()
    assert (account.employee_id, account.gone_at, account.is_ours) == (person.pk, None, True)
    assert either.invitations() == invited
    either.hand_back(person)
    either.settle()
    assert either.simulator.counts()["users"] == 1


def test_13_an_invitation_has_expired_by_its_date_too_and_is_sent_again_boundedly(either: Office) -> None:
    """The vendor's clock stands still and its list still says pending; Beacon goes by the date that it told."""
    either.world.holders(1)
    either.send()
    for week in range(1, 7):
        with time_machine.travel(clock.now() + timedelta(days=8 * week), tick=True):
            either.look()
            invite = VendorInvite.objects.filter(gone_at=None).latest("pk")
            assert invite.status == "pending"
            either.send()
            Allowance.objects.all().delete()
    resends = either.calls("POST", "/invites/{invite_id}/resend")
    assert 2 <= either.invitations() + resends <= 3
