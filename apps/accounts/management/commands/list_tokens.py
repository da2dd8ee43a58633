"""manage.py list_tokens [--all] [--json]: who holds which API token, until when, and when it was used last."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.accounts.selectors import tokens_visible_to
from apps.core import clock
from apps.core.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "List the API tokens that can be used; --all lists ended ones too. Never the tokens themselves."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="ended ones too")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        rows = tokens_visible_to(actor)
        if not options["all"]:
            rows = rows.filter(withdrawn_at=None, expires_at__gt=clock.now())
        tokens = [
            {
                "id": row.pk, "name": row.name, "owner": str(row.user), "hint": row.hint, "scopes": row.scopes,
                "expires_at": row.expires_at, "last_used_at": row.last_used_at, "withdrawn_at": row.withdrawn_at,
            }
            for row in rows
        ]  # fmt: skip
        said = [
            f"{t['id']:>6}  {t['owner']}: {t['name']} ({t['hint']}…) until {t['expires_at']:%Y-%m-%d}" for t in tokens
        ]
        return Answer(said, {"tokens": tokens})
