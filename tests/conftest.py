"""Fixtures that every suite shares: the cast's world and the stand-in vendor over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
import pytest_django
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.signals import connection_created

from simulator.testing import RunningSimulator, start
from tests.factories.cast import World
from tests.factories.kept import AS_APPLICATION, emptying


def _as_application(connection: object, **_: object) -> None:
    with connection.cursor() as cursor:  # type: ignore[attr-defined]  # a database wrapper; Django's signal does not say so
        cursor.execute(f"SET ROLE {settings.DATABASE_ROLES['app']}")


if AS_APPLICATION:
    # Now and then the suite is run with the rights that the application has in production (docs/runbook/deploy.md). Not
    # always: tests that commit empty tables afterwards, and a few play the operator.
    @pytest.fixture(scope="session")
    def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
        with django_db_blocker.unblock():
            call_command("apply_database_roles", "--found")
            call_command("apply_database_roles")
            connections.close_all()
        connection_created.connect(_as_application)
        yield
        connection_created.disconnect(_as_application)
        with django_db_blocker.unblock():
            connections.close_all()


@pytest.fixture
def world(db: None) -> World:
    """The cast, two agencies, terms, a course, a contract and an open phase, all built through services."""
    return World.build()


@pytest.fixture(scope="session")
def _simulator() -> Iterator[RunningSimulator]:
    with start() as running:
        yield running


@pytest.fixture
def simulator(_simulator: RunningSimulator) -> RunningSimulator:
    """The stand-in vendor, empty, over real HTTP. Nobody accepts invitations by themselves."""
    _simulator.clear_faults()
    _simulator.reset(accept_rate=0.0)
    return _simulator


@pytest.fixture(scope="session", autouse=True)
def _flush_what_is_there() -> Iterator[None]:
    """Between tests that commit, Django empties every table and fills those of models and permissions anew, which takes
    half a second. Here only tables with rows are emptied, without TRUNCATE, and what migrating filled stays. The triggers
    that refuse a deletion sleep for that moment."""
    flush_command = import_module("django.core.management.commands.flush")
    original = DatabaseOperations.execute_sql_flush

    def flush(self: DatabaseOperations, _: list[str]) -> None:
        original(self, ["SET LOCAL session_replication_role = replica", *emptying()])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DatabaseOperations, "execute_sql_flush", flush)
        patched.setattr(flush_command, "emit_post_migrate_signal", lambda *_: None)
        yield
