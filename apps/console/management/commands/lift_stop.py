"""manage.py lift_stop ID --reason WHY [--as EMAIL] [--plan] [--json]: end an emergency stop."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand
from apps.core.errors import Invalid
from apps.licenses.protection_services import stop_lift
from apps.licenses.selectors import stops_visible_to


class Command(OperatorCommand):
    help = "End an emergency stop, by its number (list_stops); who meets every requirement gets access back."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--reason", required=True)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        stop = stops_visible_to(actor).filter(pk=options["id"]).first()
        if stop is None:
            raise Invalid(f"There is no emergency stop {options['id']}.", how_to_fix="list_stops names them.")
        stop_lift(actor=actor, stop=stop, reason=options["reason"])
        return Answer([f"{stop.whom}: the stop is lifted."], {"id": stop.pk, "scope": stop.scope, "whom": stop.whom})
