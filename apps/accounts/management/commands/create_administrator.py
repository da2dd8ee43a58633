"""manage.py create_administrator EMAIL NAME [--as EMAIL] [--plan] [--json]: the first two administrators.

Two, because from the third on a second administrator confirms each.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from apps.accounts import services
from apps.accounts.actors import Actor, Role
from apps.accounts.models import User
from apps.accounts.selectors import roles_in_force
from apps.core.commands import DONE, WAITS, Answer, OperatorCommand
from apps.core.errors import Invalid


class Command(OperatorCommand):
    help = "Make the first two administrators. Refused once there are two: administrators make administrators."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        held = roles_in_force().filter(role=Role.ADMINISTRATOR, user__kind=User.Kind.PERSON)
        if held.count() >= 2:
            raise Invalid("There are two administrators already.", how_to_fix="Grant the role in the console.")
        with transaction.atomic():
            user = User.objects.filter(email__iexact=options["email"]).first() or services.user_create(
                actor=actor, email=options["email"], name=options["name"]
            )
            granted = services.role_grant(
                actor=actor, user=user, role=Role.ADMINISTRATOR, reason="First administrators"
            )
        waits = granted.confirmed_at is None
        said = f"{user} is an administrator{' once another one confirms it' if waits else ''}."
        data = {"id": granted.pk, "user": str(user), "email": user.email, "waits": waits}
        return Answer([said], data, [said] if waits else [], WAITS if waits else DONE)
