"""manage.py import_usage FILE --workspace NAME [--as EMAIL] [--plan] [--json]: the vendor's analytics file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand, read_file
from apps.vendors.commands import workspace_named
from apps.vendors.models import UsageImport
from apps.vendors.usage_services import usage_apply, usage_receive


class Command(OperatorCommand):
    help = "Read an analytics file and apply it; --plan only says what would change. Twice is once."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--workspace", required=True)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        path: Path = options["file"]
        workspace = workspace_named(options["workspace"])
        run = usage_receive(actor=actor, workspace=workspace, file_name=path.name, content=read_file(path))
        if not options["plan"]:
            run = usage_apply(actor=actor, run=run)
        return Answer(_sentences(run), _summary(run))


def _summary(run: UsageImport) -> dict[str, Any]:
    return {
        "import": run.pk, "state": run.state, "rows": run.rows, "changed": run.changed, "unchanged": run.unchanged,
        "unknown": run.unknown, "periods": run.periods, "ignored_columns": run.ignored_columns, "rejected": run.rejected,
    }  # fmt: skip


def _sentences(run: UsageImport) -> list[str]:
    lines = [
        f"{run.rows:,} rows: {run.changed:,} days {'changed' if run.state == 'applied' else 'would change'},"
        f" {run.unchanged:,} known, {run.unknown:,} rows of nobody in the directory, {len(run.rejected):,} rejected."
    ]
    if run.periods:
        lines.append(f"{run.periods:,} rows are about more than a day: first and last use only.")
    return [*lines, *(f"  line {bad['line']}: {bad['reason']}" for bad in run.rejected[:20])]
