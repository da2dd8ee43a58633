"""Starts the servers before anything else: `-p tests.servers` in pyproject.toml loads this before Django's settings.

PostgreSQL and Valkey come from the wheels, in a folder of the tests' own; DATABASE_URL and BROKER_URL are respected.
"""

from __future__ import annotations

import os

import psycopg
import pytest
from redis import Redis

from config import embedded
from config.env import ROOT

HOME = ROOT / ".beacon" / "test"
_OWN = not (os.environ.get("DATABASE_URL") and os.environ.get("BROKER_URL"))
# Settings of a developer's shell must not decide what the tests see.
for _name in ("SECRET_KEY", "OIDC_SERVER_URL", "WORKSPACE_KEYS_DIR", "BEACON_FAILPOINT", "OPENAI_BASE_URL"):
    os.environ.pop(_name, None)
os.environ["BEACON_HOME"] = str(HOME)
os.environ["BEACON_TEST_VENDOR_KEY"] = "sim-admin-key"
os.environ["BEACON_TEST_WORKSPACE_KEY"] = "sim-workspace-key"
embedded.provide(os.environ, folder=HOME)


def pytest_configure(config: pytest.Config) -> None:
    if _OWN and not hasattr(config, "workerinput"):
        # Only the tests' own cluster: what a power cut would lose is nobody's data here.
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("SELECT pg_reload_conf()")
        # Nor does what an earlier run left in the queue concern this one.
        Redis.from_url(os.environ["BROKER_URL"]).flushall()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _OWN and not hasattr(config, "workerinput"):
        embedded.stop(HOME)
