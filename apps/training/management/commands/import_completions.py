"""manage.py import_completions FILE [--json]: completions from the learning system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.actors import SYSTEM
from apps.core.errors import Invalid
from apps.training.import_services import completions_import


class Command(BaseCommand):
    help = "Import completions (employee_id, course, completed_on, score, record_id). Twice is once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            run = completions_import(actor=SYSTEM, file_name=path.name, content=path.read_bytes())
        except Invalid as refusal:
            raise CommandError(str(refusal)) from refusal
        answer = {"rows": run.rows, "added": run.added, "unchanged": run.unchanged, "rejected": run.rejected}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        self.stdout.write(
            f"{run.rows:,} rows: {run.added:,} added, {run.unchanged:,} known, {len(run.rejected):,} rejected."
        )
        for bad in run.rejected[:20]:
            self.stdout.write(f"  line {bad['line']}: {bad['reason']}")
