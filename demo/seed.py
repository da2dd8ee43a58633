"""python -m demo.seed [--roles]: the demo's tables and, once, its story, lived through services and imports.

The story is told on an empty database alone. Its end is an event in the audit trail; a second start finds it there.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

DONE = "demo.story.told"
EMPLOYEES = 40_000


def prepare(say: Callable[[str], None], *, roles: bool = False) -> int:
    """Migrate; with `roles` make the database roles, of which web and workers use the application's; tell the story where the database is empty. Returns the exit status.

    What an interrupted seeding left behind is never deleted here: the database may be somebody's own.
    """
    from apps.agencies.models import Agency
    from apps.audit.models import AuditEvent
    from demo import vendor

    call_command("migrate", verbosity=0)
    if roles:
        call_command("apply_database_roles", "--found", stdout=io.StringIO())
        call_command("apply_database_roles", stdout=io.StringIO())
    if AuditEvent.objects.filter(verb=DONE).exists():
        say("The data of the last time are here.")
        vendor.found_again()
        return 0
    if Agency.objects.exists():
        say("The database holds data of a seeding that did not end. Throw them away with: make demo-reset")
        return 1
    tell(int(os.environ.get("DEMO_EMPLOYEES", EMPLOYEES)), say)
    return 0


def tell(employees: int, say: Callable[[str], None]) -> None:
    """Tell the whole story with `employees` people, saying each chapter with the seconds gone by."""
    from apps.accounts.actors import SYSTEM
    from apps.agencies.models import Agency
    from apps.audit import services as audit
    from demo import vendor
    from demo.story import Story

    begun = time.monotonic()
    vendor.begin()
    for title, chapter in Story(employees, settings.ENV.home / "hr").chapters():
        say(f"[{time.monotonic() - begun:5.1f} s] {title}")
        chapter()
    with connection.cursor() as cursor:
        # A year of life in half a minute: the planner has seen none of it, and the first page would pay for that.
        cursor.execute("ANALYZE")
    with transaction.atomic():
        audit.record(SYSTEM, DONE, Agency.objects.get(code="TSS"), reason="The demo's story is complete")
    say(f"[{time.monotonic() - begun:5.1f} s] The story is told.")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    django.setup()
    sys.exit(prepare(_say, roles="--roles" in sys.argv))
