"""manage.py check_reports [ID…] [--json]: make kept reports again and compare bytes, hashes and signatures."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.accounts.actors import SYSTEM
from apps.reports.models import StoredReport
from apps.reports.services import report_check


class Command(BaseCommand):
    help = "Name every kept report that is not what it was; exit code 1 where there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="only these (default: all)")
        parser.add_argument("--json", action="store_true", help="one JSON object a line instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = StoredReport.objects.filter(state=StoredReport.State.DONE).order_by("pk")
        if options["ids"]:
            reports = reports.filter(pk__in=options["ids"])
        bad = 0
        for report in reports:
            found = report_check(actor=SYSTEM, report=report)
            bad += not found.is_good
            if options["json"]:
                self.stdout.write(json.dumps({"report": report.pk, "good": found.is_good, "words": found.words}))
            else:
                self.stdout.write(f"{report} ({report.scope}, {report.as_of}): {' '.join(found.words)}")
        if bad:
            sys.exit(1)
