"""manage.py check_database_roles [--json]: whether the role of this connection may do more than it needs."""

from __future__ import annotations

from typing import Any

from django.db import connection

from apps.core.commands import REFUSED, Answer, OperatorCommand
from apps.core.db.roles import TOO_MUCH


class Command(OperatorCommand):
    help = "Look at one's own database role from inside: exit code 1 where it may do too much."
    # Looked at also while models and tables do not fit.
    requires_system_checks: list[str] = []

    def act(self, actor: Any, options: dict[str, Any]) -> Answer:
        with connection.cursor() as cursor:
            cursor.execute(TOO_MUCH)
            found = [row[0] for row in cursor.fetchall()]
        if found:
            said = ["This role may do more than the application needs. It", *(f"  - {one}" for one in found)]
            return Answer(data={"too_much": found}, wrong=said, code=REFUSED)
        return Answer(["This role may do what the application needs, and no more."], {"too_much": []})
