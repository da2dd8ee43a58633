"""manage.py list_operations [--state STATE] [--workspace NAME] [--limit N] [--json]: what is asked of the vendor."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand
from apps.vendors.lifecycle import OPEN
from apps.vendors.models import Operation
from apps.vendors.selectors import operations_visible_to


class Command(OperatorCommand):
    help = "List the operations that are open, newest first, or those of a state (needs_attention)."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--state", choices=Operation.State.values)
        parser.add_argument("--workspace", default="")
        parser.add_argument("--limit", type=int, default=100, help="at most so many (100)")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        rows = operations_visible_to(actor)
        rows = rows.filter(state=options["state"]) if options["state"] else rows.filter(state__in=OPEN)
        if options["workspace"]:
            rows = rows.filter(workspace__name=options["workspace"])
        number = rows.count()
        operations = [
            {
                "id": row.pk, "workspace": row.workspace.name, "kind": row.kind, "target": row.target, "state": row.state,
                "attempts": row.attempts, "next_attempt_at": row.next_attempt_at, "last_error": row.last_error,
                "cause": row.cause,
            }
            for row in rows[: max(options["limit"], 0)]
        ]  # fmt: skip
        said = [
            f"{one['id']:>8}  {one['state']}: {one['kind']} {one['target']} ({one['workspace']}), "
            f"{one['attempts']} attempts" + (f": {one['last_error']}" if one["last_error"] else "")
            for one in operations
        ]
        return Answer([*said, f"{len(operations)} of {number}."], {"number": number, "operations": operations})
