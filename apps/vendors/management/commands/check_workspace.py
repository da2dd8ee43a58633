"""manage.py check_workspace NAME [--json]: ask the vendor read-only questions; say which assumptions hold."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import BeaconError
from apps.vendors.checking import workspace_check
from apps.vendors.models import Workspace
from apps.vendors.providers import kind_of

_WORDS = {True: "holds", False: "DOES NOT HOLD", None: "not known"}


class Command(BaseCommand):
    help = "Ask a workspace's vendor what can be asked by reading, and report which assumptions hold. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(name=options["name"]).first()
        if workspace is None:
            known = ", ".join(Workspace.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no workspace {options['name']!r} (known: {known}).")
        try:
            found = workspace_check(workspace)
        except BeaconError as error:
            raise CommandError(str(error)) from error
        titles = {spec.code: spec.title for spec in kind_of(workspace).specs}
        unasked = [spec.code for spec in kind_of(workspace).specs if not spec.is_asked]
        if options["json"]:
            findings = [{"code": f.code, "holds": f.holds, "answer": f.answer} for f in found]
            self.stdout.write(json.dumps({"workspace": workspace.name, "findings": findings, "not_asked": unasked}))
        else:
            for finding in found:
                title = titles.get(finding.code, finding.code)
                self.stdout.write(f"{_WORDS[finding.holds]:14} {title}: {finding.answer}")
            if unasked:
                self.stdout.write(f"Cannot be asked by reading, see the workspace's page: {', '.join(unasked)}.")
        if any(finding.holds is False for finding in found):
            sys.exit(1)
