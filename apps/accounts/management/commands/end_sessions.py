"""manage.py end_sessions EMAIL [--as EMAIL] [--plan] [--json]: sign a person out everywhere, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.accounts.commands import sign_in_named
from apps.accounts.services import sessions_end
from apps.core.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "End every sign-in of a person (or a break-glass account): the next click asks for a new one."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        user = sign_in_named(options["email"])
        ended = sessions_end(actor=actor, user=user)
        return Answer([f"{user}: {ended} sign-ins ended."], {"user": str(user), "ended": ended})
