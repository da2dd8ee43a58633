"""For every address of Beacon an example of its parameters, made of records that exist in the small world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts import services as account_services
from apps.accounts import token_services
from apps.accounts.access import Rule, rule_of
from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import RoleMapping
from apps.agencies import feed_services, roster_services
from apps.agencies.models import Employee, RosterLine
from apps.api.nouns import NOUNS
from apps.api.verbs import VERBS
from apps.audit.models import AuditEvent
from apps.catalog import review_services
from apps.catalog import services as case_services
from apps.core import clock
from apps.core.uploads import Upload
from apps.incidents import breach_services as breaches
from apps.incidents import report_services as reports
from apps.incidents import services as incidents
from apps.knowledge import question_services as questions
from apps.licenses import access_review_services
from apps.licenses import protection_services as protection
from apps.licenses.models import ReclaimRun
from apps.licenses.ports import UsageSeen
from apps.mail.models import Message, SuppressedAddress
from apps.registers import services as register_files
from apps.reports import records_services
from apps.reports import services as report_services
from apps.reports.transparency_services import transparency_switch
from apps.rollout import services as rollout
from apps.terms import services as terms
from apps.terms.models import Acceptance
from apps.training import import_services as training_imports
from apps.training import services as training
from apps.vendors import usage_services as usage
from apps.vendors.models import Assumption, Drift, Operation, PostureCheck, SyncRun, VendorAccount, VendorEvent
from apps.vendors.usage_tables import usage_store
from apps.webhooks import services as webhooks
from apps.webhooks.models import Delivery
from apps.webhooks.publishing import publish
from tests.factories import catalog, knowledge
from tests.factories.cast import World, import_rows, row
from tests.factories.kept import kept
from tests.factories.scim import facts_about

# The demo's own pages exist nowhere else; doors of identity providers answer to them and not to people who look around.
FOREIGN = {
    "openid_connect_login", "openid_connect_callback", "saml_login", "saml_acs", "saml_finish_acs", "saml_sls",
    "saml_metadata", "demo:sign_in", "demo:mail", "demo:mail-html",
}  # fmt: skip
# Ours, and open to people signed out on purpose: each with its reason in its module.
PUBLIC = {
    "account_login", "accounts:break-glass", "incidents:public-report", "incidents:public-code", "reports:transparency", "reports:transparency-json",
}  # fmt: skip
# Whose right hangs on the record and not on the role: who sees the record and may not act on it gets 403.
BY_RECORD = {
    "incidents:triage", "incidents:move", "incidents:say", "incidents:contain", "incidents:task-new",
    "incidents:task-done", "incidents:concern", "incidents:file-add", "incidents:file",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One address: its name, and the rule of its view."""

    name: str
    view: Any
    rule: Rule | None


def pages() -> list[Page]:
    """Every named address of the project, as the resolver knows them."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[Any], prefix: str) -> Iterator[Page]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _walk(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern):
            yield Page(f"{prefix}{pattern.name}", pattern.callback, rule_of(pattern.callback))


def is_api(name: str) -> bool:
    """Whether an address belongs to the API: it answers 401 where pages lead to the sign-in."""
    return name.partition(":")[0].endswith("api")


Parameters = dict[str, dict[str, Any]]


def furnished() -> tuple[World, Parameters]:
    """A world in which every kind of record exists in agency A, and the parameters of every address."""
    return kept("furnished", _furnished)


def _furnished() -> tuple[World, Parameters]:
    world = World.build(more=3)
    world.with_vendor("http://127.0.0.1:9/v1")
    parameters = _seats(world) | _directory(world) | _phases(world) | _learning(world)
    parameters |= _vendor(world) | _workspaces(world) | _usage(world) | _protection(world) | _mail_and_trail()
    parameters |= _access(world) | _catalog(world) | _incidents(world) | _knowledge(world) | _reports(world)
    parameters |= _webhooks(world)
    parameters |= _registers(world)
    return world, parameters | _interface()


def _interface() -> Parameters:
    """Of each noun of the interface one record, for its address and for those of its verbs."""
    keys: dict[str, Any] = {}
    for noun in NOUNS:
        first = noun.model._default_manager.values_list(noun.key, flat=True).first()
        keys[noun.path] = 1 if first is None else first
    found: Parameters = {
        f"nouns-api:{noun.path.replace('/', '-')}-one": {"key": keys[noun.path]} for noun in NOUNS if noun.has_detail
    }
    for verb in VERBS:
        if verb.record:
            found[f"nouns-api:{f'{verb.noun}-{verb.name}'.replace('/', '-')}"] = {"key": keys[verb.noun]}
    return found


def _access(world: World) -> Parameters:
    bob = world.users["bob"]
    role = account_services.role_grant(actor=world.erin, user=bob, role=Role.PRIVACY, reason="Waits")
    mapping = RoleMapping.objects.create(
        provider="state", claim="groups", value="g-7", role="auditor", created_by="Erin", created_by_key="x",
        confirmed_at=clock.now(),
    )  # fmt: skip
    feed = token_services.connection_create(actor=world.erin, name="HR feed", reason="Contract 7")
    token, _ = token_services.token_create(actor=world.erin, owner=feed, name="Entra", scopes=["scim"])
    return {
        "accounts:role": {"pk": role.pk}, "accounts:role-confirm": {"pk": role.pk},
        "accounts:role-review": {"pk": role.pk}, "accounts:role-end": {"pk": role.pk},
        "accounts:sessions-end": {"pk": bob.pk}, "accounts:mapping": {"pk": mapping.pk},
        "accounts:mapping-confirm": {"pk": mapping.pk}, "accounts:mapping-end": {"pk": mapping.pk},
        "accounts:token": {"pk": token.pk}, "accounts:token-withdraw": {"pk": token.pk},
        "accounts:connection": {"pk": feed.pk}, "accounts:connection-token": {"pk": feed.pk},
        "accounts:connection-end": {"pk": feed.pk},
    }  # fmt: skip


def _registers(world: World) -> Parameters:
    """A planned file: a new course, one that changes, one that is refused."""
    run = register_files.import_receive(
        actor=world.erin, register="courses", file_name="courses.csv",
        content=b"code,title,valid_days\nNEW-1,New,30\nAI-101,Renamed,365\nBAD-1,,x\n",
    )  # fmt: skip
    register_files.import_plan(actor=SYSTEM, run=run)
    names = ("import", "import-progress", "import-apply", "import-discard")
    return {f"registers:{name}": {"pk": run.pk} for name in names} | {
        "registers:export": {"slug": "tools", "form": "csv"},
        "registers:people-export": {"slug": "contacts", "form": "csv"},
    }


def _reports(world: World) -> Parameters:
    # Without small figures, so that leaders and contacts see it too; without charts, so that it is quickly made.
    stored = report_services.report_request(actor=world.alice, kind="compliance", scope="agency:AAA")
    report_services.report_make(actor=SYSTEM, report=stored)
    transparency_switch(actor=world.erin, is_on=True, reason="Decided")
    saved = report_services.saved_create(
        actor=world.erin, name="Every month", kind="adoption", scope="agency:AAA", cadence="monthly"
    )
    bundle = records_services.bundle_request(
        actor=world.paula, agencies=[world.a], since=clock.today(), until=clock.today(), reason="Request 7"
    )
    records_services.bundle_make(actor=SYSTEM, bundle=bundle)
    return {
        "reports:bundle": {"pk": bundle.pk}, "reports:bundle-progress": {"pk": bundle.pk},
        "reports:bundle-file": {"pk": bundle.pk},
        "reports:evidence": {"pk": stored.pk},
        "reports:stored": {"pk": stored.pk}, "reports:stored-progress": {"pk": stored.pk},
        "reports:stored-check": {"pk": stored.pk}, "reports:stored-file": {"pk": stored.pk, "form": "json"},
        "reports:saved-change": {"pk": saved.pk}, "reports:saved-end": {"pk": saved.pk},
        "reports-api:stored": {"pk": stored.pk}, "reports:store": {"kind": "adoption"}, "reports:chart": {"kind": "adoption", "key": "funnel"},
        "reports:file": {"kind": "adoption", "form": "json"},
    }  # fmt: skip


def _webhooks(world: World) -> Parameters:
    """A webhook that nobody answers, with an event that was given up; another that is paused."""
    address = "http://127.0.0.1:9/hook"
    made, _ = webhooks.subscription_create(
        actor=world.erin, name="Data hub", address=address, types=["seat.held", "seat.granted"], reason="Agreement 12"
    )
    paused, _ = webhooks.subscription_create(
        actor=world.erin, name="Help desk", address=address, types=["incident.reported"], reason="Agreement 13"
    )
    webhooks.subscription_pause(actor=world.erin, subscription=paused, reason="Maintenance")
    publish()
    given_up = Delivery.objects.filter(subscription=made).earliest("position")
    Delivery.objects.filter(pk=given_up.pk).update(state="sending")
    Delivery.objects.filter(pk=given_up.pk).update(state="failed", attempts=10, status=500, answer="Out of order")
    one = {"pk": made.pk}
    return {f"webhooks:{name}": one for name in ("subscription", "revise", "test", "pause", "end", "secret", "replay", "deliveries")} | {
        "webhooks:resume": {"pk": paused.pk},
        "webhooks:delivery": {"pk": given_up.pk}, "webhooks:delivery-replay": {"pk": given_up.pk},
    }  # fmt: skip


def _seats(world: World) -> Parameters:
    bob = world.employee("A003")
    seat = world.holder(bob)
    asked = world.ask(world.employee("A100"))
    review = access_review_services.review_open(
        actor=world.erin, name="Spring", kind="members", due_on=clock.today() + timedelta(days=21)
    )
    look = ReclaimRun.objects.create(
        contract=world.contract, mode="on", state="held", held_seats=[seat.pk], looked=9, asked=2,
        skipped={"on leave": 3},
    )  # fmt: skip
    return {
        "console:person": {"pk": bob.pk}, "training:waiver-new": {"pk": bob.pk}, "licenses:hold-new": {"pk": bob.pk},
        "licenses:request": {"pk": asked.pk}, "licenses:withdraw": {"pk": asked.pk}, "licenses:seat": {"pk": seat.pk},
        "licenses:seat-move": {"pk": seat.pk, "verb": "suspend"}, "licenses:contract-amend": {"pk": world.contract.pk},
        "licenses:review": {"pk": review.pk}, "licenses:review-check": {"pk": review.pk},
        "licenses:review-answer": {"pk": review.pk}, "licenses:review-close": {"pk": review.pk},
        "licenses:reclaim-policy": {"pk": world.contract.pk}, "licenses:reclaim-run": {"pk": look.pk},
        "licenses:reclaim-confirm": {"pk": look.pk}, "licenses:reclaim-discard": {"pk": look.pk},
    }  # fmt: skip


def _directory(world: World) -> Parameters:
    run = _held_roster(world)
    contact = world.a.contacts.first()
    assert contact is not None
    # The identity provider changed somebody, and asked for a separation that waits for a person.
    feed = replace(SYSTEM, key="entra", name="Entra")
    cora = world.employee("B002")
    feed_services.employee_receive(actor=feed, employee=cora, facts=facts_about(cora, title="Deputy"))
    line = RosterLine(kind="leave", employee_id="B003", agency=world.b)
    roster_services.run_hold(actor=feed, run=None, line=line, reasons=["More than 3 of 4 people would be separated."])
    return {
        "scim-api:endpoint": {"path": "Users"},
        "console:agency": {"code": "AAA"}, "agencies:contact-add": {"code": "AAA"},
        "agencies:contact-end": {"pk": contact.pk},
        "agencies:run": {"pk": run.pk}, "agencies:run-progress": {"pk": run.pk}, "agencies:run-confirm": {"pk": run.pk},
        "agencies:run-release": {"pk": run.pk}, "agencies:run-discard": {"pk": run.pk},
    }  # fmt: skip


def _phases(world: World) -> Parameters:
    second = rollout.phase_create(
        actor=world.erin, number=2, name="Second", planned_start=clock.today(),
        planned_end=clock.today() + timedelta(days=30), seat_cap=10, required_courses=["AI-101"],
    )  # fmt: skip
    rollout.phase_agency_add(actor=world.erin, phase=second, agency=world.b, allocation=5)
    rollout.phase_schedule(actor=world.erin, phase=second)
    waiver = rollout.waiver_request(actor=world.erin, phase=second, gate="posture", reason="Asked for")
    return {
        "rollout:phase": {"number": 1}, "rollout:phase-edit": {"number": 1}, "rollout:place-add": {"number": 1},
        "rollout:phase-sign": {"number": 2}, "rollout:waiver-new": {"number": 2, "gate": "attested"},
        "rollout:phase-move": {"number": 1, "verb": "pause"}, "rollout:place-allocate": {"pk": world.place.pk},
        "rollout:place-attest": {"pk": world.place.pk}, "rollout:waiver-confirm": {"pk": waiver.pk},
    }  # fmt: skip


def _learning(world: World) -> Parameters:
    draft = terms.terms_draft(actor=world.paula, title="Terms", body="New text")
    french = terms.terms_translate(
        actor=world.paula, version=world.version, language="fr", title="Conditions", body="Texte"
    )
    terms.terms_publish(actor=world.paula, version=french, reason="Asked for")
    receipt = Acceptance.objects.filter(employee__employee_id="A003").get()
    imported = training_imports.completions_import(
        actor=world.erin, file_name="lms.csv",
        content=b"employee_id,course,completed_on\nA101,AI-101,2026-01-05\nX,Y,Z\n",
    )  # fmt: skip
    unknown = training_imports.completions_receive(
        actor=world.erin, file_name="other.csv", content=b"Person,Module,Done\nA101,AI-101,2026-01-05\n"
    )
    waived = training.training_waive(
        actor=world.paula, employee=world.employee("A102"), course=world.course, reason="On leave",
        until_on=clock.today() + timedelta(days=30),
    )  # fmt: skip
    return {
        "training:course": {"code": "AI-101"}, "training:course-edit": {"code": "AI-101"},
        "training:waiver-end": {"pk": waived.pk}, "training:import-match": {"pk": unknown.pk},
        "training:import-apply": {"pk": imported.pk}, "training:import-discard": {"pk": imported.pk},
        "terms:version": {"number": 1}, "terms:edit": {"number": draft.number},
        "terms:translate": {"number": 1}, "terms:unschedule": {"number": draft.number},
        "terms:translation": {"number": french.number, "language": "fr"},
        "terms:translation-edit": {"number": french.number, "language": "fr"},
        "terms:translation-publish": {"number": french.number, "language": "fr"},
        "terms:receipt": {"pk": receipt.pk}, "terms:receipt-pdf": {"pk": receipt.pk},
        "terms:publish": {"number": draft.number}, "training:import": {"pk": imported.pk},
    }  # fmt: skip


def _vendor(world: World) -> Parameters:
    """A held plan with its operations, one that needs attention, and a difference."""
    bob, workspace = world.employee("A003"), world.workspace
    operation = Operation.objects.get(employee=bob, kind="invite")
    run = SyncRun.objects.create(
        workspace=workspace, started_by_key="x", started_by="Beacon", counts={"remove": 1, "drift": 1}
    )
    SyncRun.objects.filter(pk=run.pk).update(state="held", hold_reasons=["30 of 40 accounts would be removed."])
    Operation.objects.create(
        workspace=workspace, kind="remove", target="t", cause="x", run=run, state="planned", employee=bob
    )
    account = VendorAccount.objects.create(workspace=workspace, vendor_id="user-1", email="x@mass.example")
    drift = Drift.objects.create(
        workspace=workspace, kind="orphan", target="user-1", account=account, employee=world.employee("A101"),
        detail="An account without a seat",
    )  # fmt: skip
    line = VendorEvent.objects.create(
        workspace=workspace, event_id="e-1", type="user.added", at=clock.now(), actor="owner@beacon.example",
        detail={"id": "user-1"},
    )  # fmt: skip
    return {
        "vendors:run": {"pk": run.pk}, "vendors:run-release": {"pk": run.pk}, "vendors:run-discard": {"pk": run.pk},
        "vendors:run-progress": {"pk": run.pk}, "vendors:operation": {"pk": operation.pk},
        "vendors:operation-retry": {"pk": operation.pk}, "vendors:operation-cancel": {"pk": operation.pk},
        "vendors:drift": {"pk": drift.pk}, "vendors:drift-settle": {"pk": drift.pk, "verb": "ignore"},
        "vendors:event": {"pk": line.pk},
    }  # fmt: skip


def _workspaces(world: World) -> Parameters:
    """Beside the main one a ChatGPT workspace, of whose API something is assumed and something was asked."""
    main = world.workspace
    PostureCheck.objects.create(workspace=main, code="owners", expected="none", observed="x@mass.example", state="bad")
    world.with_vendor(
        "http://127.0.0.1:9/v1", name="justice", adapter="chatgpt_workspace",
        vendor_ref="11111111-2222-4333-8444-555555555555",
    )  # fmt: skip
    Assumption.objects.create(
        workspace=world.workspace, code="users_path", checked_at=clock.now(), check_holds=False, check_answer="HTTP 404"
    )
    world.workspace = main
    names = (
        "workspace", "workspace-place", "workspace-retention", "workspace-sync", "workspace-posture", "workspace-expect",
        "workspace-limit", "workspace-members",
    )  # fmt: skip
    return {f"vendors:{name}": {"name": "main"} for name in names} | {
        "vendors:assumptions": {"name": "justice"}, "vendors:workspace-check": {"name": "justice"},
        "vendors:assumption": {"name": "justice", "code": "users_path"}, "vendors-api:members": {"name": "main"},
    }  # fmt: skip


def _usage(world: World) -> Parameters:
    measured = usage.usage_receive(
        actor=world.erin, workspace=world.workspace, file_name="usage.csv",
        content=f"date,email,messages\n2026-01-05,{world.employee('A003').email},3\nX,Y,Z\n".encode(),
    )  # fmt: skip
    everybody = Employee.objects.values_list("email", flat=True)
    usage_store(world.workspace, [UsageSeen(clock.today() - timedelta(days=8), "", email, 4) for email in everybody])
    return {f"usage:{name}": {"pk": measured.pk} for name in ("import", "import-apply", "import-discard")}


def _catalog(world: World) -> Parameters:
    """A published case that agency B took up, one in review with a lower tier asked for, one suspended, one draft."""
    shown = catalog.published(
        world, conditions="Keep a log of what was changed.", principal_basis=True, show_author=True
    )
    adoption = review_services.case_adopt(actor=world.charlie, case=shown, agency=world.b)
    case_services.case_report(
        actor=world.bob, case=shown, result="Faster", minutes_saved=20, answers=12, method="Survey of the unit"
    )
    suspended = catalog.published(world, title="Summaries of hearings")
    case_services.case_suspend(actor=world.paula, case=suspended, reason="A wrong summary was used")
    waiting = catalog.sent(world.bob, title="Tables from reports", principal_basis=True)
    lowering = review_services.lowering_request(
        actor=world.erin, case=waiting, to_tier="routine", justification="Only column names are drafted."
    )
    drafted = catalog.draft(world.bob, title="An idea")
    review = {name: {"pk": waiting.pk} for name in ("catalog:review", "catalog:lower", "catalog:withdraw")}
    live = ("case", "report", "stage", "retire", "adopt", "practices", "reconfirm", "suspend")
    return review | {f"catalog:{name}": {"pk": shown.pk} for name in live} | {
        "catalog:resume": {"pk": suspended.pk}, "catalog:lowering-decide": {"pk": lowering.pk},
        "catalog:write": {"pk": drafted.pk, "step": "send"}, "catalog:adoption-report": {"pk": adoption.pk},
    }  # fmt: skip


def _knowledge(world: World) -> Parameters:
    """A tool, a published article, an answered question that both offices saw, an obligation, news and counts."""
    tool, article = knowledge.tool(world), knowledge.published(world)
    question = knowledge.asked(world)
    for actor, office in ((world.alice, "privacy"), (world.paula, "eotss")):
        questions.question_hand_over(actor=actor, question=question, office=office, note="Please look")
    questions.question_answer(actor=world.erin, question=question, text="Yes")
    about = {"article": article, "tool": tool, "obligation": knowledge.obligation(world)}
    knowledge.counted(world)
    names = {
        "article": ("article", "article-edit", "article-publish", "article-confirm", "article-retire"),
        "tool": ("tool", "tool-edit"), "obligation": ("obligation-edit",),
    }  # fmt: skip
    found: Parameters = {f"knowledge:{name}": {"pk": about[key].pk} for key, each in names.items() for name in each}
    for name in ("question", "answer", "hand-over", "reopen", "to-article"):
        found[f"knowledge:{name}"] = {"pk": question.pk}
    found["knowledge:announcement-end"] = {"pk": knowledge.announced(world).pk}
    return found | {"knowledge:article-version": {"pk": article.pk, "number": 1}}


def _protection(world: World) -> Parameters:
    hold = protection.hold_place(actor=world.paula, employee=world.employee("A101"), matter="Case 7", reason="Counsel")
    stop = protection.stop_start(
        actor=world.erin, scope="person", employee=world.employee("B003"), reason="Lost laptop"
    )
    return {
        "console:stop": {"pk": stop.pk}, "console:stop-progress": {"pk": stop.pk}, "console:stop-lift": {"pk": stop.pk},
        "console:stop-new": {"scope": "everyone"}, "licenses:hold-end": {"pk": hold.pk},
    }  # fmt: skip


def _mail_and_trail() -> Parameters:
    message = Message.objects.filter(kind="licenses_seat_granted").first()
    event = AuditEvent.objects.order_by("pk").first()
    assert message is not None
    assert event is not None
    shut = SuppressedAddress.objects.create(address="gone@mass.example", reason="550 5.1.1 No such user")
    return {
        "mail:message": {"pk": message.pk}, "mail:message-retry": {"pk": message.pk},
        "mail:suppression-lift": {"pk": shut.pk}, "demo:mail-html": {"pk": message.pk}, "audit:event": {"pk": event.pk},
    }  # fmt: skip


def _incidents(world: World) -> Parameters:
    """Reported by Charlie, of agency A."""
    made = reports.incident_report(
        actor=world.charlie, report=reports.Report("It made a rule up", "wrong_output", clock.today(), world.a)
    )
    made = incidents.incident_triage(
        actor=world.paula, incident=made, category="wrong_output", severity=3, agency=world.a
    )
    entry = incidents.incident_attach(actor=world.paula, incident=made, upload=Upload("a.txt", "text/plain", b"x"))
    task = incidents.task_add(actor=world.paula, incident=made, what="Look", owner="Paula", due_on=clock.today())
    incidents.handler_name(actor=world.paula, incident=made, user=world.users["charlie"])
    breaches.breach_open(actor=world.paula, incident=made)
    names = (
        "incident", "triage", "contain", "merge", "task-new", "handler-new", "concern", "file-add", "breach", "breach-open",
        "breach-answer", "breach-describe", "breach-decide", "breach-notify",
    )  # fmt: skip
    return {f"incidents:{name}": {"pk": made.pk} for name in names} | {
        "incidents:move": {"pk": made.pk, "state": "dismissed"}, "incidents:say": {"pk": made.pk, "verb": "note"},
        "incidents:task-done": {"pk": made.pk, "task": task.pk},
        "incidents:handler-end": {"pk": made.pk, "user": world.users["charlie"].pk},
        "incidents:file": {"pk": made.pk, "file": entry.attachment.pk},
        "incidents:breach-letter": {"pk": made.pk, "kind": "resident", "form": "docx"},
    }  # fmt: skip


def _held_roster(world: World) -> roster_services.RosterRun:
    """A file that would separate too many of agency B, waiting for a second person."""
    rows = [*world.rows, *(row(f"B9{n}", "Temp", f"Worker{n}", "BBB") for n in range(6))]
    import_rows(rows)
    return import_rows(world.rows)
