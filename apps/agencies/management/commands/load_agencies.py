"""manage.py load_agencies [FILE]: the secretariats and agencies from a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.accounts.actors import SYSTEM
from apps.agencies.management.commands.make_roster import AGENCIES
from apps.agencies.services import agencies_load


class Command(BaseCommand):
    help = "Make the directory's agencies what the CSV says (default: the executive branch that comes with Beacon)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", default=AGENCIES)

    def handle(self, *args: Any, **options: Any) -> None:
        changed = agencies_load(actor=SYSTEM, path=options["file"])
        self.stdout.write(f"{changed} agencies made or changed.")
