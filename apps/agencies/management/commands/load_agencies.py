"""manage.py load_agencies [FILE] [--as EMAIL] [--plan] [--json]: the secretariats and agencies from a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.agencies.management.commands.make_roster import AGENCIES
from apps.agencies.services import agencies_load
from apps.core.commands import Answer, OperatorCommand
from apps.core.errors import Invalid


class Command(OperatorCommand):
    help = "Make the directory's agencies what the CSV says (default: the executive branch that comes with Beacon)."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", default=AGENCIES)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        if not options["file"].is_file():
            raise Invalid(f"There is no file {options['file']}.")
        changed = agencies_load(actor=actor, path=options["file"])
        return Answer([f"{changed} agencies made or changed."], {"changed": changed})
