"""The demo's story, lived through services and imports: no end state is written by hand.

`prepare()` makes the tables and, once, tells the story. A story that was interrupted is told anew on a fresh database.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import psycopg
from django.core.management import call_command
from django.db import connection, transaction

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.audit.models import AuditEvent
from demo import story, vendor

_DONE = "demo.story.told"


def prepare() -> None:
    """Tables, and the story where it has not been told. Says what it does, with the seconds."""
    call_command("migrate", verbosity=0)
    if AuditEvent.objects.filter(verb=_DONE).exists():
        _say("The data of the last time are here.")
        return
    if Agency.objects.exists():
        _say("The last seeding was interrupted; it starts over.")
        _fresh_database()
    employees = int(os.environ.get("DEMO_EMPLOYEES", "40000"))
    tell(employees)


def tell(employees: int, say: Callable[[str], None] | None = None) -> None:
    """Tell the whole story with `employees` people (the demo has 40,000)."""
    say = say or _say
    begun = time.monotonic()
    vendor.begin()
    teller = story.Story(employees)
    for title, chapter in teller.chapters():
        say(f"[{time.monotonic() - begun:5.1f} s] {title}")
        chapter()
    with transaction.atomic():
        audit.record(SYSTEM, _DONE, Agency.objects.get(code="TSS"), reason="The demo's story is complete")
    say(f"[{time.monotonic() - begun:5.1f} s] The story is told.")


def _fresh_database() -> None:
    """Drop the demo's own database and begin again with empty tables."""
    parameters = connection.get_connection_params()
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of Django's PostgreSQL backend
    name = parameters["dbname"]
    with psycopg.connect(
        host=parameters.get("host"), user=parameters.get("user"), dbname="postgres", autocommit=True
    ) as admin:
        admin.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))
        admin.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    call_command("migrate", verbosity=0)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
