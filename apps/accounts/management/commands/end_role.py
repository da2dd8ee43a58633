"""manage.py end_role EMAIL ROLE --reason WHY [--as EMAIL] [--plan] [--json]: take a role back, with every session."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import GRANTABLE, Actor
from apps.accounts.commands import person
from apps.accounts.selectors import roles_visible_to
from apps.accounts.services import role_end
from apps.core.commands import Answer, OperatorCommand
from apps.core.errors import NotFound


class Command(OperatorCommand):
    help = "Take a role back at once. The person's sessions end with it."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in GRANTABLE])
        parser.add_argument("--reason", required=True)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        user = person(options["email"])
        held = list(roles_visible_to(actor).filter(user=user, role=options["role"], ended_at=None))
        if not held:
            raise NotFound(f"{user} does not hold this role.")
        for assignment in held:
            role_end(actor=actor, assignment=assignment, reason=options["reason"])
        return Answer([f"{user}: {len(held)} ended."], {"user": str(user), "role": options["role"], "ended": len(held)})
