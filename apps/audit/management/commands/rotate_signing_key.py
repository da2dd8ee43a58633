"""manage.py rotate_signing_key [--list] [--json]: sign with a new key from now on; what the old ones signed stays good."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from apps.audit import services as audit
from apps.audit.models import AuditHead
from apps.audit.signing import keyring


class _Operator:
    """Whoever runs commands on the server: no person of the console."""

    key, name, role = "operator", "Operator (command line)", "system"


class Command(BaseCommand):
    help = "Make a new signing key and use it from now on. Public keys are printed; private ones never."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="only show the public keys")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = keyring()
        if not options["list"]:
            before = keys.current()
            with transaction.atomic():
                now = keys.rotate()
                head = AuditHead(stream="audit")
                audit.record(
                    _Operator(),
                    "audit.key.rotated",
                    head,
                    before={"key": before},
                    after={"key": now},
                    name="Signing key",
                )
        current = keys.current()
        public = {key_id: value.hex() for key_id, value in keys.public_keys().items()}
        if options["json"]:
            self.stdout.write(json.dumps({"current": current, "public_keys": public}))
            return
        for key_id, value in sorted(public.items()):
            mark = "signs now" if key_id == current else "verifies what it signed"
            self.stdout.write(f"{key_id}  {value}  {mark}")
