"""Fixtures that every suite shares: the cast's world and the stand-in vendor over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.testing import RunningSimulator, start
from tests.factories.cast import World


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
def _flush_frozen_tables() -> Iterator[None]:
    """Between tests that commit, Django empties every table; the triggers that refuse it sleep for that moment."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    original = DatabaseOperations.execute_sql_flush

    def flush(self: DatabaseOperations, statements: list[str]) -> None:
        original(self, ["SET LOCAL session_replication_role = replica", *statements])

    DatabaseOperations.execute_sql_flush = flush
    yield
    DatabaseOperations.execute_sql_flush = original
