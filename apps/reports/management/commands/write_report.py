"""manage.py write_report KIND [--scope S] [--day D] [--form F] [--out FILE] [--plan] [--json]: for scripts."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand, write_file
from apps.reports.access import report_for
from apps.reports.document import data_of
from apps.reports.models import KINDS
from apps.reports.renderings import FORMS, rendered


class Command(OperatorCommand):
    help = "Write a report about the end of a day to a file or to standard output, the same bytes as in the console."
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=list(KINDS))
        parser.add_argument(
            "--scope", default="all", help="all, agency:CODE, secretariat:CODE, phase:NUMBER, workspace:NAME"
        )
        parser.add_argument("--day", type=date.fromisoformat, help="a day that is over (default: the newest)")
        parser.add_argument("--form", choices=list(FORMS), default="json")
        parser.add_argument("--out", type=Path, help="the file to write (default: standard output)")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        document = report_for(actor, options["kind"], options["scope"], options["day"], fresh=True)
        report = data_of(document)
        content, out = rendered(report, options["form"]), options["out"]
        data = {
            "kind": report["kind"], "scope": report["scope"], "day": report["as_of"], "form": options["form"],
            "bytes": len(content), "opinion": document.opinion, "file": str(out) if out else None,
        }  # fmt: skip
        said = [f"{out or 'Standard output'}: {len(content):,} bytes. {document.opinion}"]
        if options["plan"]:
            return Answer(said, data)
        if out:
            write_file(out, content)
        elif options["json"]:
            # Standard output is one object, so the report stands in it.
            return Answer(data=data | {"form": "json", "report": report})
        else:
            sys.stdout.buffer.write(content)
            return Answer(data=data)
        return Answer(said, data)
