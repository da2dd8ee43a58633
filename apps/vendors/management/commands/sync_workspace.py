"""manage.py sync_workspace NAME [--as EMAIL] [--plan] [--json]: look at a workspace and bring it into line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor, Role
from apps.core.commands import DONE, REFUSED, WAITS, Answer, OperatorCommand
from apps.vendors.commands import workspace_named
from apps.vendors.dispatch import dispatch
from apps.vendors.models import SyncRun
from apps.vendors.sync import SyncResult, sync_workspace

# What a run that did not end well means. One that saw half a list asks for nothing.
_CODES = {SyncRun.State.FAILED: REFUSED, SyncRun.State.INCOMPLETE: REFUSED, SyncRun.State.HELD: WAITS}


class Command(OperatorCommand):
    help = (
        "Observe a workspace, plan, and send what is due. --plan only says what would be asked. Exit code 3: the plan "
        "would take access from so many that a second person looks at it in the console."
    )
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        actor.require(Role.ADMINISTRATOR)
        workspace = workspace_named(options["name"])
        result = sync_workspace(actor=actor, workspace=workspace, plan_only=options["plan"])
        run = result.run
        sent = 0 if options["plan"] or run.state != SyncRun.State.DONE else dispatch(workspace)
        code = _CODES.get(SyncRun.State(run.state), DONE)
        answer = _summary(result, sent)
        return Answer(_sentences(answer), answer, [*run.problems, *run.hold_reasons] if code else [], code)

    def plan(self, actor: Actor, options: dict[str, Any]) -> Answer:
        """Not in a transaction: looking takes up to an hour, and others must see that somebody looks.

        What was seen of the vendor is kept, with the run; nothing is asked for, and no event is written.
        """
        return self.act(actor, options)


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


def _sentences(answer: dict[str, Any]) -> list[str]:
    plan = ", ".join(f"{count:,} {kind}" for kind, count in answer["plan"].items()) or "nothing to change"
    lines = [
        f"Run {answer['run']} is {answer['state']}: {answer['members']:,} members, {answer['invites']:,} invitations, "
        f"{answer['groups']:,} groups.",
        f"Plan: {plan}. {answer['sent']:,} calls made.",
    ]
    lines += [f"  {one['kind']} {one['email'] or one['target']}: {one['why']}" for one in answer["operations"][:20]]
    lines += [f"Drift: {one['detail']}" for one in answer["drift"][:20]]
    lines += [f"Problem: {problem}" for problem in answer["problems"]]
    return [*lines, *(f"Held: {reason}" for reason in answer["hold_reasons"])]
