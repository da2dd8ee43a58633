"""What Beacon watches at the vendor beside seats: posture, the vendor's own log, what is assumed of its API, alarms."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.accounts.actors import SYSTEM
from apps.agencies import roster_services
from apps.core import clock
from apps.licenses.models import Seat
from apps.mail.models import Message
from apps.mail.sending import send_due
from apps.rollout.services import gates_of
from apps.terms import services as terms
from apps.vendors import alarms, checking, vendor_log
from apps.vendors import services as vendors
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Assumption, Operation, PostureCheck, SyncRun, VendorEvent, Workspace
from apps.vendors.posture import problems
from apps.vendors.providers import limits_of
from apps.vendors.selectors import estimate_words, waiting_words
from apps.vendors.sync import sync_workspace
from simulator.testing import RunningSimulator
from tests.factories.cast import World
from tests.fault.test_adapters import settings_of

pytestmark = pytest.mark.django_db(transaction=True)


def look(workspace: Workspace) -> SyncRun:
    return sync_workspace(actor=SYSTEM, workspace=workspace).run


def placed(simulator: RunningSimulator, adapter: str = "openai_organization") -> tuple[World, Workspace]:
    world = World.build(more=6)
    return world, world.with_vendor(simulator.vendor_url, **settings_of(adapter, simulator))


def expect(world: World, workspace: Workspace, **values: Any) -> None:
    vendors.workspace_expect(
        actor=world.paula,
        workspace=workspace,
        approved_owners=["owner@beacon.example"],
        reason="Security review",
        **values,
    )


def states(workspace: Workspace) -> dict[str, str]:
    return dict(workspace.posture.values_list("code", "state"))


# ---- posture ---------------------------------------------------------------------------------------------------


def test_a_clean_workspace_opens_the_gate_and_a_changed_retention_shuts_it(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator)
    expect(world, workspace, expected_retention="modified_abuse_monitoring", expects_audit_log=True)
    look(workspace)
    assert states(workspace) == {"audit_log": "good", "data_retention": "good", "leavers": "good", "owners": "good"}
    assert next(gate.result.passed for gate in gates_of(world.phase) if gate.result.code == "posture")
    simulator.call("POST", "/v1/organization/data_retention", {"retention_type": "zero_data_retention"}, key="")
    look(workspace)
    check = PostureCheck.objects.get(workspace=workspace, code="data_retention")
    assert (check.state, check.observed) == ("bad", "zero_data_retention")
    gate = next(gate.result for gate in gates_of(world.phase) if gate.result.code == "posture")
    assert not gate.passed
    assert "zero_data_retention" in gate.detail


def test_an_owner_whom_nobody_approved_is_named(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator)
    expect(world, workspace)
    simulator.add_members([{"email": "stranger@vendor.example", "role": "owner"}])
    look(workspace)
    check = workspace.posture.get(code="owners")
    assert (check.state, check.observed) == ("bad", "stranger@vendor.example")


def test_what_was_not_seen_for_a_day_is_not_believed(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator)
    expect(world, workspace, expected_retention="modified_abuse_monitoring")
    look(workspace)
    assert problems(workspace) == []
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert any("not seen within 24 hours" in problem for problem in problems(workspace))


def test_half_a_list_does_not_make_an_old_picture_of_owners_fresh(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator)
    expect(world, workspace)
    look(workspace)
    simulator.fault("GET /v1/organization/users", "truncated_json", times=99)
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=True):
        assert look(workspace).state == "incomplete"
        assert "Owners who are not approved: not seen within 24 hours." in problems(workspace)


def test_the_key_and_the_identity_providers_state_are_checked_where_expected(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator)
    expect(world, workspace, expected_scim="on", key_expires_on=clock.today() + timedelta(days=10))
    look(workspace)
    assert (states(workspace)["scim"], states(workspace)["key"]) == ("bad", "bad")
    simulator.idp_sync(members=["someone@mass.example"])
    simulator.accept_all()
    expect(world, workspace, expected_scim="on", key_expires_on=clock.today() + timedelta(days=100))
    look(workspace)
    assert (states(workspace)["scim"], states(workspace)["key"]) == ("good", "good")
    expect(world, workspace)
    look(workspace)
    assert set(states(workspace)) == {"leavers", "owners"}


def test_a_leaver_who_is_still_active_after_a_day_is_an_alarm(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator)
    expect(world, workspace)
    gone = world.employee("A100")
    simulator.add_members([{"email": gone.email, "is_scim_managed": True}])
    roster_services.Employee.objects.filter(pk=gone.pk).update(status="separated")
    look(workspace)
    assert states(workspace)["leavers"] == "good"
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=True):
        look(workspace)
        assert states(workspace)["leavers"] == "bad"


# ---- the vendor's log ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", ["openai_organization", "chatgpt_workspace"])
def test_the_vendors_log_is_kept_once_however_often_it_is_read(simulator: RunningSimulator, adapter: str) -> None:
    _, workspace = placed(simulator, adapter)
    simulator.add_members([{"email": "by-hand@mass.example"}])
    simulator.advance(1200)  # a log file is offered once its ten minutes are over
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=True):
        new, wrong = vendor_log.log_read(workspace)
        assert (new > 0, wrong) == (True, [])
        assert VendorEvent.objects.filter(type="user.added").exists()
        workspace.refresh_from_db()
        again, _ = vendor_log.log_read(workspace)
        assert again == 0
        assert VendorEvent.objects.count() == new
    assert not any("ip_address" in str(event.detail) for event in VendorEvent.objects.all())


def test_a_type_that_nobody_documented_and_a_line_without_details_are_kept(simulator: RunningSimulator) -> None:
    _, workspace = placed(simulator)
    route = "GET /v1/organization/audit_logs"
    simulator.fault(route, "unknown_enum", field="type", value="wizard.summoned", row=0, times=1)
    new, wrong = vendor_log.log_read(workspace)
    assert (new, wrong) == (1, [])
    assert VendorEvent.objects.get().type == "wizard.summoned"


def test_a_log_that_breaks_off_begins_at_the_same_place_next_time(simulator: RunningSimulator) -> None:
    _, workspace = placed(simulator)
    simulator.fault("GET /v1/organization/audit_logs", "truncated_json", times=1)
    _, wrong = vendor_log.log_read(workspace)
    assert wrong
    workspace.refresh_from_db()
    assert workspace.log_until is None
    new, wrong = vendor_log.log_read(workspace)
    assert (new > 0, wrong) == (True, [])


# ---- what is assumed of the API --------------------------------------------------------------------------------


def test_the_vendor_is_asked_by_reading_alone_and_each_assumption_gets_its_answer(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    world.holders(1)
    dispatch(workspace)
    simulator.accept_all()
    look(workspace)
    dispatch(workspace)
    simulator.clear_requests()
    found = {finding.code: finding.holds for finding in checking.workspace_check(workspace)}
    assert {code for code, holds in found.items() if holds} == set(found)
    assert {entry["method"] for entry in simulator.requests()} == {"GET"}
    assert Assumption.objects.filter(workspace=workspace, check_holds=True).count() == len(found)


def test_a_wrong_path_and_a_missing_scope_are_found(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    vendors.assumption_record(
        actor=world.erin, workspace=workspace, code="invites_path", value="/manage/workspaces/{workspace}/invitations",
        is_changed=True, note="Heard at a conference",
    )  # fmt: skip
    scopes = [one for one in simulator.settings()["workspace_scopes"] if "usage.read" not in one]
    simulator.settings(workspace_scopes=scopes)
    found = {finding.code: finding for finding in checking.workspace_check(workspace)}
    assert (found["users_path"].holds, found["invites_path"].holds, found["usage_path"].holds) == (True, False, False)
    assert "HTTP 404" in found["invites_path"].answer
    assert "HTTP 403" in found["usage_path"].answer


def test_a_path_told_by_the_vendor_is_used_from_then_on(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    vendors.assumption_record(
        actor=world.erin, workspace=workspace, code="users_path", value="/manage/workspaces/{workspace}/people",
        is_changed=True, confirmed_by="Vendor, ticket 7", confirmed_on=clock.today(),
    )  # fmt: skip
    assert look(workspace).state == "failed"
    workspace.refresh_from_db()
    assert "Look at address, workspace id and plan" in workspace.halt_reason
    vendors.assumption_record(actor=world.erin, workspace=workspace, code="users_path", value="", is_changed=False)
    assert look(workspace).state == "done"


def test_a_vendor_that_cannot_suspend_gets_a_removal_instead(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    vendors.assumption_record(
        actor=world.erin, workspace=workspace, code="suspend_body", value="", is_changed=True, note="It cannot"
    )
    (seat,) = world.holders(1)
    for _ in range(3):
        dispatch(workspace)
        simulator.accept_all()
        look(workspace)
    Seat.objects.filter(pk=seat.pk).update(state="suspended", reason="incident")
    look(workspace)
    assert Operation.objects.filter(state="pending").values_list("kind", flat=True)[0] == "remove"


# ---- alarms ------------------------------------------------------------------------------------------------------


def test_an_expired_key_halts_and_the_administrators_hear_of_it_once(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    expect(world, workspace)
    simulator.expire_key()
    look(workspace)
    assert alarms.alarms_send() == 1
    assert alarms.alarms_send() == 0
    assert (send_due(), send_due()) == (2, 0)
    assert [message.to for message in mail.outbox] == [
        ["erin.administrator@mass.example"], ["eve.administrator@mass.example"],
    ]  # fmt: skip
    for message in mail.outbox:
        assert "/workspaces/main/" in message.body
        assert "sim-workspace-key" not in message.message().as_string()


def test_a_mail_server_that_refuses_costs_no_alarm(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, workspace = placed(simulator)
    expect(world, workspace)
    simulator.add_members([{"email": "stranger@vendor.example", "role": "owner"}])
    look(workspace)

    def refuse(self: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.open", refuse, raising=False)
        assert alarms.alarms_send() == 1
        assert send_due() == 0
    assert set(Message.objects.filter(kind="vendors_posture").values_list("state", flat=True)) == {"queued"}
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert (alarms.alarms_send(), send_due()) == (0, 3)
    assert all("stranger@vendor.example" in message.body for message in mail.outbox)


def test_what_a_rule_takes_from_many_at_once_waits_for_a_second_person(simulator: RunningSimulator) -> None:
    """New terms whose grace ends in the night would suspend thirty people: nobody's act, so somebody looks first."""
    world = World.build(more=30)
    workspace = world.with_vendor(simulator.vendor_url)
    world.holders(30)
    for _ in range(3):
        dispatch(workspace)
        simulator.accept_all()
        look(workspace)
    draft = terms.terms_draft(actor=world.paula, title="Terms of use", body="# New\n\nAll new.", grace_days=0)
    terms.terms_publish(actor=world.paula, version=draft, reason="New law")
    with time_machine.travel(clock.now() + timedelta(days=1), tick=True):
        from apps.licenses.settle import seats_settle

        seats_settle(actor=SYSTEM)
        assert Seat.objects.filter(state="suspended", reason="terms").count() == 30
        run = SyncRun.objects.get(state="held")
        assert run.counts == {"remove": 30}
        assert run.hold_reasons == [
            "30 people would lose their access at once (Terms not accepted). Nobody has looked at who they are."
        ]
        dispatch(workspace)
        assert simulator.counts()["users"] == 31
        assert alarms.alarms_send() == 1
        assert Message.objects.filter(kind="vendors_held", state="queued").count() == 2
        vendors.run_release(actor=world.erin, run=run, number=30, reason="Looked at, it is right")
        dispatch(workspace)
    assert simulator.counts()["users"] == 1


# ---- the command, and how long it takes ------------------------------------------------------------------------------


def test_the_command_says_what_holds_and_ends_with_a_status(
    simulator: RunningSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    call_command("check_workspace", "main")
    assert "holds          Path of the list of members: Members on the first page: 1" in capsys.readouterr().out
    vendors.assumption_record(
        actor=world.erin, workspace=workspace, code="groups_path", value="/nowhere", is_changed=True, note="x"
    )
    with pytest.raises(CommandError) as ended:
        call_command("check_workspace", "main", "--json")
    assert ended.value.returncode == 1
    answer = json.loads(capsys.readouterr().out)
    assert {f["code"] for f in answer["findings"] if f["holds"] is False} == {"groups_path"}
    assert "suspend_body" in answer["not_asked"]
    with pytest.raises(CommandError, match="known: main"):
        call_command("check_workspace", "nowhere")


def test_a_limit_for_one_kind_of_call_leaves_the_adapters_own_for_the_others(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    vendors.workspace_limit(
        actor=world.erin, workspace=workspace, rate_limits={"invite": 50}, reason="The vendor's word"
    )
    assert dict(limits_of(workspace)) == {"*": 100, "audit_log": 50, "invite": 50}
    vendors.workspace_limit(actor=world.erin, workspace=workspace, rate_limits={"*": 200}, reason="The vendor's word")
    assert dict(limits_of(workspace)) == {"*": 200}


def test_how_long_it_takes_is_said_before_and_during(simulator: RunningSimulator) -> None:
    world, workspace = placed(simulator, "chatgpt_workspace")
    vendors.workspace_limit(actor=world.erin, workspace=workspace, rate_limits={"*": 100}, reason="The vendor's word")
    run = SyncRun.objects.create(
        workspace=workspace, started_by_key="x", started_by="Beacon", counts={"invite": 40_000}
    )
    assert estimate_words(run) == "At 100 calls a minute: about 7 h 1 min."
    assert waiting_words(workspace) == ""
    world.holders(6)
    assert waiting_words(workspace) == "At 100 calls a minute: about 1 min."
