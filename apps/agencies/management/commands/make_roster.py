"""manage.py make_roster [--employees N] [--seed S] [--dirty] FILE [--plan] [--json]: a believable HR file of invented people."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.agencies import fiction
from apps.core import clock
from apps.core.commands import Answer, OperatorCommand, write_file

AGENCIES = Path(__file__).resolve().parents[2] / "data" / "agencies.csv"


def places(path: Path = AGENCIES) -> list[fiction.Place]:
    """The agencies of the CSV with their planned head-counts."""
    with path.open(encoding="utf-8", newline="") as file:
        return [fiction.Place(row["code"], int(row["planned_headcount"])) for row in csv.DictReader(file)]


class Command(OperatorCommand):
    help = "Write a believable HR file; with --dirty one as they come in real life."
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--employees", type=int, default=40_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--dirty", action="store_true", help="Latin-1, semicolons, CRLF, and 1%% bad rows")
        parser.add_argument("--as-of", type=date.fromisoformat, help="the file's day (default: today)")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        rows = fiction.people(places(), options["employees"], options["seed"], options["as_of"] or clock.today())
        content = fiction.to_csv(rows)
        bad: list[fiction.BadLine] = []
        if options["dirty"]:
            content, bad = fiction.spoil(rows, options["seed"])
        if not options["plan"]:
            write_file(options["file"], content)
        said = f"{len(rows):,} people to {options['file']}; {len(bad):,} rows spoiled."
        spoiled = [{"line": one.line, "fault": one.fault} for one in bad]
        return Answer([said], {"rows": len(rows), "spoiled": spoiled, "file": str(options["file"])})
