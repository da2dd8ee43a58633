"""manage.py withdraw_token ID --reason WHY [--as EMAIL] [--plan] [--json]: end an API token at once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.accounts.selectors import tokens_visible_to
from apps.accounts.token_services import token_withdraw
from apps.core.commands import Answer, OperatorCommand
from apps.core.errors import NotFound


class Command(OperatorCommand):
    help = "End an API token at once. list_tokens shows the ids."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--reason", required=True)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        token = tokens_visible_to(actor).filter(pk=options["id"]).first()
        if token is None:
            raise NotFound(f"There is no token {options['id']}.")
        token_withdraw(actor=actor, token=token, reason=options["reason"])
        return Answer([f"{token} of {token.user} is withdrawn."], {"id": token.pk, "token": str(token)})
