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

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import RoleAssignment
from apps.agencies import fiction, roster_services
from apps.agencies import services as agencies
from apps.audit.models import AuditEvent
from apps.catalog import review_services as reviews
from apps.catalog import services as cases
from apps.core import clock
from apps.core.uploads import Upload
from apps.incidents import breach_services as breaches
from apps.incidents import report_services as reports
from apps.incidents import services as incidents
from apps.incidents.models import Incident, Task
from apps.knowledge import article_services as articles
from apps.knowledge import question_services as questions
from apps.knowledge import services as register
from apps.licenses import access_review_services as access
from apps.licenses import protection_services as protection
from apps.licenses import reclaim_services as reclaim
from apps.licenses import services as licenses
from apps.licenses.eligibility import Move
from apps.licenses.models import ReclaimPolicy, ReclaimRun, Seat
from apps.licenses.settle import seats_move
from apps.mail import services as mail
from apps.mail.models import Message, SuppressedAddress
from apps.rollout import services as rollout
from apps.rollout.models import Phase
from apps.terms import services as terms
from apps.training import import_services as training_imports
from apps.training import services as training
from apps.vendors import drift as drifts
from apps.vendors import services as vendors
from apps.vendors import usage_services as usage
from apps.vendors.models import Drift, Operation, SyncRun, VendorAccount
from tests.factories import catalog, knowledge
from tests.factories.cast import World, row

pytestmark = pytest.mark.django_db
MODULES = [
    "apps.accounts.services", "apps.mail.services", "apps.agencies.services", "apps.agencies.roster_services", "apps.rollout.services",
    "apps.catalog.services", "apps.catalog.review_services", "apps.terms.services", "apps.training.services",
    "apps.knowledge.services", "apps.knowledge.question_services", "apps.knowledge.article_services",
    "apps.knowledge.proxy_services",
    "apps.training.import_services", "apps.licenses.services", "apps.licenses.protection_services",
    "apps.licenses.reclaim_services", "apps.licenses.access_review_services",
    "apps.incidents.services", "apps.incidents.report_services", "apps.incidents.breach_services", "apps.vendors.services",
    "apps.vendors.drift", "apps.vendors.usage_services",
]  # fmt: skip
# They hand on to the services above, or record what an observation found, which is nobody's act.
NOT_ACTS = {
    "roster_work", "drifts_record", "missing_in", "why_not_send", "why_not_data", "attach", "answers", "may_answer",
}  # fmt: skip
Act = Callable[[], object]
TODAY = clock.today


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
        content = fiction.to_csv([] if step == "release" else [*w.rows, row("A900", "New", "One", "AAA")])
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


def _with(make: Callable[[World], object], act: Callable[[World, Any], object]) -> Callable[[World], Act]:
    def prepare(w: World) -> Act:
        thing = make(w)
        return lambda: act(w, thing)

    return prepare


def _draft(w: World) -> object:
    return terms.terms_draft(actor=w.paula, title="T", body="B")


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


def _planned(w: World) -> object:
    return training_imports.completions_receive(
        actor=w.erin, file_name="x.csv", content=b"employee_id,course,completed_on\nA003,AI-101,2026-01-05\n"
    )


def _announced(w: World) -> object:
    return terms.terms_publish(actor=w.paula, version=_draft(w), on=clock.today() + timedelta(days=1), reason="x")


def _tomorrow(act: Callable[[], object]) -> object:
    with clock.shifted(timedelta(days=1)):
        return act()


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


def _sent(w: World) -> object:
    return catalog.sent(w.bob, principal_basis=True)


def _lowering(w: World) -> object:
    return reviews.lowering_request(actor=w.erin, case=_sent(w), to_tier="routine", justification="x")


def _suspended(w: World) -> object:
    return cases.case_suspend(actor=w.paula, case=catalog.published(w), reason="x")


def _adopted(w: World) -> object:
    return reviews.case_adopt(actor=w.charlie, case=catalog.published(w), agency=w.b)


def _problem() -> reports.Report:
    return reports.Report("It made a rule up", "wrong_output", TODAY())


def _reported(w: World) -> Incident:
    return reports.incident_report(actor=w.bob, report=_problem())


def _triaged(w: World) -> Incident:
    return incidents.incident_triage(actor=w.paula, incident=_reported(w), category="data_entered", severity=2)


def _task(w: World) -> Task:
    return incidents.task_add(actor=w.paula, incident=_triaged(w), what="Look", owner="Paula", due_on=TODAY())


def _answered(_w: World) -> Act:
    _, code = reports.incident_report_anonymously(report=_problem())
    return lambda: reports.incident_answer_by_code(code=code, text="More")


def _merged(w: World) -> Act:
    one, other = _reported(w), _reported(w)
    return lambda: incidents.incident_merge(actor=w.paula, incident=one, into=other)


def _desk(w: World) -> object:
    return breaches.breach_open(actor=w.paula, incident=_triaged(w))


def _incident(name: str, **more: Any) -> Callable[[World], Act]:
    return _with(_triaged, lambda w, i: getattr(incidents, name)(actor=w.paula, incident=i, **more))


def _breach(name: str, **more: Any) -> Callable[[World], Act]:
    return _with(_desk, lambda w, d: getattr(breaches, name)(actor=w.paula, desk=d, **more))


_ANSWERS = {code: {"answer": "no", "note": ""} for code in ("personal", "readable", "unauthorized", "risk")}
EXAMPLES: dict[str, Callable[[World], Act]] = {
    "user_create": lambda w: lambda: accounts.user_create(actor=w.erin, email="n@mass.example", name="N"),
    "role_grant": lambda w: lambda: accounts.role_grant(actor=w.erin, user=w.users["bob"], role=Role.AUDITOR),
    "role_end": lambda w: lambda: accounts.role_end(actor=w.erin, assignment=RoleAssignment.objects.get(role="auditor"), reason="x"),
    "preference_set": lambda w: lambda: mail.preference_set(actor=w.bob, group="reminders", is_on=False),
    "message_retry": _with(lambda w: _message(w, "failed"), lambda w, m: mail.message_retry(actor=w.erin, message=m)),
    "bounce_record": _with(lambda w: _message(w, "sent"), lambda w, m: mail.bounce_record(
        actor=SYSTEM, address=m.address, reason="5.1.1", permanent=True, message=m
    )),
    "suppression_lift": _with(
        lambda w: SuppressedAddress.objects.create(address="a@mass.example", reason="5.1.1"),
        lambda w, s: mail.suppression_lift(actor=w.erin, suppression=s, reason="x"),
    ),
    "contact_add": lambda w: lambda: agencies.contact_add(actor=w.erin, employee=w.employee("A003"), agency=w.a, kind="backup"),
    "contact_end": lambda w: lambda: agencies.contact_end(actor=w.erin, contact=w.a.contacts.get(kind="backup"), reason="x"),
    "employee_link_user": lambda w: lambda: agencies.employee_link_user(actor=w.erin, employee=w.employee("A003"), user=w.users["bob"]),
    "roster_receive": _roster("receive"), "roster_plan": _roster("plan"), "roster_confirm": _roster("confirm"),
    "roster_release": _roster("release"), "roster_discard": _roster("discard"), "roster_apply": _roster("apply"),
    "phase_create": lambda w: lambda: _second(w),
    "phase_change": lambda w: lambda: rollout.phase_change(actor=w.erin, phase=w.phase, name="Other"),
    "phase_agency_add": _with(_second, lambda w, p: rollout.phase_agency_add(actor=w.erin, phase=p, agency=w.b, allocation=2)),
    "phase_agency_allocate": lambda w: lambda: rollout.phase_agency_allocate(actor=w.erin, place=w.place, allocation=60, reason="x"),
    "phase_agency_attest": lambda w: lambda: rollout.phase_agency_attest(actor=w.alice, place=w.place, evidence="x"),
    "phase_sign_off": lambda w: lambda: rollout.phase_sign_off(actor=w.paula, phase=w.phase, reason="x"),
    "waiver_request": _with(_second, lambda w, p: rollout.waiver_request(actor=w.erin, phase=p, gate="posture", reason="x")),
    "waiver_confirm": _confirm,
    "phase_schedule": _with(_second, lambda w, p: rollout.phase_schedule(actor=w.erin, phase=p)),
    "phase_open": _closed_world_phase, "phase_pause": _phase("pause"), "phase_resume": _phase("resume"),
    "phase_close": _phase("close"), "phase_roll_back": _phase("roll_back"),
    "case_begin": lambda w: lambda: cases.case_begin(actor=w.bob, title="T", problem="P"),
    "case_write": _with(lambda w: catalog.draft(w.bob), lambda w, c: cases.case_write(actor=w.bob, case=c, texts={"title": "U"})),
    "case_submit": _with(lambda w: catalog.draft(w.bob), lambda w, c: cases.case_submit(actor=w.bob, case=c)),
    "case_withdraw": _with(lambda w: catalog.draft(w.bob), lambda w, c: cases.case_withdraw(actor=w.bob, case=c)),
    "case_suspend": _with(catalog.published, lambda w, c: cases.case_suspend(actor=w.paula, case=c, reason="x")),
    "case_resume": _with(_suspended, lambda w, c: cases.case_resume(actor=w.paula, case=c, reason="x")),
    "case_reconfirm": _with(catalog.published, lambda w, c: cases.case_reconfirm(actor=w.alice, case=c, reason="x")),
    "case_retire": _with(catalog.published, lambda w, c: cases.case_retire(actor=w.bob, case=c, reason="x")),
    "case_set_stage": _with(catalog.published, lambda w, c: cases.case_set_stage(actor=w.bob, case=c, stage="pilot")),
    "case_report": _with(catalog.published, lambda w, c: cases.case_report(actor=w.bob, case=c, result="x")),
    "case_answer_practices": _with(catalog.published, lambda w, c: cases.case_answer_practices(actor=w.erin, case=c, practices={})),
    "case_review": _with(_sent, lambda w, c: reviews.case_review(actor=w.alice, case=c, office="contact", decision="accept")),
    "lowering_request": _with(_sent, lambda w, c: reviews.lowering_request(actor=w.erin, case=c, to_tier="routine", justification="x")),
    "lowering_decide": _with(_lowering, lambda w, l: reviews.lowering_decide(actor=w.eve, lowering=l, confirm=True, reason="x")),
    "case_adopt": _with(catalog.published, lambda w, c: reviews.case_adopt(actor=w.charlie, case=c, agency=w.b)),
    "adoption_report": _with(_adopted, lambda w, a: reviews.adoption_report(actor=w.charlie, adoption=a, result="x")),
    "tool_add": lambda w: lambda: knowledge.tool(w),
    "tool_edit": _with(knowledge.tool, lambda w, t: register.tool_edit(actor=w.paula, tool=t, answer="x")),
    "obligation_add": lambda w: lambda: knowledge.obligation(w),
    "obligation_edit": _with(knowledge.obligation, lambda w, o: register.obligation_edit(actor=w.erin, obligation=o, state="part")),
    "announcement_add": lambda w: lambda: knowledge.announced(w),
    "announcement_end": _with(knowledge.announced, lambda w, a: register.announcement_end(actor=w.erin, announcement=a, reason="x")),
    "question_ask": lambda w: lambda: knowledge.asked(w),
    "question_answer": _with(knowledge.asked, lambda w, q: questions.question_answer(actor=w.alice, question=q, text="x")),
    "question_hand_over": _with(
        knowledge.asked, lambda w, q: questions.question_hand_over(actor=w.alice, question=q, office="eotss", note="x")
    ),
    "question_reopen": _with(knowledge.answered, lambda w, q: questions.question_reopen(actor=w.bob, question=q, text="x")),
    "article_write": lambda w: lambda: knowledge.draft(w),
    "article_edit": _with(knowledge.published, lambda w, a: articles.article_edit(actor=w.erin, article=a, body="x")),
    "article_publish": _with(knowledge.draft, lambda w, a: articles.article_publish(actor=w.paula, article=a)),
    "article_confirm": _with(
        knowledge.published, lambda w, a: articles.article_confirm(actor=w.erin, article=a, review_on=knowledge.later())
    ),
    "article_retire": _with(knowledge.published, lambda w, a: articles.article_retire(actor=w.erin, article=a, reason="x")),
    "article_from_question": _with(knowledge.answered, lambda w, q: articles.article_from_question(actor=w.alice, question=q)),
    "proxy_import": lambda w: lambda: knowledge.counted(w),
    "terms_draft": lambda w: lambda: _draft(w),
    "terms_revise": _with(_draft, lambda w, v: terms.terms_revise(actor=w.paula, version=v, title="T", body="C", summary_of_changes="")),
    "terms_publish": _with(_draft, lambda w, v: terms.terms_publish(actor=w.paula, version=v, reason="x")),
    "terms_translate": _with(_draft, lambda w, v: terms.terms_translate(actor=w.paula, version=v, language="fr", title="T", body="C")),
    "terms_unschedule": _with(_announced, lambda w, v: terms.terms_unschedule(actor=w.paula, version=v, reason="x")),
    "terms_take_effect": _with(_announced, lambda w, v: _tomorrow(lambda: terms.terms_take_effect(actor=SYSTEM))),
    "review_open": lambda w: lambda: access.review_open(
        actor=w.erin, name="x", kind="roles", due_on=TODAY() + timedelta(days=9)
    ),
    "items_answer": _with(
        _review, lambda w, r: access.items_answer(actor=w.erin, review=r, item_ids=list(r.items.values_list("pk", flat=True)), decision="confirmed")
    ),
    "review_close": _with(_review, lambda w, r: access.review_close(actor=w.erin, review=r)),
    "reclaim_set": lambda w: lambda: _rule(w),
    "reclaim_look": _with(_rule, lambda w, p: reclaim.reclaim_look(actor=SYSTEM, policy=p)),
    "reclaim_confirm": _with(
        _held_look, lambda w, r: reclaim.reclaim_confirm(actor=w.eve, run=r, number=1, reason="x")
    ),
    "reclaim_discard": _with(_held_look, lambda w, r: reclaim.reclaim_discard(actor=w.eve, run=r, reason="x")),
    "seat_keep": _with(lambda w: w.holder(bob(w)), lambda w, s: reclaim.seat_keep(actor=w.bob)),
    "request_return": _with(_reclaimed, lambda w, s: reclaim.request_return(actor=w.bob)),
    "people_remind": lambda w: lambda: licenses.people_remind(
        actor=w.alice, steps={w.employee("A003").pk: "accept the terms"}
    ),
    "terms_accept": lambda w: lambda: w.accept(w.employee("A003")),
    "course_create": lambda w: lambda: training.course_create(actor=w.erin, code="X", title="X"),
    "completion_record": lambda w: lambda: w.train(w.employee("A003")),
    "training_waive": lambda w: lambda: training.training_waive(
        actor=w.erin, employee=w.employee("A003"), course=w.course, until_on=TODAY(), reason="x"
    ),
    "course_revise": lambda w: lambda: training.course_revise(
        actor=w.erin, course=w.course, title="X", provider="", url="", valid_days=30, is_active=True, equivalents=[]
    ),
    "training_waiver_end": _with(
        lambda w: training.training_waive(
            actor=w.paula, employee=w.employee("A003"), course=w.course, reason="x", until_on=TODAY() + timedelta(days=9)
        ),
        lambda w, v: training.training_waiver_end(actor=w.paula, waiver=v, reason="x"),
    ),
    "completions_receive": lambda w: lambda: training_imports.completions_receive(
        actor=w.erin, file_name="x.csv", content=b"employee_id,course,completed_on\nA003,AI-101,2026-01-05\n"
    ),
    "completions_match": _with(
        lambda w: training_imports.completions_receive(
            actor=w.erin, file_name="x.csv", content=b"who,what,when\nA003,AI-101,2026-01-05\n"
        ),
        lambda w, r: training_imports.completions_match(
            actor=w.erin, run=r, columns={"employee_id": "who", "course": "what", "completed_on": "when"}, save_as="LMS"
        ),
    ),
    "completions_apply": _with(_planned, lambda w, r: training_imports.completions_apply(actor=w.erin, run=r)),
    "completions_discard": _with(_planned, lambda w, r: training_imports.completions_discard(actor=w.erin, run=r)),
    "completions_post": lambda w: lambda: training_imports.completions_post(
        actor=w.erin, rows=[{"employee_id": "A003", "course": "AI-101", "completed_on": "2026-01-05"}]
    ),
    "completions_import": lambda w: lambda: training_imports.completions_import(
        actor=w.erin, file_name="x", content=b"employee_id,course,completed_on\nA003,AI-101,2026-01-01\n"
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
    "workspace_readdress": _with(_workspace, lambda w, s: vendors.workspace_readdress(actor=w.erin, workspace=s, address="https://vendor.example/v1", reason="x")),
    "workspace_record_retention": _with(_workspace, lambda w, s: vendors.workspace_record_retention(actor=w.paula, workspace=s, days=9, reason="x")),
    "agencies_place": _with(_workspace, lambda w, s: vendors.agencies_place(actor=w.erin, workspace=s, agencies=[w.a])),
    "run_release": _with(_held_run, lambda w, r: vendors.run_release(actor=w.eve, run=r, number=3, reason="x")),
    "run_discard": _with(_held_run, lambda w, r: vendors.run_discard(actor=w.erin, run=r, reason="x")),
    "operation_retry": _with(lambda w: _operation(w, "needs_attention"), lambda w, o: vendors.operation_retry(actor=w.erin, operation=o)),
    "operation_cancel": _with(lambda w: _operation(w, "pending"), lambda w, o: vendors.operation_cancel(actor=w.erin, operation=o, reason="x")),
    "usage_fetch": _with(_workspace, lambda w, s: usage.usage_fetch(actor=w.erin, workspace=s, source=_nothing_told)),
    "usage_receive": _with(_workspace, _usage_file),
    "usage_apply": _with(lambda w: _usage_file(w, _workspace(w)), lambda w, r: usage.usage_apply(actor=w.erin, run=r)),
    "usage_discard": _with(lambda w: _usage_file(w, _workspace(w)), lambda w, r: usage.usage_discard(actor=w.erin, run=r)),
    "usage_read": lambda w: lambda: usage.usage_read(actor=SYSTEM, employee_ids=[w.employee("A003").pk], purpose="Reclaim"),
    "workspace_expect": _with(_workspace, lambda w, o: vendors.workspace_expect(
        actor=w.erin, workspace=o, expects_audit_log=True, key_expires_on=TODAY(), reason="x"
    )),
    "workspace_limit": _with(_workspace, lambda w, o: vendors.workspace_limit(actor=w.erin, workspace=o, rate_limits={"*": 7}, reason="x")),
    "assumption_record": _with(_chatgpt, lambda w, o: vendors.assumption_record(
        actor=w.erin, workspace=o, code="invites_path", value="/x", is_changed=True, note="Told by the vendor"
    )),
    "stop_start": lambda w: lambda: protection.stop_start(actor=w.paula, scope="everyone", reason="x", number=0),
    "stop_lift": _with(_stopped, lambda w, o: protection.stop_lift(actor=w.erin, stop=o, reason="x")),
    "hold_place": lambda w: lambda: protection.hold_place(actor=w.paula, employee=w.employee("A003"), matter="7", reason="x"),
    "hold_end": _with(_on_hold, lambda w, o: protection.hold_end(actor=w.paula, hold=o, reason="x")),
    "incident_report": lambda w: lambda: _reported(w),
    "incident_report_anonymously": lambda _w: lambda: reports.incident_report_anonymously(report=_problem()),
    "incident_answer": _with(_reported, lambda w, i: reports.incident_answer(actor=w.bob, incident=i, text="More")),
    "incident_answer_by_code": _answered,
    "incident_triage": _with(_reported, lambda w, i: incidents.incident_triage(actor=w.paula, incident=i, category="outage", severity=4)),
    "incident_move": _incident("incident_move", state="investigating"),
    "incident_contain": _incident("incident_contain", note="Stopped"),
    "incident_merge": _merged,
    "incident_note": _incident("incident_note", text="Seen"), "incident_ask": _incident("incident_ask", text="When?"),
    "incident_attach": _incident("incident_attach", upload=Upload("a.txt", "text/plain", b"x")),
    "handler_name": _with(_triaged, lambda w, i: incidents.handler_name(actor=w.paula, incident=i, user=w.users["alice"])),
    "handler_release": _with(_triaged, lambda w, i: incidents.handler_release(actor=w.paula, incident=i, user=w.users["alice"])),
    "person_concern": _with(_triaged, lambda w, i: incidents.person_concern(actor=w.paula, incident=i, employee=w.employee("A003"))),
    "task_add": _incident("task_add", what="Look", owner="Paula", due_on=TODAY()),
    "task_finish": _with(_task, lambda w, t: incidents.task_finish(actor=w.paula, task=t)),
    "breach_open": _with(_triaged, lambda w, i: breaches.breach_open(actor=w.paula, incident=i)),
    "breach_answer": _breach("breach_answer", answers=_ANSWERS),
    "breach_describe": _breach("breach_describe", content={"nature": "A list was mailed"}),
    "breach_decide": _breach("breach_decide", decision="breach", reason="Counsel agrees"),
    "breach_notify": _breach("breach_notify", recipient="soc", told_on=TODAY(), how="By telephone"),
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
