"""manage.py list_roles [EMAIL] [--role ROLE] [--all] [--json]: who may do what, since when and until when."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import GRANTABLE, Actor
from apps.accounts.commands import sign_in_named
from apps.accounts.models import RoleAssignment
from apps.accounts.selectors import roles_to_confirm, roles_to_review, roles_visible_to
from apps.core import clock
from apps.core.commands import Answer, OperatorCommand

_WORDS = {
    "ended": "ended", "over": "its day is over", "to_confirm": "waits for a second administrator",
    "to_review": "to be looked at again", "in_force": "in force",
}  # fmt: skip


class Command(OperatorCommand):
    help = "List the roles that people hold, or that wait to be confirmed; --all lists ended ones too."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", default="")
        parser.add_argument("--role", choices=[role.value for role in GRANTABLE])
        parser.add_argument("--all", action="store_true", help="ended ones too")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        rows = roles_visible_to(actor)
        if options["email"]:
            rows = rows.filter(user=sign_in_named(options["email"]))
        if options["role"]:
            rows = rows.filter(role=options["role"])
        overdue = set(roles_to_review().values_list("pk", flat=True))
        waiting = set(roles_to_confirm().values_list("pk", flat=True))
        roles = [_told(row, _state(row, waiting, overdue)) for row in rows]
        if not options["all"]:
            roles = [one for one in roles if one["state"] not in {"ended", "over"}]
        said = [
            f"{one['id']:>6}  {one['who']}: {one['role']}{one['scope'] and ' of ' + one['scope']}, "
            f"{_WORDS[one['state']]}" + (f", until {one['until_on']}" if one["until_on"] else "")
            for one in roles
        ]
        return Answer(said or ["No roles."], {"roles": roles})


def _state(row: RoleAssignment, waiting: set[int], overdue: set[int]) -> str:
    if row.ended_at:
        return "ended"
    if row.until_on and row.until_on < clock.today():
        return "over"
    return "to_confirm" if row.pk in waiting else "to_review" if row.pk in overdue else "in_force"


def _told(row: RoleAssignment, state: str) -> dict[str, Any]:
    return {
        "id": row.pk, "who": str(row.user), "email": row.user.email, "role": row.role, "scope": row.scope, "state": state,
        "granted_at": row.granted_at, "granted_by": row.granted_by, "confirmed_by": row.confirmed_by,
        "by_group": row.mapping_id is not None, "until_on": row.until_on, "reviewed_at": row.reviewed_at,
        "ended_at": row.ended_at,
    }  # fmt: skip
