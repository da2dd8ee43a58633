"""manage.py list_stops [--all] [--json]: whose access is stopped, since when, by whom and why."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand
from apps.licenses.selectors import stops_visible_to


class Command(OperatorCommand):
    help = "List the emergency stops that are on; --all lists lifted ones too."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="lifted ones too")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        rows = stops_visible_to(actor)
        if not options["all"]:
            rows = rows.filter(lifted_at=None)
        stops = [
            {
                "id": row.pk, "scope": row.scope, "whom": row.whom, "reason": row.reason, "people": row.people,
                "started_at": row.started_at, "started_by": row.started_by, "settled_at": row.settled_at,
                "lifted_at": row.lifted_at, "lifted_by": row.lifted_by, "lift_reason": row.lift_reason,
            }
            for row in rows
        ]  # fmt: skip
        said = [
            f"{one['id']:>6}  {one['whom']}, {one['people']} live seats, since {one['started_at']:%Y-%m-%d %H:%M}"
            f" by {one['started_by']}: {one['reason']}" + (" (lifted)" if one["lifted_at"] else "")
            for one in stops
        ]
        return Answer(said or ["Nobody's access is stopped."], {"stops": stops})
