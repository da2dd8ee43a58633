"""manage.py retry_operations [ID …] [--workspace NAME] --reason WHY [--as EMAIL] [--plan] [--json]."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand
from apps.vendors.models import Operation
from apps.vendors.selectors import operations_visible_to
from apps.vendors.services import operation_retry


class Command(OperatorCommand):
    help = "Try operations that need attention again, now: those named, those of a workspace, or all."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int)
        parser.add_argument("--workspace", default="")
        parser.add_argument("--reason", required=True)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        rows = operations_visible_to(actor).filter(state=Operation.State.NEEDS_ATTENTION)
        if options["ids"]:
            rows = rows.filter(pk__in=options["ids"])
        if options["workspace"]:
            rows = rows.filter(workspace__name=options["workspace"])
        found = list(rows)
        for operation in found:
            operation_retry(actor=actor, operation=operation, reason=options["reason"])
        said = [f"{operation.pk}: {operation.kind} {operation.target}" for operation in found]
        return Answer([*said, f"{len(found)} tried again."], {"operations": [one.pk for one in found]})
