"""manage.py export_chargeback [--month 2026-10] [--out FILE --form csv] [--plan] [--json]: every agency's month."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand, write_file
from apps.core.downloads import csv_of
from apps.licenses.chargeback_forms import HEADER, data_of, money, month_name, rows_of, xlsx_of
from apps.licenses.chargeback_selectors import Statement, month_named, statement_for


class Command(OperatorCommand):
    help = "What each agency's seats cost in a month. Without --month the last finished one."
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", default="", help="as 2026-10")
        parser.add_argument("--out", type=Path, help="the file to write (default: lines on standard output)")
        parser.add_argument("--form", choices=["csv", "xlsx"], default="csv", help="of the file")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        statement = statement_for(actor, month_named(options["month"]))
        if options["out"] is None:
            return Answer(_lines(statement), data_of(statement))
        is_book = options["form"] == "xlsx"
        content = xlsx_of(statement) if is_book else csv_of(HEADER, rows_of(statement)).encode()
        if not options["plan"]:
            write_file(options["out"], content)
        said = f"Charge-back of {month_name(statement.month)}, {money(statement.total)}, to {options['out']}."
        return Answer([said], data_of(statement) | {"file": str(options["out"])})


def _lines(statement: Statement) -> list[str]:
    rows = [
        f"{line.name:60} {'' if line.seat_days is None else f'{line.seat_days:,}':>12} {money(line.cents):>16}"
        for line in statement.lines
    ]
    label = f"Total of {month_name(statement.month)}"
    return [*rows, f"{label:60} {statement.seat_days:>12,} {money(statement.total):>16}"]
