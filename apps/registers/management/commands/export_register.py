"""manage.py export_register REGISTER --out FILE [--form csv] [--reason WHY] [--as EMAIL] [--json]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand, write_file
from apps.registers import reading, services
from apps.registers.books import BY_SLUG, register_of


class Command(OperatorCommand):
    help = "Write a register to a file. One that names people needs --reason and is written down in the audit trail."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("register", choices=list(BY_SLUG))
        parser.add_argument("--out", type=Path, required=True, help="the file to write")
        parser.add_argument("--form", choices=list(reading.FORMATS), default="csv")
        parser.add_argument("--reason", default="", help="what for, where the register names people")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        register = register_of(options["register"])
        content, rows = reading.written(register, actor, options["form"])
        if register.names_people:
            content = services.people_export(
                actor=actor, register=register.slug, form=options["form"], reason=options["reason"]
            )
        if not options["plan"]:
            write_file(options["out"], content)
        data = {"register": register.slug, "rows": rows, "file": str(options["out"])}
        return Answer([f"{register.title}: {rows} rows to {options['out']}."], data)
