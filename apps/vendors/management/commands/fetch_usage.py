"""manage.py fetch_usage NAME [--json]: read a workspace's usage from the vendor now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import REFUSED, Answer, OperatorCommand
from apps.vendors.commands import workspace_named
from apps.vendors.usage_services import usage_fetch


class Command(OperatorCommand):
    help = "Read usage from the last known day (with the days that the vendor may still correct) up to yesterday."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        fetch = usage_fetch(actor=actor, workspace=workspace_named(options["name"]))
        if fetch.problem:
            return Answer(wrong=[f"Nothing was stored: {fetch.problem}"], code=REFUSED)
        said = (
            f"{fetch.first} to {fetch.last}: {fetch.rows:,} rows, {fetch.changed:,} days changed,"
            f" {fetch.unknown:,} accounts of nobody in the directory."
        )
        data = {
            "first": fetch.first,
            "last": fetch.last,
            "rows": fetch.rows,
            "changed": fetch.changed,
            "unknown": fetch.unknown,
        }
        return Answer([said], data)
