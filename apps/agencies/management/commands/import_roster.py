"""manage.py import_roster FILE [--plan] [--json]: bring an HR file into the directory."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.actors import SYSTEM
from apps.agencies import roster_services as services
from apps.agencies.models import RosterLine, RosterRun

EXIT_HELD = 3


class Command(BaseCommand):
    help = "Plan and apply an HR file (CSV). A plan that would separate too many waits for two people in the console."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--plan", action="store_true", help="only say what would happen")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        run = services.roster_receive(actor=SYSTEM, file_name=path.name, content=path.read_bytes())
        run = services.roster_plan(actor=SYSTEM, run=run)
        if options["plan"] and run.state in {"planned", "held"}:
            run = services.roster_discard(actor=SYSTEM, run=run, reason="Only a plan was asked for")
        elif run.state == "planned":
            run = services.roster_confirm(actor=SYSTEM, run=run)
            run = services.roster_apply(actor=SYSTEM, run=run)
        self.stdout.write(json.dumps(_summary(run)) if options["json"] else _sentences(run))
        if run.state == RosterRun.State.FAILED:
            sys.exit(1)
        if run.state == RosterRun.State.HELD:
            sys.exit(EXIT_HELD)


def _rejected(run: RosterRun) -> list[dict[str, Any]]:
    bad = RosterLine.objects.filter(run=run, kind="reject").order_by("line", "id")
    return [dict(row) for row in bad.values("line", "employee_id", "reason")]


def _summary(run: RosterRun) -> dict[str, Any]:
    """rows = joins + leavers_in_file + moves + changes + unchanged + rejected."""
    return {
        "run": run.pk,
        "state": run.state,
        **run.counts,
        "rows": run.rows,
        "rejected": _rejected(run),
        "ignored_columns": run.ignored_columns,
        "hold_reasons": run.hold_reasons,
        "error": run.error or None,
    }


def _sentences(run: RosterRun) -> str:
    if run.state == RosterRun.State.FAILED:
        return f"Nothing was changed. {run.error}"
    count = run.counts
    lines = [
        f"{run.rows:,} rows: {count['joins']:,} join, {count['leavers']:,} leave, {count['moves']:,} move, "
        f"{count['changes']:,} change, {count['unchanged']:,} unchanged, {count['rejected']:,} rejected.",
        *(f"  line {bad['line']}: {bad['reason']}" for bad in _rejected(run)[:20]),
    ]
    if count["rejected"] > 20:
        lines.append(f"  and {count['rejected'] - 20:,} more; --json lists them all.")
    if run.hold_reasons:
        lines += ["Held for a second person:", *(f"  {reason}" for reason in run.hold_reasons)]
    lines.append(f"State: {run.get_state_display()}.")
    return "\n".join(lines)
