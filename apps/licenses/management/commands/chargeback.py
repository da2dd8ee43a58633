"""manage.py chargeback [--month 2026-10] [--json]: the charge-back statement of a finished month, every agency."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.actors import SYSTEM
from apps.core.errors import Invalid
from apps.licenses.chargeback_forms import data_of, money, month_name
from apps.licenses.chargeback_selectors import month_named, statement_for


class Command(BaseCommand):
    help = "What each agency's seats cost in a month. Without --month the last finished one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", default="", help="as 2026-10")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            month = month_named(options["month"])
        except Invalid as refusal:
            raise CommandError(str(refusal)) from None
        statement = statement_for(SYSTEM, month)
        if options["json"]:
            self.stdout.write(json.dumps(data_of(statement), ensure_ascii=False))
            return
        for line in statement.lines:
            days = "" if line.seat_days is None else f"{line.seat_days:,}"
            self.stdout.write(f"{line.name:60} {days:>12} {money(line.cents):>16}")
        self.stdout.write(
            f"{'Total of ' + month_name(month):60} {statement.seat_days:>12,} {money(statement.total):>16}"
        )
