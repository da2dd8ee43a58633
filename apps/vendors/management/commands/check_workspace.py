"""manage.py check_workspace NAME [--json]: ask the vendor read-only questions; say which assumptions hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import DONE, REFUSED, Answer, OperatorCommand
from apps.vendors.checking import workspace_check
from apps.vendors.commands import workspace_named
from apps.vendors.providers import kind_of

_WORDS = {True: "holds", False: "DOES NOT HOLD", None: "not known"}


class Command(OperatorCommand):
    help = "Ask a workspace's vendor what can be asked by reading, and report which assumptions hold. Changes nothing."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        workspace = workspace_named(options["name"])
        found = workspace_check(workspace)
        titles = {spec.code: spec.title for spec in kind_of(workspace).specs}
        unasked = [spec.code for spec in kind_of(workspace).specs if not spec.is_asked]
        lines = [f"{titles.get(finding.code, finding.code)}: {finding.answer}" for finding in found]
        said = [f"{_WORDS[finding.holds]:14} {line}" for finding, line in zip(found, lines, strict=True)]
        if unasked:
            said.append(f"Cannot be asked by reading, see the workspace's page: {', '.join(unasked)}.")
        wrong = [line for finding, line in zip(found, lines, strict=True) if finding.holds is False]
        findings = [{"code": f.code, "holds": f.holds, "answer": f.answer} for f in found]
        data = {"workspace": workspace.name, "findings": findings, "not_asked": unasked}
        return Answer(said, data, wrong, REFUSED if wrong else DONE)
