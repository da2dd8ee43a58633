"""manage.py check_reports [ID…] [--as EMAIL] [--plan] [--json]: make kept reports again and compare them.

Bytes, hashes and signatures. The result stands in the audit trail, but for a plan.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import DONE, REFUSED, Answer, OperatorCommand
from apps.reports.models import StoredReport
from apps.reports.services import report_check


class Command(OperatorCommand):
    help = "Name every kept report that is not what it was; exit code 1 where there is one."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="only these (default: all)")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        reports = StoredReport.objects.filter(state=StoredReport.State.DONE).order_by("pk")
        if options["ids"]:
            reports = reports.filter(pk__in=options["ids"])
        said, rows, wrong = [], [], []
        for report in reports:
            found = report_check(actor=actor, report=report)
            said.append(f"{report} ({report.scope}, {report.as_of}): {' '.join(found.words)}")
            rows.append({"report": report.pk, "good": found.is_good, "words": found.words})
            if not found.is_good:
                wrong.append(said[-1])
        return Answer(said, {"reports": rows}, wrong, REFUSED if wrong else DONE)
