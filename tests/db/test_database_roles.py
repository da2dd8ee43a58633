"""Three database roles, tried on the real server: what the application and the reader cannot do, and that the work gets done.

Everything happens in a transaction that is taken back, the roles themselves included: PostgreSQL makes and drops them like
rows. One worker does all of it, because roles belong to the whole server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.audit.models import AuditEvent, AuditLink
from apps.audit.selectors import verify
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.vendors.models import Operation
from tests.factories.cast import World

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("database_roles")]
APP, READER, OWNER = (settings.DATABASE_ROLES[name] for name in ("app", "reader", "owner"))


@pytest.fixture
def roles(db: None) -> None:
    call_command("apply_database_roles", "--found")
    call_command("apply_database_roles")


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """SET ROLE is what counts: every right is asked of the role that is set, also for a session that began higher."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def refused(statement: str, *, code: str = "42501") -> bool:
    """Whether the server refuses for want of a right (42501), and for nothing else."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", "") == code
    return False


FORBIDDEN = (
    "ALTER TABLE audit_auditevent ADD COLUMN x int",
    "DROP TABLE audit_auditevent CASCADE",
    "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_auditevent_append_only ON audit_auditevent",
    "TRUNCATE audit_auditevent CASCADE",
    "TRUNCATE accounts_session",
    "SET LOCAL session_replication_role = replica",
    "UPDATE audit_auditevent SET reason = 'x'",
    "DELETE FROM audit_auditevent",
    "INSERT INTO audit_auditlink (event_id, stream, seq, previous, hash) VALUES (1, 'x', 1, '', '')",
    "UPDATE audit_audithead SET seq = 0",
    "UPDATE audit_fact SET until = now()",
    "UPDATE terms_acceptance SET channel = 'x'",
    "DELETE FROM training_completion",
    "DELETE FROM licenses_seat",
    "DELETE FROM incidents_incident",
    "UPDATE django_migrations SET name = 'x'",
    "CREATE TABLE mine (x int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER mine BEFORE INSERT ON licenses_seat EXECUTE FUNCTION audit_fact_guard()",
    "ALTER FUNCTION audit_chain() SECURITY INVOKER",
    "CREATE ROLE mine",
    f"GRANT {OWNER} TO {APP}",
    "SELECT * FROM pg_authid",
    "COPY audit_auditevent TO PROGRAM 'cat'",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_cannot(roles: None, statement: str) -> None:
    with acting_as(APP):
        assert refused(statement)


def test_a_story_under_the_applications_role(roles: None, world: World) -> None:
    """A request, its decision, a seat, what the vendor must be asked, and the trail with its chain."""
    world.with_vendor("http://127.0.0.1:9/v1")
    with acting_as(APP):
        bob = world.employee("A003")
        request = licenses.request_submit(actor=world.bob, task_types=["drafting"])
        licenses.request_approve(actor=world.alice, request=request)
        world.accept(bob)
        world.train(bob)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert Seat.objects.get(employee=bob).state == "granted"
        assert Operation.objects.filter(employee=bob, kind="invite").exists()
        assert AuditLink.objects.count() == AuditEvent.objects.count() > 20
        assert verify().is_intact


def test_a_new_month_of_usage_needs_no_owner(roles: None) -> None:
    with acting_as(APP), connection.cursor() as cursor:
        cursor.execute("SELECT usage_partition(date '2020-03-05')")
        assert cursor.fetchone() == ("vendors_usageday_2020_03",)
        cursor.execute("INSERT INTO vendors_usageday VALUES ('2020-03-05', 1, 1, 1, 0, 0, 0)")
        assert refused("DROP TABLE vendors_usageday_2020_03")


def test_a_temporary_table_cannot_stand_in_for_a_real_one(roles: None, world: World) -> None:
    """Functions that act for the owner look temporary tables up last."""
    before = AuditLink.objects.count()
    with acting_as(APP):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE audit_auditlink (LIKE public.audit_auditlink) ON COMMIT DROP")
        licenses.request_submit(actor=world.bob, task_types=["drafting"])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SELECT count(*) FROM public.audit_auditlink")
            assert cursor.fetchone()[0] > before
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND NOT 'search_path=pg_catalog, public, pg_temp' = ANY (proconfig)"
        )
        assert cursor.fetchall() == []


CLOSED = (
    "accounts_session", "accounts_user", "account_emailaddress", "socialaccount_socialtoken", "incidents_incident", "mail_body",
    "vendors_usageday", "vendors_usageweek", "audit_auditevent", "licenses_optout", "terms_acceptance",
)  # fmt: skip


def test_the_reader_reads_the_programme_and_no_person(roles: None) -> None:
    with acting_as(READER):
        for table, columns in settings.DATABASE_GRANTS["read"].items():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {', '.join(columns) or '*'} FROM {table} LIMIT 1")
        for table in CLOSED:
            assert refused(f"SELECT * FROM {table}"), table
        assert refused("SELECT email FROM agencies_employee")
        assert refused("SELECT employee_id FROM licenses_seat")
        assert refused("SELECT credential FROM vendors_workspace")
        for statement in (
            "INSERT INTO agencies_agency (code) VALUES ('X')", "UPDATE agencies_agency SET name = ''", "DELETE FROM agencies_agency",
            "CREATE TEMPORARY TABLE mine (x int)", "SELECT usage_partition(current_date)",
        ):  # fmt: skip
            assert refused(statement), statement


def test_whatever_has_its_append_only_trigger_is_insert_and_read(roles: None) -> None:
    with acting_as(APP), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = tgrelid::regclass || '_append_only'"
        )
        tables = [row[0] for row in cursor.fetchall()]
        assert len(tables) >= 15
        for table in tables:
            cursor.execute("SELECT has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE')", [table])
            assert cursor.fetchone() == (False,), table


def test_the_command_says_what_a_role_may_do_too_much(roles: None) -> None:
    with pytest.raises(CommandError, match="is a superuser"):
        call_command("check_database_roles")
    with acting_as(APP):
        call_command("check_database_roles")
    with acting_as(OWNER), pytest.raises(CommandError, match="may change rows of audit_auditevent"):
        call_command("check_database_roles")


def test_once_more_changes_nothing_and_a_new_table_is_closed_until_then(roles: None) -> None:
    rights = "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    with connection.cursor() as cursor:
        cursor.execute(rights)
        before = cursor.fetchall()
        call_command("apply_database_roles", "--found")
        with acting_as(OWNER):
            call_command("apply_database_roles")
        cursor.execute(rights)
        assert cursor.fetchall() == before
        with acting_as(OWNER):
            cursor.execute("CREATE TABLE brand_new (id bigint GENERATED BY DEFAULT AS IDENTITY, x int)")
        with acting_as(APP):
            assert refused("SELECT * FROM brand_new")
        with acting_as(OWNER):
            call_command("apply_database_roles")
        with acting_as(APP):
            cursor.execute("INSERT INTO brand_new (x) VALUES (1)")
        with acting_as(READER):
            assert refused("SELECT * FROM brand_new")
