"""manage.py stop_access WHOM --reason WHY [--number N] [--as EMAIL] [--plan] [--json]: the emergency stop."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.core.commands import Answer, OperatorCommand
from apps.core.errors import Invalid
from apps.licenses.models import EmergencyStop
from apps.licenses.protection_services import stop_start
from apps.licenses.selectors import stop_people
from apps.rollout.models import Phase


class Command(OperatorCommand):
    help = (
        "Stop access at once: person:ID, agency:CODE, phase:NUMBER or everyone. --plan says how many people it meets."
    )
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("whom", help="person:A003, agency:DOR, phase:2 or everyone")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--number", type=int, help="how many live seats are concerned; needed but for one person")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        scope, _, name = options["whom"].partition(":")
        target = _target(scope, name)
        people = stop_people(EmergencyStop(scope=scope, started_at=clock.now(), **target)).count()
        number = people if options["plan"] else options["number"]
        stop = stop_start(actor=actor, scope=scope, reason=options["reason"], number=number, **target)
        data = {"id": stop.pk, "scope": scope, "whom": stop.whom, "people": people}
        return Answer([f"{stop.whom}: {people} live seats."], data)


def _target(scope: str, name: str) -> dict[str, Any]:
    if scope == "everyone" and not name:
        return {}
    found: Any = None
    if scope == "person":
        found = {"employee": Employee.objects.filter(employee_id=name).first()}
    elif scope == "agency":
        found = {"agency": Agency.objects.filter(code=name.upper()).first()}
    elif scope == "phase" and name.isdecimal():
        found = {"phase": Phase.objects.filter(number=int(name)).first()}
    if not found or None in found.values():
        raise Invalid(
            f"There is nobody under “{scope}:{name}”.",
            how_to_fix="Write person:ID, agency:CODE, phase:NUMBER or everyone.",
        )
    return dict(found)
