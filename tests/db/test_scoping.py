"""Every selector cuts what it returns to what the actor may see. A new one fails here until its row says who sees what."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet

from apps.accounts import selectors as accounts
from apps.accounts import services as account_services
from apps.accounts import token_services
from apps.accounts.actors import Actor, Role
from apps.accounts.models import RoleMapping, SignIn
from apps.agencies import feed_services, roster_services
from apps.agencies import selectors as directory
from apps.agencies.models import AgencyContact, FeedChange, RosterLine
from apps.audit.models import AuditEvent
from apps.catalog import review_services
from apps.catalog import selectors as catalog
from apps.console import selectors as console
from apps.core import clock
from apps.core.uploads import Upload
from apps.incidents import breach_services, report_services
from apps.incidents import selectors as incidents
from apps.incidents import services as incident_services
from apps.knowledge import question_services as questions
from apps.knowledge import selectors as knowledge
from apps.knowledge.models import ProxyMonth
from apps.licenses import access_review_services
from apps.licenses import protection_services as protection
from apps.licenses import selectors as seats
from apps.licenses.models import ReclaimRun
from apps.mail import selectors as mail
from apps.mail.models import Message, SuppressedAddress
from apps.registers import selectors as registers
from apps.registers import services as register_files
from apps.reports import records_services
from apps.reports import selectors as reports
from apps.reports import services as report_writes
from apps.rollout import selectors as rollout
from apps.rollout.models import GateWaiver
from apps.scim import selectors as scim
from apps.terms import selectors as terms
from apps.training import import_services as training_imports
from apps.training import selectors as training
from apps.training import services as training_services
from apps.vendors import selectors as vendors
from apps.vendors import usage_selectors as usage
from apps.vendors.models import Drift, Operation, SyncRun, UsageImport, VendorEvent
from apps.webhooks import selectors as webhooks
from apps.webhooks import services as webhook_services
from apps.webhooks.models import Change, Delivery
from apps.webhooks.publishing import publish
from tests.factories import catalog as cases
from tests.factories import knowledge as known
from tests.factories.cast import World
from tests.factories.scim import facts_about

pytestmark = pytest.mark.django_db
Selector = Callable[[Actor], QuerySet[Any]]
CAST = ("alice", "bob", "charlie", "dana", "erin", "paula", "audrey", "lee")
REVIEWERS = {"erin", "paula", "audrey"}
ALL = set(CAST)
# What the house holds is about Bob of agency A: who sees it?
SEES: list[tuple[Selector, set[str]]] = [
    (directory.agencies_visible_to, ALL),
    (directory.employees_visible_to, REVIEWERS | {"alice", "bob"}),
    (directory.roster_runs_visible_to, REVIEWERS),
    (scim.changes_visible_to, REVIEWERS),
    (scim.held_runs_visible_to, REVIEWERS),
    (webhooks.subscriptions_visible_to, REVIEWERS),
    (webhooks.deliveries_visible_to, REVIEWERS),
    (webhooks.changes_visible_to, REVIEWERS),
    (rollout.phases_visible_to, REVIEWERS),  # a draft: see `house`
    (terms.versions_visible_to, REVIEWERS),  # a draft
    (terms.acceptances_visible_to, REVIEWERS | {"bob"}),
    (training.courses_visible_to, ALL),
    (training.completions_visible_to, REVIEWERS | {"alice", "bob"}),
    (training.imports_visible_to, REVIEWERS),
    (training.waivers_visible_to, REVIEWERS | {"bob"}),
    (seats.requests_visible_to, REVIEWERS | {"alice", "bob"}),
    (seats.seats_visible_to, REVIEWERS | {"alice", "bob"}),
    (seats.periods_visible_to, REVIEWERS | {"alice", "bob"}),
    (seats.contracts_visible_to, REVIEWERS | {"lee"}),
    (vendors.workspaces_visible_to, REVIEWERS | {"lee"}),
    (vendors.runs_visible_to, REVIEWERS),
    (vendors.operations_visible_to, REVIEWERS | {"bob"}),
    (vendors.drifts_visible_to, REVIEWERS),
    (vendors.events_visible_to, REVIEWERS),
    (usage.imports_visible_to, REVIEWERS),
    (seats.stops_visible_to, REVIEWERS),
    (seats.holds_visible_to, REVIEWERS),
    (seats.reclaim_runs_visible_to, REVIEWERS),
    (seats.reviews_visible_to, REVIEWERS | {"alice"}),
    (seats.review_items_visible_to, REVIEWERS | {"alice"}),
    (catalog.cases_visible_to, REVIEWERS | {"alice", "bob"}),  # sent in, not published
    (catalog.versions_visible_to, REVIEWERS | {"alice", "bob"}),
    (catalog.reviews_visible_to, REVIEWERS | {"alice", "bob"}),
    (catalog.lowerings_visible_to, REVIEWERS | {"alice", "bob"}),
    (catalog.adoptions_visible_to, ALL),
    (incidents.incidents_visible_to, REVIEWERS | {"alice", "bob"}),
    (incidents.attachments_visible_to, {"paula"}),
    (incidents.breaches_visible_to, {"paula"}),
    (incidents.breach_outcomes_visible_to, {"paula", "audrey"}),
    (knowledge.tools_visible_to, ALL),
    (knowledge.articles_visible_to, REVIEWERS),  # a draft
    (knowledge.questions_visible_to, {"alice", "bob", "paula", "audrey"}),  # handed to the privacy office
    (knowledge.question_entries_visible_to, {"alice", "bob", "paula", "audrey"}),
    (knowledge.obligations_visible_to, REVIEWERS | {"lee"}),
    (knowledge.announcements_visible_to, REVIEWERS | {"alice", "bob"}),  # for agency A
    (knowledge.proxy_months_visible_to, REVIEWERS | {"alice"}),
    (registers.register_imports_visible_to, REVIEWERS),
    (reports.reports_visible_to, REVIEWERS | {"lee"}),  # adoption of all agencies
    (reports.bundles_visible_to, {"erin", "paula"}),
    (reports.saved_visible_to, REVIEWERS | {"lee"}),
    (accounts.roles_visible_to, REVIEWERS | {"bob"}),
    (accounts.users_visible_to, REVIEWERS | {"bob"}),
    (accounts.tokens_visible_to, REVIEWERS | {"alice"}),
    (accounts.connections_visible_to, REVIEWERS),
    (accounts.sign_ins_visible_to, REVIEWERS | {"bob"}),
    (accounts.mappings_visible_to, REVIEWERS),
    (directory.contacts_visible_to, REVIEWERS | {"alice"}),
    (rollout.places_visible_to, ALL),
    (rollout.waivers_visible_to, REVIEWERS),
    (incidents.tasks_visible_to, REVIEWERS | {"alice"}),
    (console.events_visible_to, REVIEWERS),
    (mail.messages_visible_to, {"erin", "audrey", "bob"}),
    (mail.suppressions_visible_to, {"erin", "audrey"}),
]


@pytest.fixture
def house(world: World) -> dict[Selector, Any]:
    """One record for each selector, and by which it is known: as long as the list of selectors."""
    from apps.rollout import services as rollout_services
    from apps.terms import services as terms_services

    bob = world.employee("A003")
    seat = world.holder(bob)
    workspace = world.with_vendor("http://127.0.0.1:9/v1")
    run = roster_services.roster_receive(actor=world.erin, file_name="hr.csv", content=b"employee_id\n")
    feed_services.employee_receive(actor=world.erin, employee=bob, facts=facts_about(bob, title="Chief"))
    line = RosterLine(kind="leave", employee_id="A003", agency=world.a)
    held = roster_services.run_hold(actor=world.erin, run=None, line=line, reasons=["Too many"])
    imported = training_imports.completions_import(
        actor=world.erin, file_name="lms.csv", content=b"employee_id,course,completed_on\n"
    )
    review = access_review_services.review_open(
        actor=world.erin, name="Spring", kind="members", due_on=clock.today() + timedelta(days=21)
    )
    operation = Operation.objects.create(workspace=workspace, kind="invite", target="t", cause="test", employee=bob)
    draft = terms_services.terms_draft(actor=world.paula, title="Terms", body="Second")
    report = report_services.Report(
        "Wrong answer", "wrong_output", clock.today(), world.a, files=[Upload("a.txt", "text/plain", b"x")]
    )
    incident = report_services.incident_report(actor=world.bob, report=report)
    incident = incident_services.incident_triage(
        actor=world.paula, incident=incident, category="data_entered", severity=2, agency=world.a
    )
    planned = rollout_services.phase_create(
        actor=world.erin, number=2, name="Second", planned_start=world.phase.planned_start,
        planned_end=world.phase.planned_end, seat_cap=5,
    )  # fmt: skip
    waiting = cases.sent(world.bob, principal_basis=True)
    known.counted(world)
    handed = questions.question_hand_over(
        actor=world.alice, question=known.asked(world), office="privacy", note="Please look"
    )
    publish()
    hub, _ = webhook_services.subscription_create(
        actor=world.erin, name="Hub", address="http://127.0.0.1:9/", types=["seat.granted"], reason="x"
    )
    change = Change.objects.get(type="seat.granted", record_id=seat.pk)
    return {
        webhooks.subscriptions_visible_to: hub,
        webhooks.changes_visible_to: change,
        webhooks.deliveries_visible_to: Delivery.objects.create(
            subscription=hub, change=change, record=change.subject, position=change.position
        ),
        knowledge.tools_visible_to: known.tool(world),
        knowledge.articles_visible_to: known.draft(world),
        knowledge.questions_visible_to: handed,
        knowledge.question_entries_visible_to: handed.entries.get(),
        knowledge.obligations_visible_to: known.obligation(world),
        knowledge.announcements_visible_to: known.announced(world, agency=world.a),
        knowledge.proxy_months_visible_to: ProxyMonth.objects.get(),
        catalog.cases_visible_to: waiting,
        catalog.versions_visible_to: waiting.versions.get(),
        catalog.reviews_visible_to: review_services.case_review(
            actor=world.alice, case=waiting, office="contact", decision="accept"
        ),
        catalog.lowerings_visible_to: review_services.lowering_request(
            actor=world.paula, case=waiting, to_tier="routine", justification="x"
        ),
        catalog.adoptions_visible_to: review_services.case_adopt(
            actor=world.charlie, case=cases.published(world), agency=world.b
        ),
        directory.agencies_visible_to: world.a,
        directory.employees_visible_to: bob,
        directory.roster_runs_visible_to: run,
        scim.changes_visible_to: FeedChange.objects.get(),
        scim.held_runs_visible_to: held,
        rollout.phases_visible_to: planned,
        terms.versions_visible_to: draft,
        terms.acceptances_visible_to: bob.acceptances.get(),
        training.courses_visible_to: world.course,
        training.completions_visible_to: bob.completions.get(),
        training.imports_visible_to: imported,
        training.waivers_visible_to: training_services.training_waive(
            actor=world.paula, employee=bob, course=world.course, reason="Leave", until_on=clock.today()
        ),
        seats.requests_visible_to: seat.request,
        seats.seats_visible_to: seat,
        seats.periods_visible_to: bob.seat_periods.first(),
        seats.contracts_visible_to: world.contract,
        vendors.workspaces_visible_to: workspace,
        vendors.runs_visible_to: SyncRun.objects.create(
            workspace=workspace, started_by_key="system", started_by="Beacon"
        ),
        vendors.operations_visible_to: operation,
        usage.imports_visible_to: UsageImport.objects.create(
            workspace=workspace, file_name="usage.csv", file_sha256="x", imported_by="Erin"
        ),
        vendors.events_visible_to: VendorEvent.objects.create(
            workspace=workspace, event_id="e-1", type="user.added", at=clock.now(), subject=bob.email
        ),
        reports.reports_visible_to: report_writes.report_request(actor=world.erin, kind="adoption"),
        reports.bundles_visible_to: records_services.bundle_request(
            actor=world.erin, agencies=[world.a], since=clock.today(), until=clock.today(), reason="Request 7"
        ),
        registers.register_imports_visible_to: register_files.import_receive(
            actor=world.erin, register="courses", file_name="c.csv", content=b"code,title\nX,Y\n"
        ),
        reports.saved_visible_to: report_writes.saved_create(actor=world.erin, name="All", kind="adoption"),
        accounts.roles_visible_to: account_services.role_grant(
            actor=world.erin, user=world.users["bob"], role=Role.PRIVACY, reason="Waits for a second person"
        ),
        accounts.users_visible_to: world.users["bob"],
        accounts.tokens_visible_to: token_services.token_create(
            actor=world.alice, owner=world.users["alice"], name="Script", scopes=["read"]
        )[0],
        accounts.connections_visible_to: token_services.connection_create(
            actor=world.erin, name="HR feed", reason="Contract 7"
        ),
        accounts.mappings_visible_to: RoleMapping.objects.create(
            provider="state", claim="groups", value="g", role="auditor", created_by="Erin", created_by_key="x"
        ),
        accounts.sign_ins_visible_to: SignIn.objects.create(
            user=world.users["bob"], method="oidc:state", outcome="done"
        ),
        directory.contacts_visible_to: AgencyContact.objects.get(employee__employee_id="A001"),
        rollout.places_visible_to: world.place,
        rollout.waivers_visible_to: GateWaiver.objects.first(),
        incidents.tasks_visible_to: incident_services.task_add(
            actor=world.paula, incident=incident, what="Call the vendor", owner="Paula", due_on=clock.today()
        ),
        console.events_visible_to: AuditEvent.objects.first(),
        mail.messages_visible_to: Message.objects.get(employee_ref=bob.pk, kind="licenses_seat_granted"),
        mail.suppressions_visible_to: SuppressedAddress.objects.create(address=bob.email, reason="5.1.1"),
        incidents.incidents_visible_to: incident,
        incidents.attachments_visible_to: incident.attachments.get(),
        incidents.breaches_visible_to: breach_services.breach_open(actor=world.paula, incident=incident),
        incidents.breach_outcomes_visible_to: breach_services.breach_open(actor=world.paula, incident=incident),
        seats.stops_visible_to: protection.stop_start(actor=world.erin, scope="person", employee=bob, reason="Lost"),
        seats.holds_visible_to: protection.hold_place(actor=world.paula, employee=bob, matter="7", reason="Counsel"),
        seats.reviews_visible_to: review,
        seats.review_items_visible_to: review.items.get(employee=bob),
        seats.reclaim_runs_visible_to: ReclaimRun.objects.create(contract=world.contract, mode="dry"),
        vendors.drifts_visible_to: Drift.objects.create(
            workspace=workspace, kind="orphan", target="u", detail="x", employee=bob
        ),
    }


@pytest.mark.parametrize(("selector", "who"), SEES, ids=[selector.__name__ for selector, _ in SEES])
def test_who_sees_a_record_about_bob(
    world: World, house: dict[Selector, Any], selector: Selector, who: set[str]
) -> None:
    record = house[selector]
    assert {name for name in CAST if selector(world.actor(name)).filter(pk=record.pk).exists()} == who


def test_every_selector_is_listed() -> None:
    apps = Path(importlib.import_module("apps").__path__[0])
    found = set()
    for path in apps.glob("*/*selectors.py"):
        module = importlib.import_module(f"apps.{path.parent.name}.{path.stem}")
        found |= {
            function
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if name.endswith("_visible_to") and function.__module__ == module.__name__
        }
    assert found == {selector for selector, _ in SEES}


def test_charlie_sees_of_agency_a_nobody_and_nothing(world: World) -> None:
    for code in ("A001", "A002", "A003"):
        world.ask(world.employee(code))
    world.holder(world.employee("A004"))
    for selector, path in (
        (directory.employees_visible_to, "agency"),
        (seats.requests_visible_to, "employee__agency"),
        (seats.seats_visible_to, "agency"),
        (training.completions_visible_to, "employee__agency"),
    ):
        assert not selector(world.charlie).filter(**{path: world.a}).exists()
    assert directory.employees_matching(world.charlie, "Bob").count() == 0
    assert directory.employees_matching(world.alice, "Bob").count() == 1


def test_lee_sees_no_person(world: World) -> None:
    world.holder(world.employee("A003"))
    for selector in (
        directory.employees_visible_to, seats.requests_visible_to, seats.seats_visible_to, terms.acceptances_visible_to,
        training.completions_visible_to, vendors.operations_visible_to,
    ):  # fmt: skip
        assert not selector(world.lee).exists()


def test_a_mover_takes_their_record_along_out_of_alices_sight(world: World) -> None:
    from tests.factories.cast import import_rows, row

    bob = world.employee("A003")
    world.holder(bob)
    import_rows([row("A003", "Bob", "Employee", "BBB") if r[0] == "A003" else r for r in world.rows])
    assert not directory.employees_visible_to(world.alice).filter(pk=bob.pk).exists()
    assert directory.employees_visible_to(world.charlie).filter(pk=bob.pk).exists()
    assert not seats.requests_visible_to(world.alice).filter(employee=bob).exists()


def test_an_actor_of_nobody_sees_nobody() -> None:
    nobody = Actor(key="x", name="Nobody")
    with_role = Actor(key="y", name="Leader", roles={Role.LEADER: frozenset({""})})
    for actor in (nobody, with_role):
        assert not directory.employees_visible_to(actor).exists()
        assert not seats.seats_visible_to(actor).exists()
