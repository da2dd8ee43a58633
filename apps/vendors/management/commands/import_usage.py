"""manage.py import_usage FILE --workspace NAME [--plan] [--json]: the vendor's analytics file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.actors import SYSTEM
from apps.core.errors import Invalid
from apps.vendors.models import UsageImport, Workspace
from apps.vendors.usage_services import usage_apply, usage_receive


class Command(BaseCommand):
    help = "Read an analytics file and apply it; --plan only says what would change. Twice is once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--workspace", required=True)
        parser.add_argument("--plan", action="store_true", help="only say what would happen; the page can apply it")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        workspace = Workspace.objects.filter(name=options["workspace"]).first()
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        try:
            run = usage_receive(actor=SYSTEM, workspace=workspace, file_name=path.name, content=path.read_bytes())
        except Invalid as refusal:
            raise CommandError(str(refusal)) from refusal
        if not options["plan"]:
            run = usage_apply(actor=SYSTEM, run=run)
        self.stdout.write(json.dumps(_summary(run)) if options["json"] else _sentences(run))


def _summary(run: UsageImport) -> dict[str, Any]:
    return {
        "import": run.pk, "state": run.state, "rows": run.rows, "changed": run.changed, "unchanged": run.unchanged,
        "unknown": run.unknown, "periods": run.periods, "ignored_columns": run.ignored_columns, "rejected": run.rejected,
    }  # fmt: skip


def _sentences(run: UsageImport) -> str:
    lines = [
        f"{run.rows:,} rows: {run.changed:,} days {'changed' if run.state == 'applied' else 'would change'},"
        f" {run.unchanged:,} known, {run.unknown:,} rows of nobody in the directory, {len(run.rejected):,} rejected."
    ]
    if run.periods:
        lines.append(f"{run.periods:,} rows are about more than a day: first and last use only.")
    lines += [f"  line {bad['line']}: {bad['reason']}" for bad in run.rejected[:20]]
    return "\n".join(lines)
