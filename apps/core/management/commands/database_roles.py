"""manage.py database_roles: the three database roles, printed, made, or looked at from inside."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction

from apps.core.db.roles import TOO_MUCH, Roles, founding, grants


class Command(BaseCommand):
    help = "Prints the SQL of the three database roles; --found and --apply run it, --check looks at one's own role."
    # Models need not fit the tables: after a migration this opens them.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--plan", action="store_true", help="Print everything and change nothing (the default).")
        what.add_argument(
            "--found", action="store_true", help="Make the roles and give the owner its tables. As a superuser."
        )
        what.add_argument(
            "--apply", action="store_true", help="Grant what each role may do. As the owner, after migrate."
        )
        what.add_argument(
            "--check", action="store_true", help="Fail where the role of this connection may do too much."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        roles = Roles(**settings.DATABASE_ROLES)
        opened = grants(roles, **settings.DATABASE_GRANTS)
        if options["check"]:
            self._check()
        elif options["found"] or options["apply"]:
            self._run(founding(roles) if options["found"] else opened)
        else:
            self.stdout.write(
                f"-- For a superuser, once. Then give each a password: \\password {roles.app}\n{founding(roles)}\n"
                f"-- For the owner, after every migration.\n{opened}"
            )

    def _run(self, statements: str) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statements)
        except DatabaseError as refused:
            raise CommandError(f"{refused}\nSee docs/runbook/deploy.md, 'Three roles'.") from refused

    def _check(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TOO_MUCH)
            found = [row[0] for row in cursor.fetchall()]
        if found:
            listed = "\n".join(f"  - {one}" for one in found[:20])
            raise CommandError(f"This role may do more than the application needs. It\n{listed}")
        self.stdout.write("This role may do what the application needs, and no more.")
