"""manage.py import_roster FILE [--as EMAIL] [--plan] [--json]: bring an HR file into the directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import SYSTEM, Actor
from apps.agencies import roster_services as services
from apps.agencies.models import RosterLine, RosterRun
from apps.core.commands import DONE, REFUSED, WAITS, Answer, OperatorCommand, read_file


class Command(OperatorCommand):
    help = (
        "Plan and apply an HR file (CSV). A plan that would separate too many waits for two people in the console "
        "(exit code 3)."
    )
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        path: Path = options["file"]
        run = services.roster_receive(actor=actor, file_name=path.name, content=read_file(path))
        run = services.roster_plan(actor=SYSTEM, run=run)
        if run.state == RosterRun.State.PLANNED and not options["plan"]:
            run = services.roster_confirm(actor=actor, run=run)
            run = services.roster_apply(actor=SYSTEM, run=run)
        if run.state == RosterRun.State.FAILED:
            return Answer(["Nothing was changed."], _summary(run), [run.error], REFUSED)
        if run.state == RosterRun.State.HELD and not options["plan"]:
            return Answer(_sentences(run), _summary(run), run.hold_reasons, WAITS)
        return Answer(_sentences(run), _summary(run), code=DONE)


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


def _sentences(run: RosterRun) -> list[str]:
    count, bad = run.counts, _rejected(run)
    lines = [
        f"{run.rows:,} rows: {count['joins']:,} join, {count['leavers']:,} leave, {count['moves']:,} move, "
        f"{count['changes']:,} change, {count['unchanged']:,} unchanged, {count['rejected']:,} rejected.",
        *(f"  line {one['line']}: {one['reason']}" for one in bad[:20]),
    ]
    if len(bad) > 20:
        lines.append(f"  and {len(bad) - 20:,} more; --json lists them all.")
    if run.hold_reasons:
        lines += ["Held for a second person:", *(f"  {reason}" for reason in run.hold_reasons)]
    return [*lines, f"State: {run.get_state_display()}."]
