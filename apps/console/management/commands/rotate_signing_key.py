"""manage.py rotate_signing_key [--list] [--as EMAIL] [--plan] [--json]: sign with a new key from now on.

What the old ones signed stays good.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.audit import services as audit
from apps.audit.models import AuditHead
from apps.audit.signing import Keyring, keyring
from apps.core.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Make a new signing key and use it from now on. Public keys are printed; private ones never."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="only show the public keys")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        keys = keyring()
        if options["list"]:
            return _shown(keys)
        actor.require(Role.ADMINISTRATOR)
        before = keys.current() if keys.public_keys() else None
        with transaction.atomic():
            now = keys.rotate()
            audit.record(
                actor, "audit.key.rotated", AuditHead(stream="audit"), before={"key": before}, after={"key": now},
                name="Signing key",
            )  # fmt: skip
        return _shown(keys)

    def plan(self, actor: Actor, options: dict[str, Any]) -> Answer:
        """A key is a file, which no transaction takes back."""
        actor.require(Role.ADMINISTRATOR)
        shown = _shown(keyring())
        if options["list"]:
            return shown
        return Answer([*shown.said, "A new key would sign from now on; these would go on verifying."], shown.data)


def _shown(keys: Keyring) -> Answer:
    """The public keys; that somebody looks makes no first one."""
    public = {key_id: value.hex() for key_id, value in keys.public_keys().items()}
    if not public:
        return Answer(["There is no key yet: the first signature makes it."], {"current": None, "public_keys": {}})
    current = keys.current()
    said = [
        f"{key_id}  {value}  {'signs now' if key_id == current else 'verifies what it signed'}"
        for key_id, value in sorted(public.items())
    ]
    return Answer(said, {"current": current, "public_keys": public})
