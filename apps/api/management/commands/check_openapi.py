"""manage.py check_openapi [--write] [--plan] [--json]: whether the kept description of the interface is still true.

Needs no database.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.api.docs_views import as_yaml
from apps.core.commands import REFUSED, Answer, OperatorCommand, write_file


class Command(OperatorCommand):
    help = "Compare docs/openapi.yaml with the code (exit code 1 where they differ), or write it anew."
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="write docs/openapi.yaml anew where they differ")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        kept, true = settings.BASE_DIR / "docs" / "openapi.yaml", as_yaml()
        data = {"file": "docs/openapi.yaml", "same": kept.exists() and kept.read_bytes() == true}
        if data["same"]:
            return Answer(["docs/openapi.yaml says what the code says."], data)
        if not options["write"]:
            wrong = "docs/openapi.yaml is not what the code says. Run: manage.py check_openapi --write"
            return Answer(data=data, wrong=[wrong], code=REFUSED)
        if not options["plan"]:
            write_file(kept, true)
        return Answer([f"docs/openapi.yaml: {len(true):,} bytes."], data)
