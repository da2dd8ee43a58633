"""What an operator's commands have in common: who acts, `--json`, `--plan`, reasons on stderr, and exit codes.

0 done, 1 refused with reasons (or not healthy), 2 wrong usage (argparse), 3 waits for a person.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.core import hooks
from apps.core.errors import BeaconError, Invalid

DONE, REFUSED, USAGE, WAITS = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say: sentences for people, the same as data, what is wrong, and how it ends."""

    said: Sequence[str] = ()
    data: dict[str, Any] = field(default_factory=dict)
    wrong: Sequence[str] = ()
    code: int = DONE


def read_file(path: Path) -> bytes:
    """What stands in a file that the operator named. Raises `Invalid` where it cannot be read."""
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error


def write_file(path: Path, content: bytes) -> None:
    """Write the file that the operator named. Raises `Invalid` where it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from error


class OperatorCommand(BaseCommand):
    """A command of the operators. Subclasses say `arguments` and `act`.

    One that changes records (`changes`) has `--as`, whose right it acts with (else Beacon's), and `--plan`: it does
    everything in a transaction that is rolled back, so the plan says exactly what would be said. One that changes
    something else, a file or what the database server keeps (`writes`), has `--plan` alone: there `act` looks at it.
    """

    changes = False
    writes = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")
        if self.changes:
            parser.add_argument("--as", dest="as_email", default="", metavar="EMAIL", help="act as this person")
        if self.changes or self.writes:
            parser.add_argument("--plan", action="store_true", help="only say what would happen")
        self.arguments(parser)

    def arguments(self, parser: CommandParser) -> None:
        """The command's own arguments."""

    def act(self, actor: Any, options: dict[str, Any]) -> Answer:
        """Do it. A refusal that is raised becomes reasons and exit code 1."""
        raise NotImplementedError

    def plan(self, actor: Any, options: dict[str, Any]) -> Answer:
        """What `--plan` does. Only a command whose work fits into no transaction says something else."""
        if not self.changes:
            return self.act(actor, options)
        with transaction.atomic():
            answer = self.act(actor, options)
            transaction.set_rollback(True)
        return answer

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            actor = hooks.call("COMMAND_ACTOR", options.get("as_email", ""))[0]
            answer = self.plan(actor, options) if options.get("plan") else self.act(actor, options)
        except BeaconError as refusal:
            answer = Answer(wrong=[str(reason) for reason in refusal.reasons], code=REFUSED)
        if options["json"]:
            plan = {"plan": True} if options.get("plan") else {}
            wrong = {"reasons": list(answer.wrong)} if answer.wrong else {}
            self.stdout.write(json.dumps(plan | answer.data | wrong, default=str, ensure_ascii=False))
        else:
            for line in answer.said:
                self.stdout.write(line)
        if answer.code:
            raise CommandError("\n".join(answer.wrong) or "See above.", returncode=answer.code)
