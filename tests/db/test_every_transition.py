"""Each lifecycle is one table, and the database keeps to it: every step that is not in it is refused, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from apps.agencies.lifecycle import ROSTER_RUN
from apps.catalog.lifecycle import CASE
from apps.core import clock
from apps.core.lifecycle import Lifecycle
from apps.incidents import report_services
from apps.incidents.lifecycle import INCIDENT
from apps.knowledge.lifecycle import ARTICLE, QUESTION
from apps.licenses.lifecycle import RECLAIM, REQUEST, REVIEW, SEAT
from apps.licenses.models import AccessReview, ReclaimRun
from apps.mail.lifecycle import MESSAGE
from apps.registers import services as registers
from apps.registers.lifecycle import REGISTER_IMPORT
from apps.reports import services as reports
from apps.reports.lifecycle import REPORT
from apps.reports.models import RecordsBundle, StoredReport
from apps.reports.records_lifecycle import BUNDLE
from apps.rollout.lifecycle import PHASE
from apps.terms import services as terms
from apps.terms.lifecycle import TERMS
from apps.terms.models import TermsVersion
from apps.training import import_services as training_imports
from apps.training.lifecycle import IMPORT
from apps.vendors.lifecycle import DRIFT, OPERATION, SYNC, USAGE_IMPORT
from apps.vendors.models import Drift, Operation, SyncRun, UsageImport
from apps.webhooks import services as webhooks
from apps.webhooks.lifecycle import DELIVERY, SUBSCRIPTION
from apps.webhooks.publishing import publish
from tests.factories import catalog, knowledge
from tests.factories.cast import World

pytestmark = pytest.mark.django_db
TABLES: list[tuple[str, Lifecycle]] = [
    ("agencies_rosterrun", ROSTER_RUN),
    ("catalog_usecase", CASE),
    ("incidents_incident", INCIDENT),
    ("knowledge_article", ARTICLE),
    ("knowledge_question", QUESTION),
    ("licenses_seatrequest", REQUEST),
    ("licenses_seat", SEAT),
    ("licenses_reclaimrun", RECLAIM),
    ("licenses_accessreview", REVIEW),
    ("mail_message", MESSAGE),
    ("registers_registerimport", REGISTER_IMPORT),
    ("reports_recordsbundle", BUNDLE),
    ("reports_storedreport", REPORT),
    ("rollout_phase", PHASE),
    ("terms_termsversion", TERMS),
    ("training_completionimport", IMPORT),
    ("vendors_operation", OPERATION),
    ("vendors_syncrun", SYNC),
    ("vendors_drift", DRIFT),
    ("vendors_usageimport", USAGE_IMPORT),
    ("webhooks_subscription", SUBSCRIPTION),
    ("webhooks_delivery", DELIVERY),
]


@pytest.fixture
def one_of_each(world: World) -> World:
    """A record of every kind; those that the world does not hold yet are made as they begin."""
    world.holder(world.employee("A003"))
    catalog.published(world)
    AccessReview.objects.create(name="x", kind="members", due_on=clock.today())
    knowledge.published(world)
    knowledge.answered(world)
    ReclaimRun.objects.create(contract=world.contract, mode="on")
    registers.import_receive(actor=world.erin, register="courses", file_name="c.csv", content=b"code,title\nX,Y\n")
    training_imports.completions_import(actor=world.erin, file_name="x", content=b"employee_id,course,completed_on\n")
    workspace = world.with_vendor("http://127.0.0.1:9/v1")
    Operation.objects.create(workspace=workspace, kind="invite", target="t", cause="test")
    SyncRun.objects.create(workspace=workspace, started_by_key="system", started_by="Beacon")
    Drift.objects.create(workspace=workspace, kind="unmanaged", target="x", detail="x")
    kept = reports.report_request(actor=world.erin, kind="adoption")
    StoredReport.objects.filter(pk=kept.pk).update(sha256="x", signature="x", made_at=clock.now())
    day = clock.today()
    RecordsBundle.objects.create(about="A", since=day, until=day, reason="x", sha256="x", made_at=clock.now())
    UsageImport.objects.create(workspace=workspace, file_name="x", file_sha256="x", imported_by="Erin")
    report = report_services.Report("Wrong", "wrong_output", clock.today())
    report_services.incident_report(actor=world.bob, report=report)
    draft = terms.terms_translate(
        actor=world.paula, version=world.version, language="fr", title="Conditions", body="Seconde"
    )
    webhooks.subscription_create(
        actor=world.erin, name="Hub", address="http://127.0.0.1:9/", types=["seat.granted"], reason="x"
    )
    publish()
    TermsVersion.objects.filter(pk=draft.pk).update(sha256=draft.digest(), effective_on=clock.today())
    return world


def steps(machine: Lifecycle) -> Iterator[tuple[str, str]]:
    for old in sorted(machine.states):
        for new in sorted(machine.states - {old}):
            yield old, new


def _try(table: str, pk: int, old: str, new: str) -> str:
    """The name of the constraint that refuses the step, or an empty string where it is taken."""
    with connection.cursor() as cursor:
        sid = transaction.savepoint()
        try:
            cursor.execute("SET LOCAL session_replication_role = replica")  # the triggers sleep for the start alone
            cursor.execute(f"UPDATE {table} SET state = %s WHERE id = %s", [old, pk])
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            cursor.execute(f"UPDATE {table} SET state = %s WHERE id = %s", [new, pk])
        except IntegrityError as error:
            return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]  # psycopg's
        finally:
            transaction.savepoint_rollback(sid)
    return ""


@pytest.mark.parametrize(("table", "machine"), TABLES, ids=[table for table, _ in TABLES])
def test_the_trigger_allows_exactly_what_the_table_allows(one_of_each: World, table: str, machine: Lifecycle) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {table}")
        pk = cursor.fetchone()[0]
    assert pk is not None
    for old, new in steps(machine):
        refused = _try(table, pk, old, new)
        if machine.allows(old, new):
            # A later rule of the row may refuse what the lifecycle allows, but never the lifecycle itself.
            assert refused != f"{table}_lifecycle", (old, new)
        else:
            assert refused == f"{table}_lifecycle", (old, new)


@pytest.mark.parametrize(("table", "machine"), TABLES, ids=[table for table, _ in TABLES])
def test_nothing_is_born_in_the_middle_of_its_life(one_of_each: World, table: str, machine: Lifecycle) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
            " AND is_identity = 'NO' AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'state')",
            [table],
        )
        columns = ", ".join(row[0] for row in cursor.fetchall())
        for state in sorted(machine.states - machine.initial):
            with pytest.raises(IntegrityError) as refused, transaction.atomic():
                cursor.execute(
                    f"INSERT INTO {table} (state, {columns}) SELECT %s, {columns} FROM {table} LIMIT 1", [state]
                )
            assert refused.value.__cause__.diag.constraint_name == f"{table}_lifecycle"  # type: ignore[union-attr]  # psycopg's


def test_every_lifecycle_of_the_product_is_tried_here() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%%\\_lifecycle'")
        assert {row[0] for row in cursor.fetchall()} == {table for table, _ in TABLES}
