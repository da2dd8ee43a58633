"""manage.py apply_database_roles [--found] [--plan] [--json]: make the three database roles, or grant what each may do.

Runs before anybody can act in Beacon, so it acts as whoever the connection is.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import DatabaseError, connection, transaction

from apps.core.commands import Answer, OperatorCommand
from apps.core.db.roles import Roles, founding, grants
from apps.core.errors import BeaconError


class RolesRefused(BeaconError):
    """The server did not let this connection do it."""

    how_to_fix = "See docs/runbook/deploy.md, 'Three roles'."


class Command(OperatorCommand):
    help = "Grant what each database role may do, as the owner, after migrate; --plan prints the SQL."
    writes = True
    # Models need not fit the tables: after a migration this opens them.
    requires_system_checks: list[str] = []

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--found",
            action="store_true",
            help="make the roles and give the owner its tables instead, once, as a superuser",
        )

    def act(self, actor: Any, options: dict[str, Any]) -> Answer:
        roles = Roles(**settings.DATABASE_ROLES)
        sql = founding(roles) if options["found"] else grants(roles, **settings.DATABASE_GRANTS)
        if options["plan"]:
            return Answer(
                [_heading(roles, is_found=options["found"]), sql], {"roles": settings.DATABASE_ROLES, "sql": sql}
            )
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
        except DatabaseError as refused:
            raise RolesRefused(str(refused)) from refused
        done = "are there and the owner has its tables" if options["found"] else "may do what they need"
        return Answer(
            [f"The roles {', '.join(settings.DATABASE_ROLES.values())} {done}."], {"roles": settings.DATABASE_ROLES}
        )


def _heading(roles: Roles, *, is_found: bool) -> str:
    """The first line of what is printed, which psql takes for a comment."""
    if is_found:
        return f"-- For a superuser, once. Then give each a password: \\password {roles.app}"
    return "-- For the owner, after every migration."
