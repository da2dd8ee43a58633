"""manage.py list_connections [--json]: the other systems that may hold tokens."""

from __future__ import annotations

from typing import Any

from apps.accounts.actors import Actor
from apps.accounts.selectors import connections_visible_to, tokens_visible_to
from apps.core import clock
from apps.core.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "List the connections of other systems, and how many tokens of each can be used."

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        usable = list(
            tokens_visible_to(actor)
            .filter(withdrawn_at=None, expires_at__gt=clock.now())
            .values_list("user_id", flat=True)
        )
        found = [
            {"id": one.pk, "name": one.name, "is_active": one.is_active, "tokens": usable.count(one.pk)}
            for one in connections_visible_to(actor)
        ]
        said = [f"{c['name']}: {c['tokens']} tokens{'' if c['is_active'] else ', ended'}" for c in found]
        return Answer(said, {"connections": found})
