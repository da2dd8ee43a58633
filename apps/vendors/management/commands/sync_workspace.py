"""manage.py sync_workspace NAME [--plan] [--json]: look at a workspace and bring it into line."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.actors import SYSTEM
from apps.vendors.dispatch import dispatch
from apps.vendors.errors import SyncUnderWay
from apps.vendors.models import SyncRun, Workspace
from apps.vendors.sync import SyncResult, sync_workspace

EXIT_HELD, EXIT_INCOMPLETE = 3, 4


class Command(BaseCommand):
    help = "Observe a workspace, plan, and send what is due. --plan only says what would be asked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--plan", action="store_true", help="only say what would happen")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(name=options["name"]).first()
        if workspace is None:
            known = ", ".join(Workspace.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no workspace {options['name']!r} (known: {known}).")
        try:
            result = sync_workspace(actor=SYSTEM, workspace=workspace, plan_only=options["plan"])
        except SyncUnderWay as error:
            raise CommandError(str(error)) from error
        sent = 0 if options["plan"] or result.run.state != SyncRun.State.DONE else dispatch(workspace)
        answer = _summary(result, sent)
        self.stdout.write(json.dumps(answer) if options["json"] else _sentences(answer))
        codes = {"failed": 1, "held": EXIT_HELD, "incomplete": EXIT_INCOMPLETE}
        if result.run.state in codes:
            sys.exit(codes[result.run.state])


def _summary(result: SyncResult, sent: int) -> dict[str, Any]:
    run = result.run
    return {
        "run": run.pk,
        "state": run.state,
        "members": run.members,
        "invites": run.invites,
        "groups": run.groups,
        "plan": run.counts,
        "operations": [
            {"kind": one.kind, "email": one.email, "target": one.target, "why": one.why} for one in result.plan.wanted
        ],
        "drift": [{"kind": one.kind, "detail": one.detail} for one in result.plan.differences],
        "problems": run.problems,
        "hold_reasons": run.hold_reasons,
        "sent": sent,
    }


def _sentences(answer: dict[str, Any]) -> str:
    plan = ", ".join(f"{count:,} {kind}" for kind, count in answer["plan"].items()) or "nothing to change"
    lines = [
        f"Run {answer['run']} is {answer['state']}: {answer['members']:,} members, {answer['invites']:,} invitations, "
        f"{answer['groups']:,} groups.",
        f"Plan: {plan}. {answer['sent']:,} calls made.",
    ]
    lines += [f"  {one['kind']} {one['email'] or one['target']}: {one['why']}" for one in answer["operations"][:20]]
    lines += [f"Drift: {one['detail']}" for one in answer["drift"][:20]]
    lines += [f"Problem: {problem}" for problem in answer["problems"]]
    lines += [f"Held: {reason}" for reason in answer["hold_reasons"]]
    return "\n".join(lines)
