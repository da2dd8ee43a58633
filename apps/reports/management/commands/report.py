"""manage.py report KIND [--scope S] [--day D] [--form F] [--out FILE]: a report without the console, for scripts."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.actors import SYSTEM
from apps.core.errors import BeaconError
from apps.reports.access import report_for
from apps.reports.document import data_of
from apps.reports.models import KINDS
from apps.reports.renderings import FORMS, rendered


class Command(BaseCommand):
    help = "Write a report about the end of a day to a file or to standard output, the same bytes as in the console."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=list(KINDS))
        parser.add_argument(
            "--scope", default="all", help="all, agency:CODE, secretariat:CODE, phase:NUMBER, workspace:NAME"
        )
        parser.add_argument("--day", type=date.fromisoformat, help="a day that is over (default: the newest)")
        parser.add_argument("--form", choices=list(FORMS), default="json")
        parser.add_argument("--out", type=Path, help="the file to write (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = report_for(SYSTEM, options["kind"], options["scope"], options["day"], fresh=True)
        except BeaconError as refusal:
            raise CommandError(str(refusal)) from refusal
        content = rendered(data_of(document), options["form"])
        if options["out"]:
            options["out"].write_bytes(content)
            self.stderr.write(f"{options['out']}: {document.opinion}")
        else:
            sys.stdout.buffer.write(content)
