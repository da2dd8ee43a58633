"""manage.py import_register REGISTER FILE [--plan] [--number N --reason WHY] [--as EMAIL] [--json]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import SYSTEM, Actor
from apps.core.commands import DONE, REFUSED, WAITS, Answer, OperatorCommand, read_file
from apps.registers import services
from apps.registers.books import REGISTERS
from apps.registers.models import RegisterImport


class Command(OperatorCommand):
    help = (
        "Plan a file for a register and, with --number (the changes that the plan shows), apply it. Without --number the "
        "plan waits in the console (exit code 3)."
    )
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("register", choices=[one.slug for one in REGISTERS if one.takes_files])
        parser.add_argument("file", type=Path)
        parser.add_argument("--number", type=int, help="how many records change, as --plan shows it")
        parser.add_argument("--reason", default="", help="why; needed to apply")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        path: Path = options["file"]
        run = services.import_receive(
            actor=actor, register=options["register"], file_name=path.name, content=read_file(path)
        )
        run = services.import_plan(actor=SYSTEM, run=run)
        if options["plan"] or options["number"] is None:
            return _answer(run, DONE if options["plan"] or not run.changes else WAITS)
        run = services.import_apply(actor=actor, run=run, number=options["number"], reason=options["reason"])
        while run.state == RegisterImport.State.APPLYING:
            run = services.import_go_on(actor=SYSTEM, run=run)
        refused = run.lines.filter(done="refused").exists() or run.state == RegisterImport.State.FAILED
        return _answer(run, REFUSED if refused else DONE)


def _answer(run: RegisterImport, code: int) -> Answer:
    rows = [
        {"line": row.line, "record": row.label, "plan": row.planned, "done": row.done, "changes": row.changes, "reason": row.reason}
        for row in run.lines.exclude(planned="unchanged")
    ]  # fmt: skip
    said = [
        f"Line {row['line']}: {row['record']}: {row['done'] or row['plan']} {row['reason']}".rstrip() for row in rows
    ]
    said.append(
        f"{run.added} added, {run.changed} changed, {run.unchanged} unchanged, {run.refused} refused ({run.state})."
    )
    data = {
        "import": run.pk, "state": run.state, "added": run.added, "changed": run.changed, "unchanged": run.unchanged,
        "refused": run.refused, "rows": rows,
    }  # fmt: skip
    wrong = [said[-1]] if code else []
    return Answer(said, data, wrong, code)
