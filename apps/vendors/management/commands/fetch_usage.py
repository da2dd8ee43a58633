"""manage.py fetch_usage NAME: read a workspace's usage from the vendor now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.actors import SYSTEM
from apps.vendors.errors import FetchUnderWay
from apps.vendors.models import Workspace
from apps.vendors.usage_services import usage_fetch


class Command(BaseCommand):
    help = "Read usage from the last known day (with the days that the vendor may still correct) up to yesterday."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(name=options["name"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['name']!r}.")
        try:
            fetch = usage_fetch(actor=SYSTEM, workspace=workspace)
        except FetchUnderWay as error:
            raise CommandError(str(error)) from error
        if fetch.problem:
            raise CommandError(f"Nothing was stored: {fetch.problem}")
        self.stdout.write(
            f"{fetch.first} to {fetch.last}: {fetch.rows:,} rows, {fetch.changed:,} days changed,"
            f" {fetch.unknown:,} accounts of nobody in the directory."
        )
