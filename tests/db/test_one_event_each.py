"""Every public function of every services module leaves exactly one audit event about what it was asked to do.

A new service fails here until an example shows it. Seats that move in consequence leave events of their own, one a seat;
they are not counted.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from apps.accounts import mapping_services as mappings
from apps.accounts import services as accounts
from apps.accounts import token_services as tokens
from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import ApiToken, RoleAssignment, RoleMapping, Session, User
from apps.agencies import feed_services, fiction, roster_services
from apps.agencies import services as agencies
from apps.agencies.models import RosterLine
from apps.audit.models import AuditEvent
from apps.console import chain_services
from apps.licenses import access_review_services as access
from apps.licenses import protection_services as protection
from apps.licenses import reclaim_services as reclaim
from apps.licenses import services as licenses
from apps.licenses.eligibility import Move
from apps.licenses.models import ReclaimPolicy, ReclaimRun, Seat
from apps.licenses.settle import seats_move
from apps.mail import services as mail
from apps.mail.models import Message, SuppressedAddress
from apps.reports import evidence_services, records_services
from apps.reports import services as made
from apps.reports import survey_services as survey
from apps.reports.transparency_services import transparency_switch
from apps.rollout import services as rollout
from apps.rollout.models import Phase
from apps.vendors import drift as drifts
from apps.vendors import services as vendors
from apps.vendors import usage_services as usage
from apps.vendors.models import Drift, Operation, SyncRun, VendorAccount
from config.identity import IdentityProvider
from tests.db import acts_of_registers, acts_of_webhooks
from tests.db.acts_of_registers import TODAY, Act, with_
from tests.factories.cast import World, row
from tests.factories.scim import facts_about
from tests.factories.trail import chained

pytestmark = pytest.mark.django_db
MODULES = [
    "apps.accounts.services", "apps.accounts.token_services", "apps.accounts.mapping_services", "apps.mail.services", "apps.agencies.services", "apps.agencies.roster_services", "apps.agencies.feed_services", "apps.rollout.services",
    "apps.catalog.services", "apps.catalog.review_services", "apps.terms.services", "apps.training.services",
    "apps.knowledge.services", "apps.knowledge.question_services", "apps.knowledge.article_services",
    "apps.knowledge.proxy_services",
    "apps.training.import_services", "apps.licenses.services", "apps.licenses.protection_services",
    "apps.licenses.reclaim_services", "apps.licenses.access_review_services",
    "apps.incidents.services", "apps.incidents.report_services", "apps.incidents.breach_services", "apps.vendors.services",
    "apps.vendors.drift", "apps.vendors.usage_services", "apps.reports.services", "apps.reports.transparency_services",
    "apps.reports.evidence_services", "apps.reports.records_services", "apps.console.chain_services",
    "apps.reports.survey_services", "apps.webhooks.services", "apps.registers.services",
]  # fmt: skip
# They hand on to the services above, or record what an observation found, which is nobody's act.
NOT_ACTS = {
    "roster_work", "lock_roster", "drifts_record", "missing_in", "reports_due", "is_on", "public_data", "transparency_data", "why_not_send", "why_not_data", "attach", "answers", "may_answer", "progress_key",
}  # fmt: skip


def _report(w: World) -> object:
    return made.report_request(actor=w.erin, kind="adoption")


def _made(w: World) -> object:
    return made.report_make(actor=SYSTEM, report=_report(w))


def _provable(w: World) -> object:
    """A report whose events stand in the chain, as after a commit."""
    report = _made(w)
    chained()
    return report


def _bundle(w: World) -> Any:
    return records_services.bundle_request(actor=w.paula, agencies=[w.a], since=TODAY(), until=TODAY(), reason="x")


def _kept(w: World) -> object:
    return made.saved_create(actor=w.erin, name="x", kind="compliance")


def _proposed(w: World) -> RoleAssignment:
    return accounts.role_grant(actor=w.erin, user=w.users["bob"], role=Role.PRIVACY, reason="New")


def _mapping(w: World) -> RoleMapping:
    config = IdentityProvider(id="state", kind="oidc", name="State sign-in")
    with override_settings(IDENTITY_PROVIDERS={"state": config}):
        return mappings.mapping_create(
            actor=w.erin, provider="state", claim="groups", value="g", role=Role.PRIVACY, reason="x"
        )


def _connection(w: World) -> User:
    return tokens.connection_create(actor=w.erin, name="HR feed", reason="x")


def _token(w: World) -> ApiToken:
    return tokens.token_create(actor=w.erin, owner=w.users["erin"], name="Script", scopes=["read"])[0]


def bob(w: World) -> object:
    return w.employee("A003")


def _asked(w: World) -> Act:
    request = w.ask(w.employee("A003"))
    return lambda: licenses.request_approve(actor=w.alice, request=request)


def _declined(w: World) -> Act:
    request = w.ask(w.employee("A003"))
    return lambda: licenses.request_decline(actor=w.alice, request=request, reason="No")


def _decided(w: World) -> Act:
    request = w.ask(w.employee("A003"))
    return lambda: licenses.requests_decide(actor=w.alice, request_ids=[request.pk], approve=True)


def _withdrawn(w: World) -> Act:
    request = w.ask(w.employee("A003"))
    return lambda: licenses.request_withdraw(actor=w.bob, request=request)


def _seat(act: Callable[[World, Seat], object]) -> Callable[[World], Act]:
    def prepare(w: World) -> Act:
        seat = w.holder(w.employee("A003"))
        return lambda: act(w, seat)

    return prepare


def _restored(w: World) -> Act:
    seat = w.holder(w.employee("A003"))
    seat = licenses.seat_suspend(actor=w.paula, seat=seat, code="incident", reason="x")
    return lambda: licenses.seat_restore(actor=w.paula, seat=seat, reason="over")


def _roster(step: str) -> Callable[[World], Act]:
    def prepare(w: World) -> Act:
        content = fiction.to_csv(
            # Held: but for the administrators everybody leaves.
            [r for r in w.rows if r[0] in {"A004", "A005"}]
            if step == "release"
            else [*w.rows, row("A900", "New", "One", "AAA")]
        )
        receive = lambda: roster_services.roster_receive(actor=w.erin, file_name="x.csv", content=content)  # noqa: E731 - twice below
        if step == "receive":
            return receive
        run = receive()
        if step == "plan":
            return lambda: roster_services.roster_plan(actor=SYSTEM, run=run)
        run = roster_services.roster_plan(actor=SYSTEM, run=run)
        if step == "release":
            return lambda: roster_services.roster_release(actor=w.eve, run=run, number=run.leavers, reason="Sure")
        if step == "discard":
            return lambda: roster_services.roster_discard(actor=w.erin, run=run, reason="No")
        if step == "confirm":
            return lambda: roster_services.roster_confirm(actor=w.erin, run=run)
        run = roster_services.roster_confirm(actor=w.erin, run=run)
        return lambda: roster_services.roster_apply(actor=SYSTEM, run=run)

    return prepare


def _second(w: World) -> Phase:
    return rollout.phase_create(
        actor=w.erin,
        number=2,
        name="Second",
        planned_start=TODAY(),
        planned_end=TODAY(),
        seat_cap=5,
        required_courses=["AI-101"],
    )


def _closed_world_phase(w: World) -> Act:
    """Opening needs a phase whose gates pass: the world's own, rebuilt closed."""
    phase = _second(w)
    place = rollout.phase_agency_add(actor=w.erin, phase=phase, agency=w.b, allocation=3)
    rollout.phase_agency_attest(actor=w.charlie, place=place, evidence="Blocked")
    rollout.phase_sign_off(actor=w.paula, phase=phase, reason="Fine")
    for gate in ("posture", "retention"):
        waiver = rollout.waiver_request(actor=w.erin, phase=phase, gate=gate, reason="Test")
        rollout.waiver_confirm(actor=w.paula, waiver=waiver)
    rollout.phase_schedule(actor=w.erin, phase=phase)
    return lambda: rollout.phase_open(actor=w.erin, phase=phase, reason="Go")


def _phase(verb: str) -> Callable[[World], Act]:
    def prepare(w: World) -> Act:
        if verb == "resume":
            rollout.phase_pause(actor=w.erin, phase=w.phase, reason="x")
        return lambda: getattr(rollout, f"phase_{verb}")(actor=w.erin, phase=w.phase, reason="Reason")

    return prepare


def _confirm(w: World) -> Act:
    waiver = rollout.waiver_request(actor=w.erin, phase=_second(w), gate="posture", reason="Test")
    return lambda: rollout.waiver_confirm(actor=w.eve, waiver=waiver)


def _held_run(w: World) -> SyncRun:
    workspace = w.with_vendor("http://127.0.0.1:9/v1")
    run = SyncRun.objects.create(workspace=workspace, started_by_key=w.erin.key, started_by="Erin")
    SyncRun.objects.filter(pk=run.pk).update(state="held", counts={"remove": 3})
    return SyncRun.objects.get(pk=run.pk)


def _operation(w: World, state: str) -> Operation:
    workspace = w.with_vendor("http://127.0.0.1:9/v1")
    made = Operation.objects.create(workspace=workspace, kind="invite", target="t", cause="test")
    if state != "pending":
        Operation.objects.filter(pk=made.pk).update(state="running")
        Operation.objects.filter(pk=made.pk).update(state=state)
    return Operation.objects.get(pk=made.pk)


def _drift(w: World) -> Drift:
    workspace = w.with_vendor("http://127.0.0.1:9/v1")
    employee = w.employee("A003")
    account = VendorAccount.objects.create(
        workspace=workspace, vendor_id="u", email=employee.email, employee=employee, role="reader"
    )
    return Drift.objects.create(
        workspace=workspace, kind="orphan", target="u", account=account, employee=employee, detail="x"
    )


def _adopt(w: World) -> Act:
    w.holder(w.employee("A003"))
    drift = _drift(w)
    return lambda: drifts.drift_adopt(actor=w.erin, drift=drift, reason="Ours")


def _other(verb: str) -> Callable[[World], Act]:
    def prepare(w: World) -> Act:
        drift = _drift(w)
        more = {"until": TODAY() + timedelta(days=3)} if verb == "ignore" else {}
        return lambda: getattr(drifts, f"drift_{verb}")(actor=w.erin, drift=drift, reason="Reason", **more)

    return prepare


def _review(w: World) -> object:
    w.holder(w.employee("A003"))
    return access.review_open(actor=w.erin, name="x", kind="members", due_on=TODAY() + timedelta(days=9))


def _rule(w: World) -> object:
    return reclaim.reclaim_set(actor=w.erin, contract=w.contract, mode="dry", reason="x")


def _held_look(w: World) -> object:
    _rule(w)
    ReclaimPolicy.objects.update(mode="on")
    return ReclaimRun.objects.create(contract=w.contract, mode="on", state="held", held_seats=[1])


def _reclaimed(w: World) -> object:
    seat = w.holder(w.employee("A003"))
    seats_move(SYSTEM, Move("release", "reclaimed"), [seat.pk])
    return seat


def _workspace(w: World) -> object:
    return w.with_vendor("http://127.0.0.1:9/v1")


def _chatgpt(w: World) -> object:
    ref = "11111111-2222-4333-8444-555555555555"
    return w.with_vendor("http://127.0.0.1:9/v1", adapter="chatgpt_workspace", vendor_ref=ref)


def _stopped(w: World) -> object:
    return protection.stop_start(actor=w.erin, scope="person", employee=w.employee("A003"), reason="x")


def _on_hold(w: World) -> object:
    return protection.hold_place(actor=w.paula, employee=w.employee("A003"), matter="7", reason="x")


@contextmanager
def _nothing_told(workspace: Any) -> Iterator[Any]:
    """A vendor that tells of no use."""
    yield SimpleNamespace(usage=lambda first, last, listing: iter(()))


def _usage_file(w: World, workspace: Any) -> Any:
    content = f"date,email,messages\n2026-01-05,{w.employee('A003').email},3\n".encode()
    return usage.usage_receive(actor=w.erin, workspace=workspace, file_name="x.csv", content=content)


def _message(w: World, state: str) -> Message:
    w.holder(w.employee("A003"))
    made = Message.objects.get(kind="licenses_seat_granted")
    for step in ("sending", state):
        Message.objects.filter(pk=made.pk).update(state=step)
    return Message.objects.get(pk=made.pk)


EXAMPLES: dict[str, Callable[[World], Act]] = acts_of_registers.EXAMPLES | acts_of_webhooks.EXAMPLES | {
    "bundle_request": lambda w: lambda: _bundle(w),
    "bundle_make": with_(_bundle, lambda w, b: records_services.bundle_make(actor=SYSTEM, bundle=b)),
    "chain_verify_request": lambda w: lambda: chain_services.chain_verify_request(actor=w.audrey),
    "chain_verify": with_(
        lambda w: chain_services.chain_verify_request(actor=w.audrey),
        lambda w, e: chain_services.chain_verify(actor=SYSTEM, asked=e),
    ),
    "evidence_take": with_(_provable, lambda w, r: evidence_services.evidence_take(actor=w.audrey, report=r, reason="x")),
    "user_create": lambda w: lambda: accounts.user_create(actor=w.erin, email="n@mass.example", name="N"),
    "role_grant": lambda w: lambda: accounts.role_grant(actor=w.erin, user=w.users["bob"], role=Role.AUDITOR, reason="New"),
    "role_end": lambda w: lambda: accounts.role_end(actor=w.erin, assignment=RoleAssignment.objects.get(role="auditor"), reason="x"),
    "role_confirm": with_(_proposed, lambda w, r: accounts.role_confirm(actor=w.eve, assignment=r)),
    "role_review": lambda w: lambda: accounts.role_review(
        actor=w.erin, assignment=RoleAssignment.objects.get(user=w.users["eve"]), reason="Still needed"
    ),
    "session_end": with_(
        lambda w: Session.objects.create(session_key="k", user=w.users["bob"], expire_date=timezone.now()),
        lambda w, s: accounts.session_end(actor=w.bob, session_key="k", user=w.users["bob"]),
    ),
    "sessions_end": lambda w: lambda: accounts.sessions_end(actor=w.erin, user=w.users["bob"]),
    "mapping_create": lambda w: lambda: _mapping(w),
    "mapping_confirm": with_(_mapping, lambda w, m: mappings.mapping_confirm(actor=w.eve, mapping=m)),
    "mapping_end": with_(_mapping, lambda w, m: mappings.mapping_end(actor=w.erin, mapping=m, reason="x")),
    "connection_create": lambda w: lambda: _connection(w),
    "connection_end": with_(_connection, lambda w, c: tokens.connection_end(actor=w.erin, connection=c, reason="x")),
    "token_create": lambda w: lambda: _token(w),
    "token_withdraw": with_(_token, lambda w, t: tokens.token_withdraw(actor=w.erin, token=t)),
    "preference_set": lambda w: lambda: mail.preference_set(actor=w.bob, group="reminders", is_on=False),
    "message_retry": with_(lambda w: _message(w, "failed"), lambda w, m: mail.message_retry(actor=w.erin, message=m)),
    "bounce_record": with_(lambda w: _message(w, "sent"), lambda w, m: mail.bounce_record(
        actor=SYSTEM, address=m.address, reason="5.1.1", permanent=True, message=m
    )),
    "suppression_lift": with_(
        lambda w: SuppressedAddress.objects.create(address="a@mass.example", reason="5.1.1"),
        lambda w, s: mail.suppression_lift(actor=w.erin, suppression=s, reason="x"),
    ),
    "contact_add": lambda w: lambda: agencies.contact_add(actor=w.erin, employee=w.employee("A003"), agency=w.a, kind="backup"),
    "contact_end": lambda w: lambda: agencies.contact_end(actor=w.erin, contact=w.a.contacts.get(kind="backup"), reason="x"),
    "employee_link_user": lambda w: lambda: agencies.employee_link_user(actor=w.erin, employee=w.employee("A003"), user=w.users["bob"]),
    "roster_receive": _roster("receive"), "roster_plan": _roster("plan"), "roster_confirm": _roster("confirm"),
    "run_hold": lambda w: lambda: roster_services.run_hold(
        actor=w.erin, run=None, line=RosterLine(kind="leave", employee_id="A003", agency=w.a), reasons=["x"]
    ),
    "employee_receive": with_(bob, lambda w, b: feed_services.employee_receive(actor=w.erin, employee=b, facts=facts_about(b, title="Chief"))),
    "employee_withdraw": with_(bob, lambda w, b: feed_services.employee_withdraw(actor=w.erin, employee=b)),
    "roster_release": _roster("release"), "roster_discard": _roster("discard"), "roster_apply": _roster("apply"),
    "phase_create": lambda w: lambda: _second(w),
    "phase_change": lambda w: lambda: rollout.phase_change(actor=w.erin, phase=w.phase, name="Other"),
    "phase_agency_add": with_(_second, lambda w, p: rollout.phase_agency_add(actor=w.erin, phase=p, agency=w.b, allocation=2)),
    "phase_agency_allocate": lambda w: lambda: rollout.phase_agency_allocate(actor=w.erin, place=w.place, allocation=60, reason="x"),
    "phase_agency_attest": lambda w: lambda: rollout.phase_agency_attest(actor=w.alice, place=w.place, evidence="x"),
    "phase_sign_off": lambda w: lambda: rollout.phase_sign_off(actor=w.paula, phase=w.phase, reason="x"),
    "waiver_request": with_(_second, lambda w, p: rollout.waiver_request(actor=w.erin, phase=p, gate="posture", reason="x")),
    "waiver_confirm": _confirm,
    "phase_schedule": with_(_second, lambda w, p: rollout.phase_schedule(actor=w.erin, phase=p)),
    "phase_open": _closed_world_phase, "phase_pause": _phase("pause"), "phase_resume": _phase("resume"),
    "phase_close": _phase("close"), "phase_roll_back": _phase("roll_back"),
    "review_open": lambda w: lambda: access.review_open(
        actor=w.erin, name="x", kind="roles", due_on=TODAY() + timedelta(days=9)
    ),
    "items_answer": with_(
        _review, lambda w, r: access.items_answer(actor=w.erin, review=r, item_ids=list(r.items.values_list("pk", flat=True)), decision="confirmed")
    ),
    "review_close": with_(_review, lambda w, r: access.review_close(actor=w.erin, review=r)),
    "reclaim_set": lambda w: lambda: _rule(w),
    "reclaim_look": with_(_rule, lambda w, p: reclaim.reclaim_look(actor=SYSTEM, policy=p)),
    "reclaim_confirm": with_(
        _held_look, lambda w, r: reclaim.reclaim_confirm(actor=w.eve, run=r, number=1, reason="x")
    ),
    "reclaim_discard": with_(_held_look, lambda w, r: reclaim.reclaim_discard(actor=w.eve, run=r, reason="x")),
    "seat_keep": with_(lambda w: w.holder(bob(w)), lambda w, s: reclaim.seat_keep(actor=w.bob)),
    "request_return": with_(_reclaimed, lambda w, s: reclaim.request_return(actor=w.bob)),
    "people_remind": lambda w: lambda: licenses.people_remind(
        actor=w.alice, steps={w.employee("A003").pk: "accept the terms"}
    ),
    "contract_create": lambda w: lambda: licenses.contract_create(
        actor=w.erin, number="C-2", vendor="V", from_on=TODAY(), until_on=TODAY() + timedelta(days=1), seats=1, price_per_seat_year=1
    ),
    "contract_amend": lambda w: lambda: licenses.contract_amend(actor=w.erin, contract=w.contract, seats=5, effective_on=TODAY(), note="x"),
    "request_submit": lambda w: lambda: w.ask(w.employee("A003")),
    "request_withdraw": _withdrawn, "requests_decide": _decided, "request_approve": _asked, "request_decline": _declined,
    "seat_hand_back": _seat(lambda w, s: licenses.seat_hand_back(actor=w.bob)),
    "participation_decline": lambda w: lambda: licenses.participation_decline(actor=w.bob),
    "seat_revoke": _seat(lambda w, s: licenses.seat_revoke(actor=w.erin, seat=s, reason="x")),
    "seat_suspend": _seat(lambda w, s: licenses.seat_suspend(actor=w.erin, seat=s, code="review", reason="x")),
    "seat_restore": _restored,
    "workspace_create": lambda w: lambda: w.with_vendor("http://127.0.0.1:9/v1", retention=0),
    "workspace_readdress": with_(_workspace, lambda w, s: vendors.workspace_readdress(actor=w.erin, workspace=s, address="https://vendor.example/v1", reason="x")),
    "workspace_record_retention": with_(_workspace, lambda w, s: vendors.workspace_record_retention(actor=w.paula, workspace=s, days=9, reason="x")),
    "agencies_place": with_(_workspace, lambda w, s: vendors.agencies_place(actor=w.erin, workspace=s, agencies=[w.a])),
    "run_release": with_(_held_run, lambda w, r: vendors.run_release(actor=w.eve, run=r, number=3, reason="x")),
    "run_discard": with_(_held_run, lambda w, r: vendors.run_discard(actor=w.erin, run=r, reason="x")),
    "operation_retry": with_(lambda w: _operation(w, "needs_attention"), lambda w, o: vendors.operation_retry(actor=w.erin, operation=o)),
    "operation_cancel": with_(lambda w: _operation(w, "pending"), lambda w, o: vendors.operation_cancel(actor=w.erin, operation=o, reason="x")),
    "usage_fetch": with_(_workspace, lambda w, s: usage.usage_fetch(actor=w.erin, workspace=s, source=_nothing_told)),
    "usage_receive": with_(_workspace, _usage_file),
    "usage_apply": with_(lambda w: _usage_file(w, _workspace(w)), lambda w, r: usage.usage_apply(actor=w.erin, run=r)),
    "usage_discard": with_(lambda w: _usage_file(w, _workspace(w)), lambda w, r: usage.usage_discard(actor=w.erin, run=r)),
    "usage_read": lambda w: lambda: usage.usage_read(actor=SYSTEM, employee_ids=[w.employee("A003").pk], purpose="Reclaim"),
    "workspace_expect": with_(_workspace, lambda w, o: vendors.workspace_expect(
        actor=w.erin, workspace=o, expects_audit_log=True, key_expires_on=TODAY(), reason="x"
    )),
    "workspace_limit": with_(_workspace, lambda w, o: vendors.workspace_limit(actor=w.erin, workspace=o, rate_limits={"*": 7}, reason="x")),
    "assumption_record": with_(_chatgpt, lambda w, o: vendors.assumption_record(
        actor=w.erin, workspace=o, code="invites_path", value="/x", is_changed=True, note="Told by the vendor"
    )),
    "stop_start": lambda w: lambda: protection.stop_start(actor=w.paula, scope="everyone", reason="x", number=0),
    "stop_lift": with_(_stopped, lambda w, o: protection.stop_lift(actor=w.erin, stop=o, reason="x")),
    "hold_place": lambda w: lambda: protection.hold_place(actor=w.paula, employee=w.employee("A003"), matter="7", reason="x"),
    "hold_end": with_(_on_hold, lambda w, o: protection.hold_end(actor=w.paula, hold=o, reason="x")),
    "transparency_switch": lambda w: lambda: transparency_switch(actor=w.paula, is_on=True, reason="x"),
    "survey_answer": with_(lambda w: w.holder(bob(w)), lambda w, s: survey.survey_answer(actor=w.bob, minutes=30, helped=4)),
    "report_request": lambda w: lambda: made.report_request(actor=w.erin, kind="adoption"),
    "report_make": with_(_report, lambda w, r: made.report_make(actor=SYSTEM, report=r)),
    "report_check": with_(_made, lambda w, r: made.report_check(actor=w.audrey, report=r)),
    "saved_create": lambda w: lambda: made.saved_create(actor=w.erin, name="x", kind="compliance"),
    "saved_change": with_(_kept, lambda w, s: made.saved_change(actor=w.erin, saved=s, name="y", cadence="", recipients=[])),
    "saved_end": with_(_kept, lambda w, s: made.saved_end(actor=w.erin, saved=s)),
    "drift_adopt": _adopt, "drift_remove": _other("remove"), "drift_repair": _other("repair"), "drift_ignore": _other("ignore"),
}  # fmt: skip
# In consequence of an act seats move; each leaves an event of its own.
CONSEQUENCES = ("licenses.seat.", "licenses.request.withdrawn")


def public_services() -> list[str]:
    """The functions that people and tasks call to change something."""
    found = []
    for name in MODULES:
        module = importlib.import_module(name)
        for title, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == name and not title.startswith("_") and title not in NOT_ACTS:
                found.append(title)
    return found


def test_every_service_has_an_example() -> None:
    assert set(public_services()) - {"agencies_load"} == set(EXAMPLES)


def test_every_services_module_is_listed() -> None:
    apps = Path(importlib.import_module("apps").__path__[0])
    there = {f"apps.{path.parent.name}.{path.stem}" for path in apps.glob("*/*services.py")} - {"apps.audit.services"}
    assert there <= set(MODULES)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_it_leaves_exactly_one_event(world: World, name: str) -> None:
    act = EXAMPLES[name](world)
    last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    act()
    events = list(AuditEvent.objects.filter(pk__gt=last).values_list("verb", flat=True))
    own = [verb for verb in events if not verb.startswith(CONSEQUENCES)]
    if name.startswith("seat_") or name == "request_withdraw":
        own = events
    assert len(own) == 1, events
