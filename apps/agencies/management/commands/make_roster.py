"""manage.py make_roster [--employees N] [--seed S] [--dirty] FILE: a believable HR file of invented people."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.agencies import fiction
from apps.core import clock

AGENCIES = Path(__file__).resolve().parents[2] / "data" / "agencies.csv"


def places(path: Path = AGENCIES) -> list[fiction.Place]:
    """The agencies of the CSV with their planned head-counts."""
    with path.open(encoding="utf-8", newline="") as file:
        return [fiction.Place(row["code"], int(row["planned_headcount"])) for row in csv.DictReader(file)]


class Command(BaseCommand):
    help = "Write a believable HR file; with --dirty one as they come in real life."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--employees", type=int, default=40_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--dirty", action="store_true", help="Latin-1, semicolons, CRLF, and 1%% bad rows")
        parser.add_argument("--as-of", type=date.fromisoformat, help="the file's day (default: today)")
        parser.add_argument("--json", action="store_true", help="say what was written, with the spoiled lines")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = fiction.people(places(), options["employees"], options["seed"], options["as_of"] or clock.today())
        content = fiction.to_csv(rows)
        bad: list[fiction.BadLine] = []
        if options["dirty"]:
            content, bad = fiction.spoil(rows, options["seed"])
        options["file"].write_bytes(content)
        if options["json"]:
            spoiled = [{"line": one.line, "fault": one.fault} for one in bad]
            self.stdout.write(json.dumps({"rows": len(rows), "spoiled": spoiled}))
        else:
            self.stdout.write(f"{len(rows):,} people written to {options['file']}; {len(bad):,} rows spoiled.")
