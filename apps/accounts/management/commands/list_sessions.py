"""manage.py list_sessions EMAIL [--json]: where a person is signed in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.accounts.commands import sign_in_named
from apps.accounts.selectors import sessions_of
from apps.core.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "List the sign-ins of a person (or a break-glass account) that last. Never their keys."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        user = sign_in_named(options["email"])
        sessions = [
            {
                "started_at": row.started_at, "seen_at": row.seen_at, "ends_at": row.expire_date, "method": row.method,
                "browser": row.agent, "address": row.address,
            }
            for row in sessions_of(user.pk)
        ]  # fmt: skip
        said = [
            f"{row['started_at']:%Y-%m-%d %H:%M}  {row['browser']}, {row['address']} ({row['method']})"
            for row in sessions
        ]
        return Answer([*said, f"{user}: {len(sessions)} sign-ins."], {"user": str(user), "sessions": sessions})
