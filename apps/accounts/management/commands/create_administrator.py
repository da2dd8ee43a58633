"""manage.py create_administrator EMAIL NAME: the first two administrators of a new installation.

Two, because from the third on a second administrator confirms each.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import services
from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import User
from apps.accounts.selectors import roles_in_force


class Command(BaseCommand):
    help = "Make the first two administrators. Refused once there are two: administrators make administrators."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        held = roles_in_force().filter(role=Role.ADMINISTRATOR, user__kind=User.Kind.PERSON)
        if held.count() >= 2:
            raise CommandError("There are two administrators already: grant the role in the console.")
        user = User.objects.filter(email__iexact=options["email"]).first() or services.user_create(
            actor=SYSTEM, email=options["email"], name=options["name"]
        )
        services.role_grant(actor=SYSTEM, user=user, role=Role.ADMINISTRATOR, reason="First administrators")
        self.stdout.write(f"{user} is an administrator.")
