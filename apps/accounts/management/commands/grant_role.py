"""manage.py grant_role EMAIL ROLE --reason WHY [--scope CODE] [--as EMAIL] [--plan] [--json]: for recovery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import GRANTABLE, Actor, Role
from apps.accounts.commands import person
from apps.accounts.services import role_grant
from apps.core.commands import DONE, WAITS, Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Give somebody a role. Exit code 3: a second administrator confirms it in the console."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in GRANTABLE])
        parser.add_argument("--scope", default="", help="a leader's secretariat (default: all)")
        parser.add_argument("--reason", required=True)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        user = person(options["email"])
        held = role_grant(
            actor=actor, user=user, role=Role(options["role"]), scope=options["scope"], reason=options["reason"]
        )
        waits = held.confirmed_at is None
        said = f"{user}: {Role(held.role).label}{', once a second administrator confirms it' if waits else ''}."
        data = {"id": held.pk, "user": str(user), "role": held.role, "scope": held.scope, "waits": waits}
        return Answer([said], data, [said] if waits else [], WAITS if waits else DONE)
