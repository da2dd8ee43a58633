"""manage.py import_completions FILE [--as EMAIL] [--plan] [--json]: completions from the learning system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand, read_file
from apps.training.import_services import completions_import


class Command(OperatorCommand):
    help = "Import completions (employee_id, course, completed_on, score, record_id). Twice is once."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        path: Path = options["file"]
        run = completions_import(actor=actor, file_name=path.name, content=read_file(path))
        said = f"{run.rows:,} rows: {run.added:,} added, {run.unchanged:,} known, {len(run.rejected):,} rejected."
        data = {"rows": run.rows, "added": run.added, "unchanged": run.unchanged, "rejected": run.rejected}
        return Answer([said, *(f"  line {bad['line']}: {bad['reason']}" for bad in run.rejected[:20])], data)
